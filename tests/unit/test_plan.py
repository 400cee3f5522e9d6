"""What a coordinator may ask of a device, and what no setting may be."""

import math

import pytest

from swipefl.errors import UsageError
from swipefl.federation.protocol.bounds import check
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.wire.v1.federation_pb2 import TrainingPlan


def asked(**numbers: float) -> Plan:
    """What a device makes of a plan that asks for what anybody may, and for these."""
    usual = {"epochs": 2, "batch_size": 16, "learning_rate": 0.25, "max_norm": 4.0}
    return Plan.of(TrainingPlan(**{**usual, **numbers}))  # type: ignore[arg-type]


def test_a_plan_within_bounds_is_taken_as_it_is() -> None:
    assert asked() == Plan(2, 16, 0.25, 4.0)
    assert Plan.from_json(asked().to_json()) == asked()


@pytest.mark.parametrize(
    ("name", "number", "done"),
    [
        ("epochs", 0, 1),
        ("epochs", 1, 1),
        ("epochs", 10, 10),
        ("epochs", 2**31, 10),
        ("batch_size", 0, 1),
        ("batch_size", 256, 256),
        ("batch_size", 2**31, 256),
        ("learning_rate", -1.0, 1e-6),
        ("learning_rate", math.nan, 1e-6),
        ("learning_rate", math.inf, 10.0),
        ("max_norm", 0.0, 1e-6),
        ("max_norm", math.nan, 1e-6),
        ("max_norm", 1e9, 1000.0),
    ],
)
def test_what_goes_too_far_is_bounded(name: str, number: float, done: float) -> None:
    """Nobody keeps a device busy for days, and nobody makes one send what it was not asked to bound."""
    assert getattr(asked(**{name: number}), name) == pytest.approx(done, rel=1e-6)


@pytest.mark.parametrize(
    ("least", "too_little"),
    [
        ({"epochs": 1}, {"epochs": 0}),
        ({"batch_size": 1}, {"batch_size": 0}),
        ({"learning_rate": 1e-6}, {"learning_rate": 9e-7}),
        ({"max_norm": 1e-6}, {"max_norm": 9e-7}),
    ],
)
def test_nobody_can_train_by_less(least: dict[str, float], too_little: dict[str, float]) -> None:
    assert Plan(**least)  # type: ignore[arg-type]
    (name,) = least
    with pytest.raises(UsageError, match=f"^{name} is .*, and may be (1 to 4294967295|1e-06 at least)$") as caught:
        Plan(**too_little)  # type: ignore[arg-type]
    assert caught.value.code == "out-of-range"


def test_both_ends_of_a_range_are_in_it_and_what_is_no_number_is_not() -> None:
    for value in (1, 2, 3.0):
        check("n", value, 1, 3)
    check("n", 1e300, 1)
    for value in (0.999, 3.001, math.nan, math.inf, -math.inf):
        with pytest.raises(UsageError) as caught:
            check("n", value, 1, 3)
        assert str(caught.value) == f"n is {value:g}, and may be 1 to 3"
    with pytest.raises(UsageError, match="n is 0, and may be 1 at least"):
        check("n", 0, 1)

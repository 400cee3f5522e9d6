"""What a gain is counted on, and when chance alone could have made it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.gain import LEVEL, always_valid, mcnemar, more_to_tell, verdict_on

COUNTS = st.integers(0, 60)


def tail(few: int, all_: int) -> float:
    return sum(math.comb(all_, i) for i in range(few + 1)) / 2**all_


@given(COUNTS, COUNTS)
def test_p_is_that_of_every_coin_thrown(first: int, second: int) -> None:
    expected = min(1.0, 2 * tail(min(first, second), first + second))
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(first, second) == mcnemar(second, first)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (0, 0, 1.0),
        (0, 1, 1.0),
        (1, 1, 1.0),
        (0, 5, 0.0625),
        (0, 6, 0.03125),
        (1, 7, 0.0703125),
        (1, 8, 0.0390625),
        (2, 10, 0.03857421875),
        (3, 10, 0.09228515625),
        (4, 16, 0.01181793212890625),
        (33, 2, 2 * 631 / 2**35),
    ],
)
def test_p_is_as_tables_have_it(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("n", [10**3, 10**6, 10**9])
def test_p_of_many_is_that_of_the_normal_curve(n: int) -> None:
    apart = round(2 * math.sqrt(n))
    z = (apart - 1) / math.sqrt(n)  # with Yates's correction
    assert mcnemar((n - apart) // 2, (n + apart) // 2) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=0.02)
    assert mcnemar(0, n) == pytest.approx(0, abs=1e-300)


@given(COUNTS, COUNTS)
def test_one_more_on_the_larger_side_is_never_weaker(first: int, second: int) -> None:
    few, many = sorted((first, second))
    assert mcnemar(few, many + 1) <= mcnemar(few, many) + 1e-12


@given(COUNTS, COUNTS)
def test_verdicts_are_of_both_sides_alike(first: int, second: int) -> None:
    turned = {"better": "worse", "worse": "better"}
    verdict = verdict_on(first, second)
    assert verdict_on(second, first) == turned.get(verdict, verdict)
    assert (verdict == "same") == (first == second)
    p = max(mcnemar(first, second), always_valid(first, second))
    assert (verdict == "unproven") == (first != second and p > LEVEL)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (0, 7, "unproven"),
        (0, 8, "better"),
        (8, 0, "worse"),
        (1, 10, "unproven"),
        (1, 11, "better"),
        (400, 520, "better"),
    ],
)
def test_a_verdict_takes_more_than_luck_on_one_night(first: int, second: int, verdict: str) -> None:
    assert verdict_on(first, second) == verdict


def test_of_equal_models_few_are_ever_called_otherwise_however_often_one_looks() -> None:
    """Exactly: how likely a walk of fair coins has not crossed the bound yet, throw by throw."""
    inside, crossed = {(0, 0): 1.0}, 0.0
    for _ in range(400):
        reached: dict[tuple[int, int], float] = {}
        for (first, second), chance in inside.items():
            for counts in ((first + 1, second), (first, second + 1)):
                if verdict_on(*counts) in ("better", "worse"):
                    crossed += chance / 2
                else:
                    reached[counts] = reached.get(counts, 0.0) + chance / 2
        inside = reached
    assert crossed + sum(inside.values()) == pytest.approx(1)
    assert 0.01 < crossed < LEVEL


@given(COUNTS, COUNTS)
def test_the_bound_is_one_over_the_mean_likelihood(first: int, second: int) -> None:
    ratio = 2 ** (first + second) / ((first + second + 1) * math.comb(first + second, first))
    assert always_valid(first, second) == pytest.approx(min(1.0, 1 / ratio), rel=1e-9)


@given(st.integers(1, 400), st.integers(0, 20), st.integers(0, 20))
def test_so_many_more_tell_and_one_fewer_does_not(swipes: int, first: int, second: int) -> None:
    swipes += first + second
    more = more_to_tell(swipes, first, second)
    if first == second:
        assert more is None
    elif verdict_on(first, second) == "unproven":
        assert more

        def expected(total: int) -> str:
            return verdict_on(round(first * total / swipes), round(second * total / swipes))

        assert expected(swipes + more) in ("better", "worse")
        assert more == 1 or expected(swipes + more - 1) in ("unproven", "same")

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import BadUpdate, DataError, Remedy
from swipefl.federation.update import (
    Norms,
    clipped,
    decode_update,
    difference,
    encode_update,
    encoded_norms,
    norm_of,
    norms_of,
    residual_from,
    shapes_of,
)


def delta(seed: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "matrix": (scale * rng.normal(size=(6, 5))).astype(np.float32),
        "bias": (scale * rng.normal(size=7)).astype(np.float32),
    }


def times(factor: float, change: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: (factor * array).astype(np.float32) for name, array in change.items()}


def cosine(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    dot = sum(float(np.sum(one[name] * other[name], dtype=np.float64)) for name in one)
    return dot / (norm_of(one) * norm_of(other))


@given(st.integers(0, 99), st.floats(1e-4, 1e3), st.floats(1e-3, 50))
def test_what_is_sent_is_the_clipped_change_but_for_its_rounding(seed: int, scale: float, max_norm: float) -> None:
    """Sent plus residual is the clipped change and no more; the norm is kept; the error is small."""
    whole = delta(seed, scale)
    encoded = encode_update(whole, max_norm)
    sent = decode_update(encoded.blob, shapes_of(whole))
    assert norm_of(sent) <= max_norm * (1 + 1e-6)
    both = {name: sent[name] + encoded.residual[name] for name in whole}
    assert 0.99 * min(max_norm, norm_of(whole)) <= norm_of(both) <= max_norm * 1.001
    assert cosine(both, whole) == pytest.approx(1)
    assert norm_of(encoded.residual) <= 0.02 * norm_of(both) + 1e-5


@given(st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(1e-3, 50))
def test_score_weights_that_go_far_are_held_back_and_not_sent_later(seed: int, scale: float, max_norm: float) -> None:
    whole = {**delta(seed), "score": np.random.default_rng(seed).normal(0, scale, 9).astype(np.float32)}
    encoded = encode_update(whole, max_norm)
    sent = decode_update(encoded.blob, shapes_of(whole))
    norms = encoded_norms(encoded.blob, shapes_of(whole))
    assert norms.score == pytest.approx(norm_of({"score": sent["score"]}), rel=1e-4)
    assert norms.fault(max_norm) is None
    assert norm_of({"score": encoded.residual["score"]}) <= 0.01 * norms.score + 1e-6


def test_an_update_of_any_norm_is_only_taken_if_it_is_finite() -> None:
    assert norms_of({"a": np.array([[1e30]], np.float32)}).fault(math.inf) is None
    for bad in (np.nan, np.inf):
        assert norms_of({"a": np.array([[bad]], np.float32)}).fault(math.inf) == "norm-too-large"


@pytest.mark.parametrize(
    ("whole", "score", "fault"),
    [
        (4.0, 0.25, None),
        (4.003, 0.2524, None),
        (4.005, 0.0, "norm-too-large"),
        (8.0, 8.0, "norm-too-large"),
        (1.0, 0.253, "score-norm-too-large"),
        (math.nan, 0.0, "norm-too-large"),
    ],
)
def test_a_coordinator_takes_what_a_device_clips_to_and_little_more(
    whole: float, score: float, fault: str | None
) -> None:
    """A sixteenth of the norm is the score's; both ends know that number, whatever version each is of."""
    assert Norms(whole, score).fault(4.0) == fault


def test_the_score_has_a_sixteenth_of_the_norm_at_most() -> None:
    whole = {"a": np.full((2, 2), 0.5, np.float32), "score": np.full(9, 5.0, np.float32)}
    assert norms_of(clipped(whole, 160.0)).score == pytest.approx(10.0)
    assert norm_of({"a": clipped(whole, 160.0)["a"]}) == pytest.approx(1.0)
    little = {**whole, "score": np.full(9, 0.01, np.float32)}
    np.testing.assert_array_equal(clipped(little, 160.0)["score"], little["score"])


def test_the_residual_is_sent_with_the_next_update() -> None:
    """In full, whatever the next change is: room is left for it."""
    whole, shapes = delta(1), shapes_of(delta(1))
    residual = encode_update(whole, 0.5).residual
    none = times(0, whole)
    for change in (none, delta(2, 1e-3), delta(2), delta(2, 100.0)):
        encoded = encode_update(change, 0.5, residual)
        sent = decode_update(encoded.blob, shapes)
        fresh = {name: sent[name] + encoded.residual[name] - residual[name] for name in whole}
        room = clipped(change, 0.5 - norm_of(residual))
        assert norm_of(difference(fresh, room)) < 1e-3 * 0.5
        assert norm_of(sent) <= 0.5


def overgrown(shapes: dict[str, tuple[int, ...]]) -> dict[str, dict[str, np.ndarray]]:
    """What no quantising of a norm of 1 leaves over."""
    of_four = delta(7)
    bad = {name: np.full(shape, np.nan, np.float32) for name, shape in shapes.items()}
    score_only = {**times(0, of_four), "score": np.full(9, 0.1 / 3, np.float32)}
    return {"four times the bound": times(4 / norm_of(of_four), of_four), "not finite": bad, "score": score_only}


@pytest.mark.parametrize("kind", ["four times the bound", "not finite", "score"])
def test_what_earlier_versions_left_over_is_not_sent(kind: str) -> None:
    """They kept what clipping took: of an update's norm and more."""
    change = {**delta(3), "score": np.full(9, 0.001, np.float32)}
    residual = overgrown(shapes_of(delta(7)))[kind]
    residual.setdefault("score", np.zeros(9, np.float32))
    with_it, without = (encode_update(change, 1.0, left) for left in (residual, None))
    assert with_it.blob == without.blob
    assert norm_of(with_it.residual) == norm_of(without.residual) < 0.02


def test_a_residual_that_cannot_be_read_is_none() -> None:
    shapes = shapes_of(delta(0))
    right = encode_update(delta(0), 1.0).residual_blob
    assert residual_from(right, shapes)
    for bad in (None, b"", b"residual", right[:-1], right + b"x"):
        assert residual_from(bad, shapes) is None
    assert residual_from(right, {**shapes, "bias": (8,)}) is None


def test_a_damaged_update_and_one_that_is_not_finite_are_errors() -> None:
    with pytest.raises(DataError, match="damaged"):
        decode_update(b"no update", {})
    with pytest.raises(DataError, match="training gave") as caught:
        encode_update({"a": np.array([[np.inf]], np.float32)}, 1.0)
    assert (caught.value.code, caught.value.remedy) == ("diverged", Remedy.LOWER_LEARNING_RATE)


RIGHT = {
    "a.int8": np.ones((2, 3), np.int8),
    "a.scale": np.array([0.5, 0.25], np.float16),
    "score.int8": np.full(2, 2, np.int8),
    "score.scale": np.ones(2, np.float16),
}
FORM = {"a": (2, 3), "score": (2,)}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"a.int8": None}, "missing-tensor"),
        ({"score.scale": None}, "missing-tensor"),
        ({"b.int8": np.ones(1, np.int8)}, "extra-tensor"),
        ({"a.int8": np.ones((2, 3), np.float32)}, "wrong-dtype"),
        ({"a.scale": np.ones(2, np.float32)}, "wrong-dtype"),
        ({"a.int8": np.ones((3, 2), np.int8), "a.scale": np.ones(3, np.float16)}, "wrong-shape"),
        ({"a.int8": np.ones(6, np.int8)}, "wrong-shape"),
        ({"a.scale": np.ones(1, np.float16)}, "wrong-shape"),
        ({"a.scale": np.ones((2, 1), np.float16)}, "wrong-shape"),
        ({"a.scale": np.array([1, np.inf], np.float16)}, "not-finite"),
        ({"score.scale": np.array([np.nan, 1], np.float16)}, "not-finite"),
    ],
)
def test_only_what_fits_the_model_is_an_update(changes: dict[str, np.ndarray | None], code: str | None) -> None:
    blob = save({name: array for name, array in {**RIGHT, **changes}.items() if array is not None})
    for read in (decode_update, encoded_norms):
        if code:
            with pytest.raises(BadUpdate) as caught:
                read(blob, FORM)
            assert caught.value.code == code
    if not code:
        change = decode_update(blob, FORM)
        np.testing.assert_array_equal(change["a"], [[0.5] * 3, [0.25] * 3])
        np.testing.assert_array_equal(change["score"], [2, 2])
        assert decode_update(blob, FORM, "score").keys() == {"score"}
        assert encoded_norms(blob, FORM) == Norms(pytest.approx(8.9375**0.5), pytest.approx(8**0.5))


def test_an_update_without_a_score_has_none_that_could_be_too_large() -> None:
    blob = save({name: array for name, array in RIGHT.items() if name.startswith("a.")})
    assert encoded_norms(blob, {"a": (2, 3)}).score == 0.0


@given(st.integers(0, 99), st.floats(1e-4, 1e3))
def test_no_number_is_rounded_by_more_than_half_a_step(seed: int, scale: float) -> None:
    """A step is a 127th of the largest number of its row, rounded up to float16; the largest itself is no exception."""
    change = delta(seed, scale)
    sent = decode_update(encode_update(change, 1e9).blob, shapes_of(change))
    for name, array in change.items():
        rows, apart = array.reshape(len(array), -1), np.abs(sent[name] - array).reshape(len(array), -1)
        step = np.abs(rows).max(1, keepdims=True) / 127
        assert (apart <= 0.5 * 1.002 * step + 2**-24 * 127).all()


def test_an_int8_update_is_small() -> None:
    weights = {"w": np.random.default_rng(0).normal(size=(512, 128)).astype(np.float32)}
    assert len(encode_update(weights, 1e9).blob) < 0.27 * weights["w"].nbytes


NORMS = st.floats(-4, 3).map(lambda power: 10.0**power)


@given(st.integers(0, 10_000), st.lists(st.tuples(NORMS, NORMS), min_size=2, max_size=60), st.floats(0, 1))
def test_the_residual_is_one_quantising_error_whatever_happens(
    seed: int, rounds: list[tuple[float, float]], alike: float
) -> None:
    """Changes of any norm, alike or not, clipped to bounds that change.

    What is sent and what is left over now, less what was left over before, is the change, shortened, and nothing else:
    so all that was ever sent is all that was clipped, but for one residual.
    """
    shapes, first = shapes_of(delta(0)), delta(seed)
    residual = times(0, first)
    for number, (norm, max_norm) in enumerate(rounds):
        other = delta(seed + 1 + number)
        change = {name: alike * first[name] + (1 - alike) * other[name] for name in shapes}
        change = times(norm / norm_of(change), change)
        encoded = encode_update(change, max_norm, residual)
        sent, before = decode_update(encoded.blob, shapes), norm_of(residual)
        if before > max_norm / 8:  # of a larger bound: left out
            residual, before = times(0, first), 0.0
        fresh = {name: sent[name] + encoded.residual[name] - residual[name] for name in shapes}
        least = min(norm, max_norm - before)
        shortened = times(norm_of(fresh) / norm, change)
        assert 0.98 * least - 1e-6 <= norm_of(fresh) <= 1.0001 * least + 1e-6
        assert norm_of(difference(fresh, shortened)) <= 1e-4 * max_norm + 1e-6
        assert norm_of(sent) <= max_norm
        assert norm_of(encoded.residual) <= 0.02 * (norm_of(sent) + before) + 2e-6
        residual = residual_from(encoded.residual_blob, shapes) or {}


def test_what_is_sent_is_what_was_learned_over_fifty_contributions() -> None:
    """Changes of a norm of 5 to 10, half of each the same again, against a bound of 4, as of people who swipe a lot."""
    shapes = {"weights": (64, 96), "bias": (64,), "score": (9,)}
    rng = np.random.default_rng(0)

    def drawn() -> dict[str, np.ndarray]:
        change = {name: rng.standard_t(3, shape).astype(np.float32) for name, shape in shapes.items()}
        change["score"] *= np.float32(0.01)
        return times(1 / norm_of(change), change)

    same, residual, cosines, left = drawn(), None, [], []
    for _ in range(50):
        change = {name: same[name] + array for name, array in drawn().items()}
        change = times(rng.uniform(5, 10) / norm_of(change), change)
        encoded = encode_update(change, 4.0, residual)
        residual = residual_from(encoded.residual_blob, shapes)
        cosines.append(cosine(decode_update(encoded.blob, shapes), change))
        left.append(norm_of(encoded.residual))
    assert min(cosines) > 0.999
    assert max(left) < min(0.02 * 4.0, 1.5 * left[0])


def test_int8_costs_little_of_a_change_of_the_base_and_a_byte_a_parameter() -> None:
    weights = base_checkpoint().parameters
    rng = np.random.default_rng(0)
    change = {name: rng.normal(0, 1e-3, array.shape).astype(np.float32) for name, array in weights.items()}
    encoded = encode_update(change, 1e9)
    assert norm_of(encoded.residual) < 0.015 * norm_of(change)
    assert len(encoded.blob) <= 1.05 * sum(array.size for array in weights.values())

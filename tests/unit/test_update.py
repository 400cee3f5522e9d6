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


@given(st.integers(0, 99), st.floats(1e-4, 1e3), st.floats(1e-3, 50))
def test_what_is_sent_is_clipped_and_nothing_is_lost(seed: int, scale: float, max_norm: float) -> None:
    """Sent plus residual is the whole change; the norm is kept; the quantising error is small for each row."""
    whole = delta(seed, scale)
    encoded = encode_update(whole, max_norm)
    sent = decode_update(encoded.blob, shapes_of(whole))
    assert norm_of(sent) <= max_norm * (1 + 1e-6)
    for name in whole:
        np.testing.assert_allclose(sent[name] + encoded.residual[name], whole[name], rtol=1e-5, atol=1e-6 * scale)
    bounded = clipped(whole, max_norm)
    error = norm_of({name: sent[name] - bounded[name] for name in sent})
    assert error <= 0.02 * norm_of(bounded) + 1e-5


@given(st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(1e-3, 50))
def test_score_weights_that_go_far_are_held_back_and_sent_later(seed: int, scale: float, max_norm: float) -> None:
    whole = {**delta(seed), "score": np.random.default_rng(seed).normal(0, scale, 9).astype(np.float32)}
    encoded = encode_update(whole, max_norm)
    sent = decode_update(encoded.blob, shapes_of(whole))
    norms = encoded_norms(encoded.blob, shapes_of(whole))
    assert norms.score == pytest.approx(norm_of({"score": sent["score"]}), rel=1e-4)
    assert norms.fault(max_norm) is None
    np.testing.assert_allclose(sent["score"] + encoded.residual["score"], whole["score"], rtol=1e-5, atol=1e-5 * scale)


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
    whole = delta(1)
    first = encode_update(whole, 0.5)
    second = encode_update({name: np.zeros_like(array) for name, array in whole.items()}, 100, first.residual)

    def sent(blob: bytes) -> dict[str, np.ndarray]:
        return decode_update(blob, shapes_of(whole))

    total = {name: sent(first.blob)[name] + sent(second.blob)[name] for name in whole}
    assert norm_of(difference(total, whole)) < 0.02 * norm_of(whole)


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


@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(1e-3, 10), st.floats(0.05, 5))
def test_what_is_accepted_over_rounds_approaches_what_was_learned(
    seed: int, rounds: int, scale: float, max_norm: float
) -> None:
    """Error feedback: all that a device ever sent plus the last residual is all that it learned, whatever was clipped.

    A residual at rest is read back as it was; where nothing had to be clipped, only the last rounding is missing.
    """
    shapes = shapes_of(delta(0))
    learned, accepted = ({name: np.zeros(shape) for name, shape in shapes.items()} for _ in range(2))
    residual, clipping, largest = None, False, 0.0
    for number in range(rounds):
        change = delta(seed + number, scale)
        encoded = encode_update(change, max_norm, residual)
        whole = change if residual is None else {name: change[name] + residual[name] for name in change}
        clipping |= norm_of(whole) > max_norm * 0.99
        largest = max(largest, norm_of(whole))
        sent = decode_update(encoded.blob, shapes)
        for name in shapes:
            learned[name] += change[name]
            accepted[name] += sent[name]
        residual = residual_from(encoded.residual_blob, shapes)
        assert residual is not None
    for name in shapes:
        np.testing.assert_allclose(accepted[name] + residual[name], learned[name], rtol=1e-4, atol=1e-4 * scale)
    left = norm_of({name: (learned[name] - accepted[name]).astype(np.float32) for name in shapes})
    assert left <= (0.02 * largest if not clipping else norm_of(residual) * 1.01 + 1e-3 * scale)


def test_what_clipping_took_arrives_in_the_rounds_after_it() -> None:
    """One large change, then none: the rounds after it bring the rest, each as much as the norm allows."""
    whole, shapes = delta(3), shapes_of(delta(3))
    bound = norm_of(whole) / 4.5
    none = {name: np.zeros_like(array) for name, array in whole.items()}
    accepted, residual, missing = dict(none), None, []
    for number in range(6):
        encoded = encode_update(none if number else whole, bound, residual)
        residual = encoded.residual
        accepted = {name: accepted[name] + array for name, array in decode_update(encoded.blob, shapes).items()}
        missing.append(norm_of(difference(whole, accepted)) / norm_of(whole))
    assert missing == sorted(missing, reverse=True)
    assert missing[0] > 0.7
    assert missing[-1] < 0.001


def test_int8_costs_little_of_a_change_of_the_base_and_a_byte_a_parameter() -> None:
    weights = base_checkpoint().parameters
    rng = np.random.default_rng(0)
    change = {name: rng.normal(0, 1e-3, array.shape).astype(np.float32) for name, array in weights.items()}
    encoded = encode_update(change, 1e9)
    assert norm_of(encoded.residual) < 0.015 * norm_of(change)
    assert len(encoded.blob) <= 1.05 * sum(array.size for array in weights.values())

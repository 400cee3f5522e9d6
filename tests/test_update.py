import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import DataError
from swipefl.federation.update import clipped, decode_update, difference, encode_update, norm_of, shapes_of


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
    with pytest.raises(DataError, match="not finite"):
        encode_update({"a": np.array([[np.inf]], np.float32)}, 1.0)


def test_an_int8_update_is_small() -> None:
    weights = {"w": np.random.default_rng(0).normal(size=(512, 128)).astype(np.float32)}
    assert len(encode_update(weights, 1e9).blob) < 0.27 * weights["w"].nbytes

"""Noise that hides any one contribution in a round's change."""

import numpy as np

from swipefl.federation.update import Delta


def with_noise(delta: Delta, spread: float, rng: np.random.Generator) -> Delta:
    """`delta` and Gaussian noise of the standard deviation `spread` in every coordinate (Abadi 2016, CCS)."""
    return {
        name: (array + spread * rng.standard_normal(array.shape)).astype(np.float32) for name, array in delta.items()
    }

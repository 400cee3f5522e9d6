"""The network's forward pass in numpy: enough for one gesture, and spares loading torch."""

import re

import numpy as np
import numpy.typing as npt

from swipefl.decoder.checkpoint import Checkpoint, Weights
from swipefl.errors import CheckpointError
from swipefl.gesture.features import FEATURES, Floats, frames_of
from swipefl.gesture.gesture import Gesture
from swipefl.gesture.keyboard import Layout

OUTPUTS = 6  # displacement (2), raw precision (2), emission bias, blank logit


def hidden_units(architecture: str) -> int:
    """Hidden units a direction of `bilstm-N`. Raises CheckpointError for another architecture."""
    if not (match := re.fullmatch(r"bilstm-(\d+)", architecture)):
        raise CheckpointError(f"unknown network architecture {architecture!r}; a newer swipefl may know it")
    return int(match[1])


def shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight; a direction's gates stand in torch's order i, f, g, o."""
    hidden = hidden_units(architecture)
    lstm = {"input": (4 * hidden, FEATURES), "recurrent": (4 * hidden, hidden), "bias": (4 * hidden,)}
    directions = {f"{way}.{name}": shape for way in ("forward", "backward") for name, shape in lstm.items()}
    return {**directions, "head.weight": (OUTPUTS, 2 * hidden), "head.bias": (OUTPUTS,)}


class Encoder:
    """Turns gestures into log-probabilities of letters over time with one checkpoint's weights."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        expected = shapes(checkpoint.architecture)
        if {name: array.shape for name, array in checkpoint.weights.items()} != expected:
            raise CheckpointError(f"the checkpoint's weights do not fit its architecture {checkpoint.architecture!r}")
        self._weights = checkpoint.weights
        self._directions = {way: _halved(checkpoint.weights, way) for way in ("forward", "backward")}

    def encode(self, gesture: Gesture) -> Floats:
        """Natural log-probabilities (T, 1 + L): column 0 is blank, column 1 + i the layout's letter i."""
        frames = frames_of(gesture)
        return letter_log_probs(self.outputs(frames.features), frames.positions, frames.layout)

    def outputs(self, features: Floats) -> Floats:
        """The network's six outputs (T, 6) for features (T, 9)."""
        forward = self._direction("forward", features)
        backward = self._direction("backward", features[::-1])[::-1]
        hidden = np.concatenate((forward, backward), axis=1)
        outputs: Floats = hidden @ self._weights["head.weight"].T + self._weights["head.bias"]
        return outputs

    def _direction(self, way: str, features: Floats) -> Floats:
        inputs, recurrent, bias = self._directions[way]
        units = len(recurrent)
        given = features @ inputs + bias  # (T, 4H)
        hidden, cell = np.zeros(units, np.float32), np.zeros(units, np.float32)
        states = np.empty((len(features), units), np.float32)
        for t, row in enumerate(given):
            i, f, g, o = np.tanh(row + hidden @ recurrent).reshape(4, units)
            cell = 0.5 * ((1 + f) * cell + (1 + i) * g)
            hidden = 0.5 * (1 + o) * np.tanh(cell)
            states[t] = hidden
        return states


def _halved(weights: Weights, way: str) -> tuple[Floats, Floats, Floats]:
    """One direction's input (9, 4H), recurrent (H, 4H) and bias (4H,), the sigmoid gates' columns halved.

    sigmoid(x) = (1 + tanh(x / 2)) / 2, so one tanh serves all four gates.
    """
    inputs, recurrent, bias = (weights[f"{way}.{name}"] for name in ("input", "recurrent", "bias"))
    half = np.full((4, len(bias) // 4), 0.5, np.float32)
    half[2] = 1  # the cell gate is a tanh already
    scale = half.ravel()
    return np.ascontiguousarray(inputs.T * scale), np.ascontiguousarray(recurrent.T * scale), bias * scale


def letter_log_probs(outputs: Floats, positions: Floats, layout: Layout) -> Floats:
    """Log-probabilities (T, 1 + L) from outputs (T, 6) at positions (T, 2): each key scored by its distance.

    A key's logit is `e - sum_axis softplus(precision) * (p + d - c)^2`; blank has a logit of its own.
    """
    meant = positions + outputs[:, 0:2]
    away = meant[:, None] - layout.centres[None]  # (T, K, 2)
    precision = np.logaddexp(0, outputs[:, 2:4])
    keys = outputs[:, 4:5] - (precision[:, None] * away**2).sum(2)
    logits = np.full((len(outputs), 1 + len(layout.letters)), -np.inf, np.float32)
    logits[:, 0] = outputs[:, 5]
    for key, letter in enumerate(layout.key_letter):  # two keys of one letter (е and ё) add up
        column = logits[:, 1 + letter]
        np.logaddexp(column, keys[:, key], out=column)
    top = logits.max(1, keepdims=True)
    normal: npt.NDArray[np.float32] = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    return normal

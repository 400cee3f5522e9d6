"""The network's forward pass in numpy: enough for one gesture, and spares loading torch."""

import errno
import re
import stat
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from swipefl.arrays import Floats
from swipefl.decoder.checkpoint import SCORE, SPREADS, Checkpoint, Weights, checkpoint_from_bytes
from swipefl.decoder.sight import Sight, sight
from swipefl.errors import CheckpointError, Remedy, UsageError
from swipefl.gesture.features import FEATURES, Frames, frames_of
from swipefl.gesture.gesture import Gesture
from swipefl.gesture.keyboard import Layout

OUTPUTS = 6  # displacement (2), raw precision (2), emission bias, blank logit
MOST_PARAMETERS = 2_500_000  # five times the base's: the longest gesture takes 0.1 s
MOST_BYTES = 8 * MOST_PARAMETERS + 1024 * 1024  # in double precision, and what is said of them
MOST_WEIGHT = 1_000.0  # either way; the base's largest is 4.4. With these no sum leaves the range of float32


@dataclass(frozen=True)
class Architecture:
    """Layers of LSTMs, two a layer (one a direction), each of so many hidden units."""

    hidden: int
    layers: int = 1

    def __str__(self) -> str:
        return f"bilstm-{self.hidden}" + (f"x{self.layers}" if self.layers > 1 else "")

    @classmethod
    def named(cls, name: str) -> "Architecture":
        """The architecture `bilstm-H` or `bilstm-HxN`. Raises CheckpointError for another."""
        if not (match := re.fullmatch(r"bilstm-([1-9][0-9]{0,4})(?:x([2-9]))?", name)):
            raise CheckpointError(
                "unknown-architecture", "unknown network architecture {name!r}", Remedy.UPGRADE, name=name[:40]
            )
        return cls(int(match[1]), int(match[2] or 1))

    def inputs(self, layer: int) -> int:
        """How many numbers a frame a layer, counted from 0, is given."""
        return 2 * self.hidden if layer else FEATURES

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight; a direction's gates stand in torch's order i, f, g, o."""
        gates, shapes = 4 * self.hidden, dict[str, tuple[int, ...]]()
        for layer in range(self.layers):
            for way in ways(layer):
                shapes[f"{way}.input"] = (gates, self.inputs(layer))
                shapes[f"{way}.recurrent"] = (gates, self.hidden)
                shapes[f"{way}.bias"] = (gates,)
        return {**shapes, "head.weight": (OUTPUTS, 2 * self.hidden), "head.bias": (OUTPUTS,)}

    @property
    def size(self) -> int:
        """How many weights it has."""
        return sum(prod(shape) for shape in self.shapes().values())

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of all that a federation moves."""
        return {**self.shapes(), SCORE: SPREADS.shape}


def ways(layer: int) -> tuple[str, str]:
    """What the weights of a layer's two directions are called; those of the first, layer 0, have no number."""
    number = str(layer + 1) if layer else ""
    return f"forward{number}", f"backward{number}"


def fitting(checkpoint: Checkpoint) -> Architecture:
    """The checkpoint's architecture. Raises CheckpointError where its weights have other names or shapes.

    Or where there are more of them than a device can predict with while a person waits.
    """
    architecture = Architecture.named(checkpoint.architecture)
    if architecture.size > MOST_PARAMETERS:
        large = "the checkpoint's architecture {name!r} has {count} weights; this swipefl takes {most} at most"
        facts = {"name": checkpoint.architecture, "count": architecture.size, "most": MOST_PARAMETERS}
        raise CheckpointError("checkpoint-too-large", large, **facts)
    if {name: array.shape for name, array in checkpoint.weights.items()} != architecture.shapes():
        misfit = "the checkpoint's weights do not fit its architecture {name!r}"
        raise CheckpointError("checkpoint-of-another-shape", misfit, name=checkpoint.architecture)
    return architecture


def usable(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint, whoever made it, if it fits its architecture and its numbers are of the size of honest ones.

    Then every answer is finite, and soon there; whether it is right is for the judge. Raises CheckpointError.
    """
    fitting(checkpoint)
    for part, is_sane in (
        ("weights", all(np.abs(array).max() <= MOST_WEIGHT for array in checkpoint.weights.values())),
        ("score weights", checkpoint.score.held == checkpoint.score),
    ):
        if not is_sane:
            beyond = "the checkpoint's {part} are beyond what training and tuning can come to"
            raise CheckpointError("checkpoint-out-of-range", beyond, part=part)
    return checkpoint


def read_checkpoint(file: Path) -> Checkpoint:
    """The checkpoint in a file that somebody named. Raises UsageError, and CheckpointError as `usable` does.

    Neither waits for a pipe nor reads without end.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        with file.open("rb") as opened:
            blob = opened.read(MOST_BYTES + 1)
    except OSError as error:
        unreadable = "cannot read {path}: {why}"
        raise UsageError(
            "unreadable-checkpoint", unreadable, Remedy.GIVE_CHECKPOINT, path=file, why=error.strerror
        ) from error
    if len(blob) > MOST_BYTES:
        raise CheckpointError("checkpoint-too-large", "{path} is larger than any checkpoint", path=file)
    return usable(checkpoint_from_bytes(blob))


class Encoder:
    """Turns gestures into log-probabilities of letters over time with one checkpoint's weights."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        architecture = fitting(checkpoint)
        self._weights = checkpoint.weights
        self._layers = [_layer(checkpoint.weights, layer) for layer in range(architecture.layers)]
        self._head = checkpoint.weights["head.weight"].T * np.float32(0.5)

    def encode(self, gesture: Gesture) -> Floats:
        """Natural log-probabilities (T, 1 + L): column 0 is blank, column 1 + i the layout's letter i."""
        return self.log_probs(frames_of(gesture))

    def log_probs(self, frames: Frames) -> Floats:
        """The same (T, 1 + L) for frames."""
        return letter_log_probs(self.outputs(frames.features), frames.positions, frames.layout)

    def look(self, gesture: Gesture) -> Sight:
        """What the network sees, where `encode` keeps only the letters."""
        frames = frames_of(gesture)
        outputs = self.outputs(frames.features)
        log_probs = letter_log_probs(outputs, frames.positions, frames.layout)
        return sight(frames.positions, frames.positions + outputs[:, 0:2], log_probs, frames.layout)

    def outputs(self, features: Floats) -> Floats:
        """The network's six outputs (T, 6) for features (T, 9)."""
        states = features
        for layer in self._layers:
            states = _states(layer, states)
        outputs: Floats = states @ self._head + self._weights["head.bias"]
        return outputs


# Gates stand as i, f, o, g, where torch has i, f, g, o: i and f meet g and the cell, and the sigmoids are neighbours.
GATES = [0, 1, 3, 2]
HALVED = np.array([[[0.5]], [[0.5]], [[0.5]], [[1]]], np.float32)


@dataclass(frozen=True, eq=False)
class _Layer:
    """Input (I, 4 * 2 * H), bias (4 * 2 * H,) and recurrent weights (2, H, 4H): gate by gate, of both directions each.

    sigmoid(x) = (1 + tanh(x / 2)) / 2: halved, the sigmoid gates need the same tanh as the other one. The states are
    left twice as large as they are meant, and what reads them halved.
    """

    input: Floats
    bias: Floats
    recurrent: Floats


def _layer(weights: Weights, layer: int) -> _Layer:
    def both(name: str) -> Floats:
        """The weights (2, 4, H, I) of both directions, gate by gate."""
        pair = np.stack([weights[f"{way}.{name}"] for way in ways(layer)])
        ordered: Floats = pair.reshape(2, 4, pair.shape[1] // 4, -1)[:, GATES] * HALVED
        return ordered

    def flat(of: Floats) -> Floats:
        """A column (I, 4 * 2 * H) for each gate of each unit, both directions of a gate beside each other."""
        return np.ascontiguousarray(of.transpose(3, 1, 0, 2)).reshape(of.shape[3], -1)

    given, recurrent = both("input"), both("recurrent") * np.float32(0.5)
    by_unit = recurrent.reshape(2, -1, recurrent.shape[3]).swapaxes(1, 2)  # (2, H, 4H)
    inputs = flat(given) * np.float32(0.5 if layer else 1)
    return _Layer(inputs, flat(both("bias"))[0], np.ascontiguousarray(by_unit))


def _states(layer: _Layer, given: Floats) -> Floats:
    """Twice the hidden states (T, 2H) of both directions, which run side by side.

    A call of numpy costs more than what it does here: a step is nine of them, in place, on what lies side by side.
    """
    steps, units = len(given), layer.recurrent.shape[1]
    driven = (given @ layer.input + layer.bias).reshape(steps, 4, 2, units)
    driven[:, :, 1] = driven[::-1, :, 1]  # one direction reads backwards
    states = np.empty((steps, 2, units), np.float32)
    recalled = np.empty((2, 1, 4 * units), np.float32)
    by_gate = recalled.reshape(2, 4, units).swapaxes(0, 1)
    room = np.zeros((5, 2, units), np.float32)  # i, f, o, g, cell
    gates, sigmoids, output, cell = room[:4], room[:3], room[2], room[4]
    terms, bent = np.empty((2, 2, units), np.float32), np.empty((2, units), np.float32)
    hidden = np.zeros((2, 1, units), np.float32)
    for drive, state in zip(driven, states, strict=True):
        np.matmul(hidden, layer.recurrent, out=recalled)
        np.add(drive, by_gate, out=gates)
        np.tanh(gates, out=gates)
        np.add(sigmoids, 1, out=sigmoids)
        np.multiply(room[:2], room[3:], out=terms)  # i * g, f * cell
        np.add(terms[0], terms[1], out=cell)
        np.multiply(cell, 0.5, out=cell)
        np.tanh(cell, out=bent)
        np.multiply(output, bent, out=state)
        hidden = state[:, None]
    states[:, 1] = states[::-1, 1]
    return states.reshape(steps, 2 * units)


def letter_log_probs(outputs: Floats, positions: Floats, layout: Layout) -> Floats:
    """Log-probabilities (T, 1 + L) from outputs (T, 6) at positions (T, 2): each key scored by its distance.

    A key's logit is `e - sum_axis softplus(precision) * (p + d - c)^2`; blank has a logit of its own.
    """
    meant = positions + outputs[:, 0:2]
    squares = (meant[:, None] - layout.centres) ** 2  # (T, K, 2)
    precision = np.logaddexp(0, outputs[:, 2:4])
    keys = outputs[:, 4:5] - np.einsum("tkc,tc->tk", squares, precision)
    by_letter = np.argsort(layout.key_letter, kind="stable")
    firsts = np.searchsorted(layout.key_letter[by_letter], np.arange(len(layout.letters)))
    letters = np.logaddexp.reduceat(keys[:, by_letter], firsts, axis=1)  # two keys of one letter (е and ё) add up
    logits = np.concatenate((outputs[:, 5:6], letters), axis=1)
    top = logits.max(1, keepdims=True)
    normal: Floats = logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))
    return normal

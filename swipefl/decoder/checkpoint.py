"""A checkpoint: weights, the architecture they belong to and the score weights they were tuned with.

At rest it is a safetensors blob, never pickle; the rest stands in its metadata.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from importlib import resources
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from swipefl.arrays import Doubles, Floats
from swipefl.errors import CheckpointError, Remedy

FORMAT = "swipefl-checkpoint-1"
# What reading bytes that are no checkpoint can raise; the last two are of JSON too deep and of integers too large.
_DAMAGE = (AttributeError, ValueError, KeyError, TypeError, SafetensorError, RecursionError, OverflowError)
Weights = Mapping[str, Floats]
SCORE = "score"  # the name of the score weights among the parameters
# Standard deviations (11,) of a score's parts among the words worth a look, measured on recorded swipes: in these units
# a change of any score weight means about as much.
SPREADS = np.array([7.5, 3.0, 1.9, 0.94, 0.28, 11.8, 10.4, 0.28, 0.9, 2.0, 2.0])
# What score weights (11,) may be: tuned on hundreds of swipes they reach 4 in these units; what is likelier never
# loses.
_MOST = 20 / SPREADS
_LEAST = np.append(0.01, -_MOST[1:])


@dataclass(frozen=True)
class ScoreWeights:
    """What a word's score is made of.

    It is `temperature * ln p_ctc + alpha * ln f + beta * length - doubt * sqrt(-ln p_ctc)`, less a weight times each
    of the deviations of the word's template from the path (`template.DEVIATIONS`), and plus a weight times what the
    words before say: `context`, or `first` for the first word of a sentence. A checkpoint from before these two
    were known has them as they are here.
    """

    alpha: float
    beta: float
    temperature: float = 1.0
    doubt: float = 0.0
    location: float = 0.0
    start: float = 0.0
    end: float = 0.0
    missed: float = 0.0
    extent: float = 0.0
    context: float = 0.9
    first: float = 0.8

    def to_json(self) -> dict[str, float]:
        """A plain object; weights that came later are left out where they are usual, so that fingerprints stay."""
        usual = {field.name: field.default for field in fields(self)[3:]}
        return {name: weight for name, weight in asdict(self).items() if weight != usual.get(name)}

    @classmethod
    def from_json(cls, weights: Any) -> "ScoreWeights":
        """The inverse of `to_json`. Raises CheckpointError for weights that are unknown here or no finite numbers."""
        if unknown := set(weights) - {field.name for field in fields(cls)}:
            raise CheckpointError(
                "unknown-score", "unknown score weights {names}", Remedy.UPGRADE, names=", ".join(sorted(unknown))[:80]
            )
        if not all(isinstance(weight, int | float) and math.isfinite(weight) for weight in weights.values()):
            raise CheckpointError("checkpoint-not-finite", "the checkpoint's score weights are not finite numbers")
        return cls(**weights)

    @property
    def of_word(self) -> Doubles:
        """The weights (4,) of ln p_ctc, ln frequency, length and sqrt(-ln p_ctc)."""
        return np.array([self.temperature, self.alpha, self.beta, -self.doubt])

    @property
    def of_parts(self) -> Doubles:
        """The weights (11,) of all parts of a score: those of the word, deviations, the words before."""
        against = [-self.location, -self.start, -self.end, -self.missed, -self.extent]
        return np.concatenate((self.of_word, against, [self.context, self.first]))

    @property
    def held(self) -> "ScoreWeights":
        """The nearest ones within the range that they may have."""
        return self.from_parts(np.clip(self.of_parts, _LEAST, _MOST))

    @classmethod
    def from_parts(cls, weights: Doubles) -> "ScoreWeights":
        """The inverse of `of_parts`."""
        temperature, alpha, beta, *against, context, first = weights.tolist()
        doubt, location, start, end, missed, extent = (-weight for weight in against)
        return cls(alpha, beta, temperature, doubt, location, start, end, missed, extent, context, first)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights of one architecture, such as `bilstm-128`, with their score weights."""

    architecture: str
    weights: Weights
    score: ScoreWeights
    info: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> Weights:
        """All that a federation moves: the weights, and as `score` (11,) the score weights in units of `SPREADS`."""
        return {**self.weights, SCORE: (self.score.of_parts * SPREADS).astype(np.float32)}

    def with_parameters(self, parameters: Weights) -> "Checkpoint":
        """This checkpoint with other `parameters`; the score weights stay within their range, wherever these lead.

        One that does not change is not rounded either: what has its usual value stays readable for who knows no other.
        """
        weights = {name: array for name, array in parameters.items() if name != SCORE}
        there = parameters[SCORE].astype(np.float64) / SPREADS
        parts = np.where(parameters[SCORE] == self.parameters[SCORE], self.score.of_parts, there)
        score = ScoreWeights.from_parts(parts)
        return replace(self, weights=weights, score=score.held)

    def to_bytes(self, half: bool = False) -> bytes:
        """The blob that `checkpoint_from_bytes` reads back; equal checkpoints give equal bytes.

        `half` writes float16, in half of the room: for a checkpoint that is shipped and not trained any further here.
        """
        metadata = {
            "swipefl": json.dumps(
                {
                    "format": FORMAT,
                    "architecture": self.architecture,
                    "score": self.score.to_json(),
                    "info": dict(self.info),
                },
                sort_keys=True,
            )
        }
        kind = np.float16 if half else np.float32
        tensors = {name: np.ascontiguousarray(self.weights[name], kind) for name in sorted(self.weights)}
        return save(tensors, metadata)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the blob in float32, in hex: it does not tell at what precision the same weights were at rest."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def checkpoint_from_bytes(blob: bytes) -> Checkpoint:
    """The checkpoint in `blob`, weights as float32. Raises CheckpointError where it is damaged or of another format."""
    try:
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        about = json.loads(header["__metadata__"]["swipefl"])
        if about["format"] != FORMAT:
            raise CheckpointError(
                "unknown-checkpoint-format",
                "this checkpoint has format {format!r}; this swipefl reads {known!r}",
                format=str(about["format"])[:40],
                known=FORMAT,
            )
        tensors = load(blob)
        if any(array.dtype.kind != "f" for array in tensors.values()):
            raise TypeError("weights are floating-point numbers")
        weights = {name: np.asarray(array, np.float32) for name, array in tensors.items()}
        score = ScoreWeights.from_json(about["score"])
        info = {str(name): str(fact) for name, fact in about["info"].items()}
        checkpoint = Checkpoint(str(about["architecture"]), weights, score, info)
    except _DAMAGE as error:
        raise CheckpointError("damaged-checkpoint", "the checkpoint is damaged") from error
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise CheckpointError("checkpoint-not-finite", "the checkpoint holds numbers that are not finite")
    return checkpoint


def base_checkpoint() -> Checkpoint:
    """The checkpoint that is shipped in the package."""
    try:
        blob = resources.files("swipefl.decoder").joinpath("base", "base.safetensors").read_bytes()
    except FileNotFoundError as error:
        raise CheckpointError(
            "no-base", "the base checkpoint is missing from the package", Remedy.INSTALL_AGAIN
        ) from error
    return checkpoint_from_bytes(blob)

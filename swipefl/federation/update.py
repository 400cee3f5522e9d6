"""What leaves a device: the change of its weights, clipped in norm, as int8 with one fp16 scale a row."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from swipefl.arrays import Floats
from swipefl.decoder.checkpoint import SCORE, Weights
from swipefl.errors import BadUpdate, DataError, Remedy

Delta = dict[str, Floats]
Shapes = Mapping[str, tuple[int, ...]]
SCORE_SHARE = 1 / 16  # of the norm: score weights are few of half a million, and a lie about them alone would go far
FIRST_SCORE_WEIGHTS = 9  # that a coordinator knows which does not say how many
_SCORE_PARTS = (f"{SCORE}.int8", f"{SCORE}.scale")
MOST_LOST = 1 / 8  # of the norm: half a step of each number, sqrt(columns) / 254, loses less in rows of up to 1,000


@dataclass(frozen=True)
class EncodedUpdate:
    """The bytes to send, and the residual that quantising left over (kept on the device)."""

    blob: bytes
    residual: Delta

    @property
    def residual_blob(self) -> bytes:
        """The residual at rest; `residual_from` reads it back."""
        return save({name: np.ascontiguousarray(array) for name, array in self.residual.items()})


def residual_from(blob: bytes | None, shapes: Shapes) -> Delta | None:
    """The residual in `blob`; None where there is none, where it is damaged, or of a model of other `shapes`."""
    if not blob:
        return None
    try:
        residual: Delta = load(blob)
    except SafetensorError:
        return None
    residual = widened(residual, shapes)
    return residual if shapes_of(residual) == dict(shapes) else None


def difference(trained: Weights, start: Weights) -> Delta:
    """trained - start, tensor by tensor."""
    return {name: trained[name] - start[name] for name in start}


def widened(delta: Delta, shapes: Shapes) -> Delta:
    """`delta`, of a model of `shapes` as others knew it: score weights that have come since do not change."""
    if SCORE not in delta or SCORE not in shapes:
        return delta
    return {**delta, SCORE: lengthened(delta[SCORE], shapes[SCORE])}


def lengthened(array: Floats, shape: tuple[int, ...]) -> Floats:
    """`array` (n,) with zeros up to `shape`; one that is not shorter as it is."""
    missing = shape[0] - len(array) if array.ndim == len(shape) == 1 else 0
    return np.pad(array, (0, missing)) if missing > 0 else array


def narrowed(blob: bytes, score_weights: int) -> bytes:
    """An encoded update as who knows so many score weights takes it, 0 the first: later ones' change is left out."""
    known = score_weights or FIRST_SCORE_WEIGHTS
    try:
        tensors = load(blob)
    except SafetensorError:  # as whoever gets it will find
        return blob
    longer = {name: tensors[name][:known] for name in _SCORE_PARTS if name in tensors and len(tensors[name]) > known}
    return save({**tensors, **longer}) if longer else blob


def norm_of(delta: Mapping[str, Floats]) -> float:
    """The Euclidean norm over all tensors together."""
    return float(np.sqrt(sum(float(np.square(array, dtype=np.float64).sum()) for array in delta.values())))


@dataclass(frozen=True)
class Norms:
    """The Euclidean norms of a change: of all its tensors together, and of its score weights."""

    whole: float
    score: float

    def fault(self, max_norm: float) -> str | None:
        """Why a coordinator does not take it, or None; float32, and fp16 scales, may round up what a device clipped."""
        if not math.isfinite(self.whole) or self.whole > 1.001 * max_norm:
            return "norm-too-large"
        return None if self.score <= 1.01 * SCORE_SHARE * max_norm else "score-norm-too-large"


_NOTHING = Norms(0.0, 0.0)


def norms_of(delta: Delta) -> Norms:
    """The norms of a change."""
    return Norms(norm_of(delta), norm_of({name: array for name, array in delta.items() if name == SCORE}))


def clipped(delta: Delta, max_norm: float, beside: Norms = _NOTHING) -> Delta:
    """`delta` scaled down so that its norm is `max_norm` at most (McMahan 2018, ICLR), and then its score's so too.

    It leaves room for what goes out `beside` it: the norms of the two together are within the bounds.
    """
    factor = min(1.0, (max_norm - beside.whole) / max(norm_of(delta), 1e-12))
    scaled = {name: (array * np.float32(factor)).astype(np.float32) for name, array in delta.items()}
    if (score := norms_of(scaled).score) > (most := SCORE_SHARE * max_norm - beside.score):
        scaled[SCORE] *= np.float32(most / score)
    return scaled


def encode_update(delta: Delta, max_norm: float, residual: Delta | None = None) -> EncodedUpdate:
    """`delta`, clipped to `max_norm`, plus the last residual, quantised.

    What clipping takes is gone: kept, it would pile up until most of what is sent is old. So the residual is one
    quantising error for ever, and all that was sent is all that was clipped but for the last of them. One that is too
    large to be that, as earlier versions made them, is left out. Raises DataError where the change is not finite.
    """
    if not np.isfinite(norm_of(delta)):
        raise DataError("diverged", "training gave weights that are not finite", Remedy.LOWER_LEARNING_RATE)
    left = residual if residual and norms_of(residual).fault(MOST_LOST * max_norm) is None else None
    bound, shapes, beside = max_norm, shapes_of(delta), norms_of(left or {})
    while True:
        whole = clipped(delta, bound, beside)
        if left:
            whole = {name: array + left[name] for name, array in whole.items()}
        blob = _quantised(whole)
        sent = decode_update(blob, shapes)
        norm = norm_of(sent)
        if norm <= max_norm:
            break
        bound *= 0.999 * max_norm / norm  # rounding may add a little
    return EncodedUpdate(blob, difference(whole, sent))


def _quantised(delta: Delta) -> bytes:
    tensors: dict[str, npt.NDArray[np.generic]] = {}
    for name, array in delta.items():
        rows = array.reshape(len(array), -1)
        scale = _row_scales(rows)
        tensors[f"{name}.scale"] = scale
        tensors[f"{name}.int8"] = (
            np.rint(rows / scale.astype(np.float32)[:, None]).clip(-127, 127).astype(np.int8).reshape(array.shape)
        )
    return save(tensors)


def shapes_of(weights: Mapping[str, Floats]) -> Shapes:
    """The shape of each tensor, which an update of these weights must have."""
    return {name: array.shape for name, array in weights.items()}


def decode_update(blob: bytes, shapes: Shapes, only: str | None = None) -> Delta:
    """The change of weights in `blob`, which may come from anyone; of one tensor `only`, where that is enough.

    Raises BadUpdate unless it fits `shapes` exactly.
    """
    checked = _checked(blob, shapes)
    return {name: _dequantised(*parts) for name, parts in checked.items() if only in (None, name)}


def encoded_norms(blob: bytes, shapes: Shapes) -> Norms:
    """`norms_of(decode_update(blob, shapes))` at a third of the cost. Raises BadUpdate as that does."""
    squares = {}
    for name, (values, scale) in _checked(blob, shapes).items():
        rows = values.reshape(len(values), -1).astype(np.float32)
        whole = np.einsum("ij,ij->i", rows, rows)  # whole numbers below 2**24 for rows of up to 1,000: exact
        squares[name] = float(whole.astype(np.float64) @ np.square(scale, dtype=np.float64))
    return Norms(float(np.sqrt(sum(squares.values()))), float(np.sqrt(squares.get(SCORE, 0.0))))


def _checked(blob: bytes, shapes: Shapes) -> dict[str, tuple[Any, Any]]:
    """The int8 values and fp16 scales of each tensor. Raises BadUpdate."""
    try:
        tensors = load(blob)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise BadUpdate("damaged", "the update is damaged and cannot be read") from error
    expected = {f"{name}.{part}" for name in shapes for part in ("int8", "scale")}
    if missing := expected - tensors.keys():
        raise BadUpdate("missing-tensor", "the update lacks {count} tensors that the model has", count=len(missing))
    if extra := tensors.keys() - expected:
        raise BadUpdate("extra-tensor", "the update has {count} tensors that the model has not", count=len(extra))
    checked = {}
    for name, shape in shapes.items():
        values, scale = checked[name] = tensors[f"{name}.int8"], tensors[f"{name}.scale"]
        if values.dtype != np.int8 or scale.dtype != np.float16:
            raise BadUpdate("wrong-dtype", "the update's {tensor} is not int8 with float16 scales", tensor=name)
        if name == SCORE and values.shape == scale.shape:  # maybe of a swipefl that knew fewer
            values, scale = checked[name] = lengthened(values, shape), lengthened(scale, shape)
        if values.shape != shape or scale.shape != shape[:1]:
            raise BadUpdate("wrong-shape", "the update's {tensor} has another shape than the model's", tensor=name)
        if not np.isfinite(scale).all():
            raise BadUpdate("not-finite", "the update's {tensor} holds numbers that are not finite", tensor=name)
    return checked


def _row_scales(rows: Floats) -> npt.NDArray[np.float16]:
    largest = np.abs(rows).max(1) / 127
    scales: npt.NDArray[np.float16] = np.nextafter(largest.astype(np.float16), np.float16(np.inf))
    return scales  # rounded up: no value leaves the int8 range


def _dequantised(values: npt.NDArray[np.generic], scale: npt.NDArray[np.generic]) -> Floats:
    wide = scale.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
    return (values.astype(np.float32) * wide).astype(np.float32)

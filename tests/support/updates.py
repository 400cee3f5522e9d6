"""Updates of the base, right ones and with changes, as they go over the wire."""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from threading import Event

import numpy as np

from swipefl.decoder.checkpoint import Weights, base_checkpoint
from swipefl.federation.device.client import CHUNK_BYTES
from swipefl.federation.update import encode_update
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.waiting import LONG_S


def parts_of(header: wire.UpdateHeader, blob: bytes) -> list[wire.UploadUpdateRequest]:
    """An upload as it goes over the wire."""
    starts = range(0, len(blob), CHUNK_BYTES)
    return [
        wire.UploadUpdateRequest(header=header),
        *(wire.UploadUpdateRequest(data=blob[at : at + CHUNK_BYTES]) for at in starts),
    ]


def header_for(blob: bytes, **changes: object) -> wire.UpdateHeader:
    """A header that is right for an update of the base as version 1, with changes."""
    facts: dict[str, object] = {
        "update_id": secrets.token_hex(16),
        "base_version": 1,
        "base_fingerprint": base_checkpoint().fingerprint,
        "examples": 100,
        "size_bytes": len(blob),
        "sha256": hashlib.sha256(blob).digest(),
        **changes,
    }
    return wire.UpdateHeader(**facts)  # type: ignore[arg-type]


def delta(weights: Weights, seed: int = 0, norm: float = 1.0) -> dict[str, np.ndarray]:
    """A random change of `weights`."""
    rng = np.random.default_rng(seed)
    noise = {name: rng.standard_normal(array.shape).astype(np.float32) for name, array in weights.items()}
    whole = np.sqrt(sum(float((array**2).sum()) for array in noise.values()))
    return {name: (array * (norm / whole)).astype(np.float32) for name, array in noise.items()}


def update(seed: int = 0, norm: float = 1.0) -> bytes:
    """An encoded random update of the base."""
    return encode_update(delta(base_checkpoint().parameters, seed, norm), 1e9).blob


class Held:
    """The parts of an upload, of which the later ones come when it is let go."""

    def __init__(self, parts: Sequence[wire.UploadUpdateRequest]) -> None:
        self._parts = parts
        self._begun, self._go = Event(), Event()

    def __iter__(self) -> Iterator[wire.UploadUpdateRequest]:
        yield from self._parts[:2]
        self._begun.set()  # more went out than a connection holds
        assert self._go.wait(LONG_S)
        yield from self._parts[2:]

    def wait_until_sent(self) -> None:
        assert self._begun.wait(LONG_S)

    def let_go(self) -> None:
        self._go.set()

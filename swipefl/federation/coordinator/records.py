"""What a coordinator keeps: versions, devices, updates."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.encoder import Architecture
from swipefl.federation.aggregation import Moments
from swipefl.federation.update import Shapes
from swipefl.federation.wire.v1.federation_pb2 import Manifest


@dataclass(frozen=True)
class Version:
    """One version of the global model; `made_by` is published, aggregated, kept (same weights) or rolled back."""

    number: int
    made_by: str
    created_at: float
    updates: int
    architecture: str
    fingerprint: str
    sha256: bytes
    top1: float | None
    size: int | None

    @property
    def is_gone(self) -> bool:
        """Whether its bytes were pruned."""
        return self.size is None

    @property
    def shapes(self) -> Shapes:
        """The shape of each of its parameters."""
        return Architecture.named(self.architecture).parameter_shapes()

    def manifest(self) -> Manifest:
        """What is signed of it."""
        return Manifest(
            version=self.number,
            architecture=self.architecture,
            fingerprint=self.fingerprint,
            sha256=self.sha256,
            size_bytes=self.size or 0,
        )


@dataclass(frozen=True)
class Device:
    """A place in the federation; `credential` is the hash of what the device says."""

    id: str
    credential: bytes
    enrolled_at: float
    seen_at: float
    revoked: bool


@dataclass(frozen=True)
class Draft:
    """A version to be, and the numbers of the updates that went into it; `moments` are the server optimiser's.

    `after` is the version that it was made from, where it is worth nothing after another.
    """

    checkpoint: Checkpoint
    made_by: str
    consumed: Sequence[int] = ()
    moments: Moments = field(default_factory=dict)
    top1: float | None = None
    after: int | None = None


@dataclass(frozen=True)
class Received:
    """An update as it arrived and was checked."""

    id: str
    device: str
    version: int
    examples: int
    blob: bytes


@dataclass(frozen=True)
class Waiting:
    """An update that no aggregation has consumed yet, without its bytes."""

    number: int
    version: int
    examples: int
    received_at: float

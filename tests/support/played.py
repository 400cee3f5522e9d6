"""A coordinator that is only played: a visit's client with its answers, and a member of it."""

from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from swipefl.decoder.checkpoint import SPREADS, base_checkpoint
from swipefl.errors import CoordinatorUnreachable, FederationError
from swipefl.federation.protocol.signing import public_bytes, signed_manifest
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.membership import Membership

BASE = base_checkpoint()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
MEMBER = Membership("localhost:1", "device", b"c" * 32, public_bytes(KEY), residual=b"of before")


class Played:
    """A client whose coordinator is at version 3, the base, and answers an upload with `answer`.

    `told` is what it was told of versions; `is_away` before it answers anything.
    """

    score_weights = len(SPREADS)
    tries = 0

    def __init__(
        self, answer: wire.UploadUpdateResponse | FederationError | None = None, is_away: bool = False
    ) -> None:
        self.answer, self.is_away = answer, is_away
        self.told: list[wire.Judged] = []
        self.sent: list[tuple[wire.UpdateHeader, bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def check_in(self, version: int, fingerprint: str, judged: wire.Judged | None = None) -> wire.CheckInResponse:
        self.told += [judged] if judged else []
        if self.is_away:
            raise CoordinatorUnreachable("unreachable", "cut")
        manifest = wire.Manifest(
            version=3, architecture=BASE.architecture, fingerprint=BASE.fingerprint, sha256=bytes(32)
        )
        return wire.CheckInResponse(
            newest=signed_manifest(manifest, KEY),
            plan=wire.TrainingPlan(epochs=2, batch_size=4, learning_rate=0.5, max_norm=0.25),
            keys=wire.SigningKeys(public_key=public_bytes(KEY)),
            score_weights=self.score_weights,
        )

    def upload(self, header: wire.UpdateHeader, blob: bytes) -> wire.UploadUpdateResponse:
        self.sent.append((header, blob))
        if isinstance(self.answer, FederationError):
            raise self.answer
        assert self.answer
        return self.answer

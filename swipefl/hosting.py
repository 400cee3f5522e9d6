"""A coordinator put together: from its settings to the policy, holdout and server that its work is made of.

It stands beside `home` and not in `federation`: settings take their defaults from there, and imports run downward.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.encoder import read_checkpoint
from swipefl.errors import Remedy, UsageError
from swipefl.federation.coordinator.certificates import expires_at
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import KEPT, Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import CoordinatorStatus, DeviceStatus, devices_of, status_of
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.protocol.bounds import check
from swipefl.federation.protocol.token import Token
from swipefl.federation.round import Master
from swipefl.settings.coordinator import CoordinatorSettings

if TYPE_CHECKING:  # grpc, which none but `serve` needs
    from swipefl.federation.coordinator.server import Listening, Serving


@dataclass(frozen=True)
class VersionReport:
    """A version that was made."""

    version: int
    fingerprint: str


@dataclass(frozen=True)
class TokensReport:
    """One-time tokens, as they are handed over."""

    tokens: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class KeyReport:
    """The public key that signs now, in hex."""

    public_key: str


class Hosting:
    """What a coordinator's owner does, made of its settings. Raises UsageError where there is no coordinator yet."""

    def __init__(self, settings: CoordinatorSettings) -> None:
        self.settings = settings
        self._policy = policy_of(settings)
        self._path = settings.home / "coordinator.db"

    def create(self, first: Path | None = None) -> VersionReport:
        """A signing key, and version 1 out of a file, else the base. Raises UsageError, CheckpointError."""
        checkpoint = read_checkpoint(first) if first else base_checkpoint()
        with State(self._path) as state:
            return _report(state.create(checkpoint))

    def status(self) -> CoordinatorStatus:
        """What is there, and when the certificate expires that is set, else of who served last."""
        with self._state() as state:
            known = status_of(state)
        if self.settings.tls_cert is None:
            return known
        return replace(known, certificate_expires_at=self._certificate_expires_at(self.settings.tls_cert))

    def _certificate_expires_at(self, certificate: Path) -> float | None:
        with suppress(UsageError):  # one that cannot be read is told by `serve`
            return expires_at(certificate)
        return None

    def publish(self, file: Path) -> VersionReport:
        """A checkpoint's file as the next version. Raises CheckpointError."""
        master = Master(read_checkpoint(file))
        with self._state() as state:
            return _report(state.publish(Draft(master, "published"), self._policy.kept))

    def roll_back(self, number: int) -> VersionReport:
        """The weights of an earlier version as a new one."""
        with self._state() as state:
            return _report(state.roll_back(number, self._policy.kept))

    def tokens(self, count: int, valid_s: float, name: str = "") -> TokensReport:
        """New one-time tokens for devices of that name, numbered where they are several. Raises UsageError."""
        check("expires_h", valid_s / 3600, 0)
        names = [f"{name}-{n}" for n in range(1, count + 1)] if name and count > 1 else [name] * count
        with self._state() as state, state.transaction():
            return TokensReport(tuple(str(state.devices.new_token(valid_s, each)) for each in names))

    def revoke_token(self, token: str) -> TokensReport:
        """A token that nobody used yet buys nothing any more."""
        secret = Token.parse(token).secret
        with self._state() as state:
            state.devices.revoke_token(secret)
        return TokensReport(())

    def devices(self, revoke: str | None = None) -> list[DeviceStatus]:
        """Every device; one that is to be revoked is refused from now on."""
        with self._state() as state:
            if revoke is not None:
                state.revoke(revoke)
            return devices_of(state)

    def rotate_key(self) -> KeyReport:
        """Another key signs from now on; the old one names it."""
        with self._state() as state:
            state.keys.rotate()
            return KeyReport(bytes(state.keys.public().public_key).hex())

    def serve(self, on_ready: "Callable[[Serving], None]") -> None:
        """Serves until stopped; `on_ready` hears where. Raises UsageError, DataError for a holdout without swipes."""
        import structlog

        from swipefl.federation.coordinator.holdout import holdout
        from swipefl.federation.coordinator.server import serve

        listening, path = self._listening(), self._existing()
        held_out = holdout(self.settings.holdout) if self.settings.holdout else None
        with hold(self.settings.home, "coordinator.lock"):
            if self._policy.gives_away:
                few = "a version made of so few updates tells everybody what is in one of them"
                structlog.get_logger().warning(few, least=self._policy.fewest)
            asyncio.run(serve(path, listening, self._policy, held_out, on_ready))

    def _state(self) -> State:
        return State(self._existing())

    def _existing(self) -> Path:
        if not self._path.exists():
            nothing = "there is no coordinator in {home} yet"
            raise UsageError("no-coordinator", nothing, Remedy.INIT_COORDINATOR, home=self.settings.home)
        return self._path

    def _listening(self) -> "Listening":
        """Where to listen. Raises UsageError for what cannot be listened with."""
        from swipefl.federation.coordinator.server import Listening

        settings = self.settings
        return Listening(
            settings.listen,
            settings.tls_cert,
            settings.tls_key,
            settings.client_ca,
            settings.insecure,
            settings.metrics,
            settings.reflection,
        )


def policy_of(settings: CoordinatorSettings) -> Policy:
    """What the settings tell a coordinator to do."""
    return Policy(
        plan=settings.plan,
        strategy=settings.strategy,
        limits=Limits(stream_s=settings.stream_s),
        buffer=settings.buffer,
        least=settings.least,
        max_wait_s=settings.max_wait_s,
        max_staleness=settings.max_staleness,
        retry_after_s=settings.retry_after_s,
        kept=max(KEPT, settings.max_staleness + 1),  # an update is checked against the version that it started from
    )


def _report(version: Version) -> VersionReport:
    return VersionReport(version.number, version.fingerprint)

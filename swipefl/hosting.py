"""A coordinator put together: from its settings to the policy, holdout and server that its work is made of.

It stands beside `home` and not in `federation`: settings take their defaults from there, and imports run downward.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.encoder import read_checkpoint
from swipefl.errors import Remedy, UsageError
from swipefl.federation.coordinator.certificates import expires_at
from swipefl.federation.coordinator.devices import STATES
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import KEPT, Policy
from swipefl.federation.coordinator.schema import LOCK
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import CoordinatorStatus, DevicesStatus, devices_of, status_of
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.protocol.bounds import check
from swipefl.federation.protocol.token import Token
from swipefl.federation.round import Master
from swipefl.settings.coordinator import CoordinatorSettings, load_coordinator_settings
from swipefl.settings.logs import configure_logging
from swipefl.settings.meanings import COORDINATOR
from swipefl.settings.sources import Setting, explained
from swipefl.stopping import Stop, never

if TYPE_CHECKING:  # grpc, which none but `serve` needs
    from swipefl.federation.coordinator.server import Listening, Serving
    from swipefl.operations.coordinator_backup import (
        CoordinatorBackupReport,
        CoordinatorPlanned,
        CoordinatorRestoreReport,
    )
    from swipefl.operations.doctor import Diagnosis
    from swipefl.operations.findings import Finding

DATABASE = "coordinator.db"
MOST_TOKENS = 10_000  # at once
# What decides about versions that are made elsewhere, and what is lent to them.
_BESIDE = (
    "versions_from",
    "flower_key",
    "holdout",
    "buffer",
    "max_wait_s",
    "least",
    "rule",
    "trim",
    "example_cap",
    "max_norm",
)
PAGE, MOST_DEVICES = 500, 10_000  # devices that are listed at once, unless and at most


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


def coordinator_of(home: str | PathLike[str] | None, settings: Mapping[str, Any]) -> "Coordinator":
    """The coordinator of a home, with these settings before all others. Raises UsageError."""
    given = {"home": None if home is None else Path(home), **settings}
    return Coordinator(load_coordinator_settings(**given), given)


class Coordinator:
    """The peer that aggregates, in one home, and all that its owner does with it; `swipefl.coordinator` makes it.

    All but `init` and `config` raise UsageError where there is no coordinator yet, and StoreError. They may be called
    beside a server that runs, from any process and thread; nothing stays open between two calls.
    """

    def __init__(self, settings: CoordinatorSettings, given: Mapping[str, object] | None = None) -> None:
        self.settings = settings
        self._given: dict[str, Any] = dict(given or {})
        self._policy = policy_of(settings)
        self._path = settings.home / DATABASE

    def init(self, checkpoint: str | PathLike[str] | None = None) -> VersionReport:
        """Makes a signing key, and version 1 of the global model: that of a file, else the base of the package.

        Raises UsageError where there is a coordinator already, CheckpointError, StoreError.
        """
        first = base_checkpoint() if checkpoint is None else read_checkpoint(Path(checkpoint))
        with State(self._path) as state:
            return _report(state.create(first))

    def config(self) -> tuple[Setting, ...]:
        """Every setting: its value, where that comes from ("flag": what was given here), and what it means."""
        return tuple(explained(self.settings, self._given, COORDINATOR))

    def status(self) -> CoordinatorStatus:
        """Versions and what devices say of them, updates that wait, devices, and when the certificate expires.

        That is the certificate which is set, else the one of who served last.
        """
        with self._state() as state:
            known = replace(status_of(state), versions_from=self.settings.versions_from)
        if self.settings.tls_cert is None:
            return known
        return replace(known, certificate_expires_at=self._certificate_expires_at(self.settings.tls_cert))

    def _certificate_expires_at(self, certificate: Path) -> float | None:
        with suppress(UsageError):  # one that cannot be read is told by `serve`
            return expires_at(certificate)
        return None

    def doctor(
        self,
        fix: bool = False,
        on_finding: "Callable[[Finding], None]" = lambda finding: None,
        stop: Stop = never,
    ) -> "Diagnosis":
        """Looks whether all is well with this coordinator, and changes nothing; nobody who serves is kept from it.

        With `fix` it first closes the home and its files to others. `on_finding` hears of each finding at once. Raises
        what `stop` says.
        """
        from swipefl.operations.checks.of_coordinator import Hosted, coordinator_checks
        from swipefl.operations.doctor import Doctor

        of = self.settings
        served = of.tls_cert, of.tls_key, of.client_ca
        loaded = partial(load_coordinator_settings, **self._given)
        hosted = Hosted(os.geteuid(), of.home, self._path, *served, loaded, self._settings_file(), self._policy.follows)
        return Doctor(str(of.home), coordinator_checks(hosted, stop)).run(fix, on_finding)

    def publish(self, file: str | PathLike[str]) -> VersionReport:
        """Publishes a checkpoint's file (.safetensors) as the next version. Raises CheckpointError."""
        master = Master(read_checkpoint(Path(file)))
        with self._state() as state:
            return _report(state.publish(Draft(master, "published"), self._policy.kept))

    def rollback(self, version: int) -> VersionReport:
        """Publishes the weights of an earlier version again, as a new one. Raises UsageError for one that is gone."""
        with self._state() as state:
            return _report(state.roll_back(version, self._policy.kept))

    def token(self, count: int = 1, expires_h: float = 72.0, name: str = "", revoke: str | None = None) -> TokensReport:
        """Makes one-time tokens, each of which enrols one device within `expires_h` hours.

        They are in the report alone: the coordinator keeps hashes. `name` is what you call the device; of several each
        gets a number. A token to `revoke` buys nothing any more, and none is made.
        """
        if revoke is not None:
            return self._revoke(revoke)
        check("count", count, 1, MOST_TOKENS)
        check("expires_h", expires_h, 0)
        names = [f"{name}-{n}" for n in range(1, count + 1)] if name and count > 1 else [name] * count
        with self._state() as state, state.transaction():
            return TokensReport(tuple(str(state.devices.new_token(expires_h * 3600, each)) for each in names))

    def _revoke(self, token: str) -> TokensReport:
        secret = Token.parse(token).secret
        with self._state() as state:
            state.devices.revoke_token(secret)
        return TokensReport(())

    def devices(
        self, revoke: str | None = None, limit: int = PAGE, after: str | None = None, state: str | None = None
    ) -> DevicesStatus:
        """Who belongs, and who no longer, with what was taken of each; one to `revoke` is refused from now on.

        By pages: at most `limit`, in the order of enrolment, behind the one whose id is `after`: what a page gives as
        that is for the next one. Whoever was there before the first page is in one of them. With `state` (active,
        silent, left or revoked) the others are passed over, and a page may have none of many: the next ones come all
        the same, until `after` is None. Of either id its beginning is enough, where no other one begins so.
        """
        check("limit", limit, 1, MOST_DEVICES)
        if state is not None and state not in STATES:
            raise UsageError("no-such-state", "{state} is none of {states}", state=state, states=", ".join(STATES))
        with self._state() as opened:
            behind = None if after is None else opened.devices.id_of(after)
            if revoke is not None:
                opened.revoke(opened.devices.id_of(revoke))
            return devices_of(opened, limit, behind, state)

    def rotate_key(self) -> KeyReport:
        """Signs with a new key from now on. The old one names it to the devices, at their next visit."""
        with self._state() as state:
            state.keys.rotate()
            return KeyReport(bytes(state.keys.public().public_key).hex())

    def backup(
        self, file: str | PathLike[str] | BinaryIO, signing_key: str | PathLike[str] | None = None
    ) -> "CoordinatorBackupReport":
        """Writes all that the coordinator knows into one private file (or stream), while a server goes on.

        The key that it signs with is not in it: `signing_key` is a file of its own for that. Raises UsageError where
        either is there already as something else.
        """
        from swipefl.operations.coordinator_backup import backup

        target = Path(file) if isinstance(file, str | PathLike) else file
        key = None if signing_key is None else Path(signing_key)
        return backup(self._existing(), self._settings_file(), target, key)

    def restore(
        self,
        file: str | PathLike[str] | BinaryIO,
        signing_key: str | PathLike[str],
        agree: "Callable[[CoordinatorPlanned], bool]" = lambda planned: True,
    ) -> "CoordinatorRestoreReport | None":
        """Puts a backup and its signing key in the place of what is here, which is set aside; all of it, or nothing.

        Its newest weights get a version number that no device can have seen. What waited for a round is dropped, as it
        may have gone into a version since, and so are unused tokens. A key that was rotated to since signs on, and
        who was revoked since stays so, where what is here can be read. `agree` hears what it would do, and nothing is
        done where it says no: then this gives None. Raises StoreBusy where a server runs, DataError for what is no
        whole backup, or the key of another.
        """
        from swipefl.operations.coordinator_backup import restore

        source = Path(file) if isinstance(file, str | PathLike) else file
        return restore(source, self._path, self._settings_file(), Path(signing_key), agree)

    def _settings_file(self) -> Path:
        return self.settings.home / self.settings.file_name

    def serve(self, on_ready: "Callable[[Serving], None]" = lambda serving: None) -> None:
        """Serves devices and aggregates until SIGTERM or Ctrl-C, in the main thread; `on_ready` hears of its ports.

        What happens is logged on standard error. Raises UsageError for what cannot be served with, DataError for a
        holdout without swipes, StoreBusy where another one serves.
        """
        import structlog

        from swipefl.federation.coordinator.holdout import holdout
        from swipefl.federation.coordinator.server import serve

        if not structlog.is_configured():  # it would print to standard output
            configure_logging(self.settings.log == "json", self.settings.log_file)
        self._check_beside()
        listening, path = self._listening(), self._existing()
        held_out = holdout(self.settings.holdout) if self.settings.holdout else None
        with hold(self.settings.home, LOCK):
            if self._policy.gives_away:
                few = "a version made of so few updates tells everybody what is in one of them"
                structlog.get_logger().warning(few, least=self._policy.fewest)
            asyncio.run(serve(path, listening, self._policy, held_out, on_ready))

    def _check_beside(self) -> None:
        """Raises UsageError where a node beside it would lend and follow by other settings than it is served with."""
        if not self._policy.follows:
            return
        home, there = self.settings.home, load_coordinator_settings(self.settings.home)
        differ = [name for name in _BESIDE if getattr(there, name) != getattr(self.settings, name)]
        if differ:
            what = "{setting} is given here alone, and who lends for this coordinator goes by {path}: set it there"
            file = home / self.settings.file_name
            raise UsageError("set-here-alone", what, Remedy.CORRECT_SETTING, setting=differ[0], path=file)

    def _state(self) -> State:
        return State(self._existing())

    def _existing(self) -> Path:
        return database_of(self.settings)

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


def database_of(settings: CoordinatorSettings) -> Path:
    """The file of the coordinator that these are settings of. Raises UsageError where there is none yet."""
    path = settings.home / DATABASE
    if not path.exists():
        nothing = "there is no coordinator in {home} yet"
        raise UsageError("no-coordinator", nothing, Remedy.INIT_COORDINATOR, home=settings.home)
    return path


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
        conditions=settings.conditions,
        versions_from=settings.versions_from,
        flower_key=bytes.fromhex(settings.flower_key) if settings.flower_key else None,
        kept=max(KEPT, settings.max_staleness + 1),  # an update is checked against the version that it started from
    )


def _report(version: Version) -> VersionReport:
    return VersionReport(version.number, version.fingerprint)

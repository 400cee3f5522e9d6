"""A coordinator put together: from its settings to the policy, holdout and server that its work is made of."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import fitting
from swipefl.errors import Remedy, UsageError
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import KEPT, Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.protocol.pem import read_pem
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.round import Master
from swipefl.federation.strategy import Strategy
from swipefl.settings.coordinator import CoordinatorSettings

if TYPE_CHECKING:  # grpc, which none but `serve` needs
    from swipefl.federation.coordinator.server import Listening, Serving


class Hosting:
    """What a coordinator's owner does, made of its settings. Raises UsageError for numbers that make no policy."""

    def __init__(self, settings: CoordinatorSettings) -> None:
        self.settings = settings
        self._policy = policy_of(settings)
        self._path = settings.home / "coordinator.db"

    def create(self, first: Path | None = None) -> Version:
        """A signing key, and version 1 out of a file, else the base. Raises UsageError, CheckpointError."""
        checkpoint = read_checkpoint(first) if first else base_checkpoint()
        with State(self._path) as state:
            return state.create(checkpoint)

    def state(self) -> State:
        """The coordinator's state. Raises UsageError where there is none."""
        if not self._path.exists():
            raise UsageError(
                "no-coordinator",
                "there is no coordinator in {home} yet",
                Remedy.INIT_COORDINATOR,
                home=self.settings.home,
            )
        return State(self._path)

    def publish(self, file: Path) -> Version:
        """A checkpoint's file as the next version. Raises UsageError, CheckpointError."""
        checkpoint = read_checkpoint(file)
        with self.state() as state:
            return state.publish(Draft(Master(checkpoint), "published"))

    def serve(self, on_ready: "Callable[[Serving], None]") -> None:
        """Serves until stopped; `on_ready` hears where. Raises UsageError, DataError for a holdout without swipes."""
        from swipefl.federation.coordinator.holdout import holdout
        from swipefl.federation.coordinator.server import serve

        listening = self._listening()
        self.state().close()
        score = holdout(self.settings.holdout) if self.settings.holdout else None
        with hold(self.settings.home, "coordinator.lock"):
            asyncio.run(serve(self._path, listening, self._policy, score, on_ready))

    def _listening(self) -> "Listening":
        """Where to listen. Raises UsageError for what cannot be listened with."""
        from swipefl.federation.coordinator.server import Listening

        settings = self.settings
        files = (settings.tls_cert, settings.tls_key, settings.client_ca)
        certificate, key, ca = (read_pem(path) if path else None for path in files)
        listening = Listening(
            settings.listen, certificate, key, ca, settings.insecure, settings.metrics, settings.reflection
        )
        listening.credentials()
        return listening


def policy_of(settings: CoordinatorSettings) -> Policy:
    """What the settings tell a coordinator to do. Raises UsageError for numbers that make no plan or no step."""
    return Policy(
        plan=Plan(settings.epochs, settings.batch_size, settings.learning_rate, settings.max_norm),
        strategy=Strategy(
            rule=settings.rule,
            optimizer=settings.optimizer,
            server_lr=settings.server_lr,
            momentum=settings.momentum,
            example_cap=settings.example_cap,
            trim=settings.trim,
            steady=settings.steady,
        ),
        limits=Limits(stream_s=settings.stream_s),
        buffer=settings.buffer,
        least=settings.least,
        max_wait_s=settings.max_wait_s,
        max_staleness=settings.max_staleness,
        retry_after_s=settings.retry_after_s,
        kept=max(KEPT, settings.max_staleness + 1),  # an update is checked against the version that it started from
    )


def read_checkpoint(file: Path) -> Checkpoint:
    """The checkpoint in a file that somebody named. Raises UsageError, CheckpointError."""
    try:
        checkpoint = checkpoint_from_bytes(file.read_bytes())
    except OSError as error:
        unreadable = "cannot read {path}: {why}"
        raise UsageError("no-such-file", unreadable, Remedy.GIVE_CHECKPOINT, path=file, why=error.strerror) from error
    fitting(checkpoint)
    return checkpoint

"""A coordinator's round: waiting updates in, one new version out."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.federation.aggregation import Arrived, combine, step
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.records import Draft, Version, Waiting
from swipefl.federation.coordinator.state import State
from swipefl.federation.update import Delta, decode_update

MOST_TOGETHER = 256  # updates of one round, unless the buffer is larger: a backlog is worked off in several


@dataclass(frozen=True)
class Rounds:
    """Rounds by `policy`; `score` gives a checkpoint's top-1 on a holdout, where there is one."""

    policy: Policy
    metrics: Metrics
    score: Callable[[Checkpoint], float] | None = None
    clock: Callable[[], float] = time.time

    def due(self, state: State) -> bool:
        """Whether enough updates wait, or one has waited long enough."""
        count, oldest = state.backlog()
        self.metrics.waiting.set(count)
        waited_s = self.clock() - oldest
        waited = count >= max(1, self.policy.least) and not 0 <= waited_s < self.policy.max_wait_s
        return count >= self.policy.buffer or waited

    def draft(self, state: State) -> Draft:
        """The version that the waiting updates make; writes nothing.

        Where the candidate is worse on the holdout, it is a version of the same weights: devices fetch nothing, and may
        contribute anew.
        """
        began = time.perf_counter()
        waiting, newest = state.waiting(max(self.policy.buffer, MOST_TOGETHER)), state.newest()
        master, moments = state.master()
        delta = self._delta(state, waiting, newest)
        parameters, next_moments = step(master.parameters, moments, delta, self.policy.aggregation, newest.number)
        candidate = master.with_parameters(parameters)
        before, after = self._scores(state, newest, candidate)
        kept = before is not None and after is not None and after < before
        self.metrics.aggregation.observe(time.perf_counter() - began)
        structlog.get_logger().info(
            "aggregated",
            updates=len(waiting),
            top1_before=before,
            top1_after=after,
            seconds=round(time.perf_counter() - began, 3),
        )
        consumed = [update.number for update in waiting]
        if kept:
            return Draft(master, "kept", consumed, moments, before, newest.number)
        return Draft(candidate, "aggregated", consumed, next_moments, after, newest.number)

    def publish(self, draft: Draft, state: State) -> Version:
        """Makes `draft` the newest version, in one transaction. Raises StoreBusy where another came in between."""
        version = state.publish(draft, self.policy.kept)
        self.metrics.versions.labels(version.made_by).inc()
        structlog.get_logger().info(
            "new version", version=version.number, made_by=version.made_by, updates=version.updates
        )
        return version

    def _scores(self, state: State, newest: Version, candidate: Checkpoint) -> tuple[float | None, float | None]:
        """Top-1 on the holdout of what is published now and of the candidate, as it would be published."""
        if self.score is None:
            return None, None
        published = checkpoint_from_bytes(state.blob(newest.number) or b"")
        return self.score(published), self.score(checkpoint_from_bytes(candidate.to_bytes(half=True)))

    def _delta(self, state: State, waiting: Sequence[Waiting], newest: Version) -> Delta:
        """The one change that the updates come to."""
        shapes = newest.shapes

        def arrived(update: Waiting) -> Arrived:
            def read(only: str | None) -> Delta:
                return decode_update(state.update_blob(update), shapes, only)

            return Arrived(update.examples, newest.number - update.version, read)

        return combine([arrived(update) for update in waiting], shapes, self.policy.aggregation)

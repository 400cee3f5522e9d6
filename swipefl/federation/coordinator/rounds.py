"""A coordinator's round: waiting updates in, one new version out, both in one transaction."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.federation.aggregation import WeightedMean, robust, step, weight_of
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State, Version, Waiting
from swipefl.federation.update import Delta, Floats, decode_update


@dataclass(frozen=True)
class Rounds:
    """Rounds by `policy`; `score` gives a checkpoint's top-1 on a holdout, where there is one."""

    policy: Policy
    metrics: Metrics
    score: Callable[[Checkpoint], float] | None = None
    clock: Callable[[], float] = time.time

    def due(self, waiting: Sequence[Waiting]) -> bool:
        """Whether enough updates wait, or one has waited long enough."""
        if not waiting:
            return False
        waited_s = self.clock() - waiting[0].received_at
        return len(waiting) >= self.policy.buffer or waited_s >= self.policy.max_wait_s or waited_s < 0

    def advance(self, state: State) -> Version:
        """One round over all that waits now. Where the candidate is worse on the holdout, the weights stay.

        Then too there is a new version, of the same weights: devices fetch nothing, and may contribute anew.
        """
        began = time.perf_counter()
        waiting, newest = state.waiting(), state.newest()
        master, moments = state.master()
        delta = self._delta(state, waiting, newest)
        weights, next_moments = step(master.weights, moments, delta, self.policy.aggregation)
        candidate = replace(master, weights=weights)
        before, after = self._scores(state, candidate)
        better = before is None or after is None or after >= before
        version = state.publish(
            candidate if better else master,
            "aggregated" if better else "kept",
            [update.number for update in waiting],
            next_moments if better else moments,
            after if better else before,
            self.policy.kept,
            newest.number,
        )
        self.metrics.versions.labels(version.made_by).inc()
        self.metrics.version.set(version.number)
        self.metrics.aggregation.observe(time.perf_counter() - began)
        structlog.get_logger().info(
            "round finished",
            version=version.number,
            made_by=version.made_by,
            updates=len(waiting),
            top1_before=before,
            top1_after=after,
            seconds=round(time.perf_counter() - began, 3),
        )
        return version

    def _scores(self, state: State, candidate: Checkpoint) -> tuple[float | None, float | None]:
        """Top-1 on the holdout of what is published now and of the candidate, as it would be published."""
        if self.score is None:
            return None, None
        published = checkpoint_from_bytes(state.blob(state.newest().number) or b"")
        return self.score(published), self.score(checkpoint_from_bytes(candidate.to_bytes(half=True)))

    def _delta(self, state: State, waiting: Sequence[Waiting], newest: Version) -> Delta:
        """The one change that the updates come to; the mean holds one of them at a time."""
        how = self.policy.aggregation
        shapes = Architecture.named(newest.architecture).shapes()
        if how.rule != "mean":

            def column(name: str) -> list[Floats]:
                return [decode_update(blob, shapes, only=name)[name] for blob in state.update_blobs(waiting)]

            return robust(how.rule, how.trim, shapes, column)
        mean = WeightedMean()
        for update, blob in zip(waiting, state.update_blobs(waiting), strict=True):
            staleness = newest.number - update.version
            mean.add(decode_update(blob, shapes), weight_of(update.examples, staleness, how.example_cap))
        return mean.result()

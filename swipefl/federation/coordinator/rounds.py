"""A coordinator's round: waiting updates in, one new version out, which `State.publish` writes."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import structlog

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.errors import VersionConflict
from swipefl.federation.coordinator.arrivals import arrival, dropping_unfit
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import FEW, Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.round import Score, play
from swipefl.stopping import Stop, never

MOST_TOGETHER = 256  # updates of one round, unless the buffer is larger: a backlog is worked off in several

Holdout: TypeAlias = Callable[[Checkpoint, Stop], float]
"""Gives a checkpoint's top-1 on swipes held out; asks a stop meanwhile, and raises what that says."""


@dataclass(frozen=True)
class Aggregator:
    """Makes versions by `policy`, none where they come from elsewhere; `holdout` scores its candidates."""

    policy: Policy
    metrics: Metrics
    holdout: Holdout | None = None
    clock: Callable[[], float] = time.time

    def is_due(self, state: State) -> bool:
        """Whether enough updates wait, or one has waited long enough."""
        count, oldest = state.updates.backlog()
        self.metrics.waiting.set(count)
        waited_s = self.clock() - oldest
        if self.policy.follows:
            return self.policy.is_long(waited_s) and bool(self._given_up(state))
        return self.policy.is_due(count, waited_s)

    def _given_up(self, state: State) -> list[int]:
        """Updates that were lent, cannot be again as they were, and wait for more new ones than there are.

        One device left that was in their sum, and a sum of the others would tell its update to whoever has that one.
        """
        stuck = state.contributions.stuck()
        is_new = state.updates.backlog()[0] - len(stuck) >= self.policy.fewest
        return [] if is_new else sorted(stuck)

    def draft(self, state: State, stop: Stop = never) -> Draft:
        """The version that the waiting updates make. Raises what `stop` says while it is scored.

        Where the candidate is worse on the holdout, or none that a device takes, it is a version of the same weights:
        devices fetch nothing, and may contribute anew. So it is with what is given up where versions come from
        elsewhere. Raises VersionConflict where updates went since the round was due, or one was dropped that fits the
        model no longer, StoreError.
        """
        if self.policy.follows:
            newest, master = state.versions.newest(), state.versions.master()
            return Draft(master, "kept", self._given_up(state), after=newest.number)
        began = time.perf_counter()
        with state.reading():
            waiting = state.updates.waiting()[: max(self.policy.buffer, MOST_TOGETHER)]
            newest, master, played = state.versions.newest(), state.versions.master(), state.versions.rounds()
        if len(waiting) < self.policy.fewest:  # who leaves in time must not make others stand alone
            raise VersionConflict("too-few-updates", "fewer updates wait than make a version")
        shapes = newest.shapes
        arrived = [arrival(state, update, newest.number, shapes) for update in waiting]
        score = self._score(stop)
        with dropping_unfit(state):
            outcome = play(master, arrived, self.policy.strategy, played + 1, score)
        seconds = time.perf_counter() - began
        structlog.get_logger().info(
            "aggregated",
            updates=len(waiting),
            top1_before=outcome.top1_before,
            top1_after=outcome.top1_after,
            seconds=round(seconds, 3),
        )
        if outcome.fault:
            structlog.get_logger().warning("candidate not published", updates=len(waiting), reason=outcome.fault)
        consumed = [update.number for update in waiting]
        if outcome.kept:
            return Draft(outcome.master, "kept", consumed, outcome.top1, outcome.top1_after, newest.number)
        return Draft(outcome.master, "aggregated", consumed, outcome.top1, after=newest.number)

    def _score(self, stop: Stop) -> Score | None:
        holdout = self.holdout
        return None if holdout is None else lambda checkpoint: holdout(checkpoint, stop)

    def publish(self, draft: Draft, state: State) -> Version:
        """Makes `draft` the newest version, in one transaction.

        Raises VersionConflict where another came in between, or an update went that it names; the others then wait on,
        for another draft.
        """
        version = state.publish(draft, self.policy.kept)
        self.metrics.versions.labels(version.made_by).inc()
        structlog.get_logger().log(
            logging.WARNING if version.updates < FEW else logging.INFO,
            "new version",
            version=version.number,
            made_by=version.made_by,
            updates=version.updates,
        )
        return version

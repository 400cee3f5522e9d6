"""A node that is a coordinator: it follows the server's versions, and lends it what its devices gave.

The node's config says `home`, that of the coordinator; it may be served beside, from the same file.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from flwr.app import Context, RecordDict

from swipefl.federation.coordinator.holdout import holdout
from swipefl.federation.coordinator.lending import follow, lend, name_of, standing
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Holdout
from swipefl.federation.coordinator.state import State
from swipefl.flower import records
from swipefl.flower.answering import app_of, home_of
from swipefl.hosting import database_of, policy_of
from swipefl.settings.coordinator import load_coordinator_settings
from swipefl.settings.logs import configure_logging


@dataclass(frozen=True)
class Node:
    """A coordinator's state, its policy, and the holdout that no version may do worse on, where there is one."""

    state: State
    policy: Policy
    holdout: Holdout | None = None

    def query(self) -> RecordDict:
        """Where it stands."""
        stands = standing(self.state, self.policy, time.time())
        return records.standing(name_of(self.state), stands.proof, stands.waiting, stands.needed)

    def train(self, content: RecordDict) -> RecordDict:
        """Follows the version that comes, and lends what waits. Raises SwipeflError where it does not."""
        offer, asked = records.offer_of(content), records.asked_of(content)
        follow(self.state, self.policy, offer, self.holdout)
        lent = lend(self.state, self.policy, asked.attempt, offer.version, asked.max_norm)
        structlog.get_logger().info("lent", updates=lent.updates, version=offer.version, contribution=lent.id)
        sums = lent.weight, lent.updates, lent.examples
        gift = records.Given(name_of(self.state), asked.attempt, lent.id, lent.delta, *sums)
        with self.state.reading():
            key, keys = self.state.keys.signing(), self.state.keys.public()
        return records.signed_by(records.given(gift), gift, key, keys)

    def evaluate(self, content: RecordDict) -> RecordDict:
        """Follows the version that comes; what it is worth here. Raises SwipeflError where it does not."""
        offer = records.offer_of(content)
        followed = follow(self.state, self.policy, offer, self.holdout)
        return records.judged(name_of(self.state), offer.version, 1, followed.top1_before, followed.top1_after)


@contextmanager
def node_of(context: Context) -> Iterator[Node]:
    """The coordinator of the home that a node's config says. Raises UsageError, DataError, StoreError."""
    settings = load_coordinator_settings(home_of(context, "coordinator"))
    configure_logging(settings.log == "json", settings.log_file)
    path, policy = database_of(settings), policy_of(settings)
    with State(path) as state:
        if policy.follows:
            state.node_came()
        yield Node(state, policy, holdout(settings.holdout) if settings.holdout else None)


app = app_of(node_of)

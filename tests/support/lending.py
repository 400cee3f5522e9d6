"""A coordinator that lends: updates that tell in any sum which ones are in it, and versions of who makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.federation.coordinator.admission import Verdict, admit
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, encode_update
from tests.support.states import SMALL

FOLLOWING = Policy(strategy=Strategy(optimizer="fedavg"), least=1, max_wait_s=0, versions_from="flower")
WHERE = "forward.recurrent"  # (16, 4): place for as many updates, each a number of its own


@dataclass(frozen=True, eq=False)
class Offered:
    """A version of elsewhere."""

    version: int = 1
    included: Mapping[str, str] = field(default_factory=dict)
    model: Checkpoint = SMALL
    key: bytes = b"k" * 32
    proof: bytes = b"signed"

    @property
    def sha256(self) -> bytes:
        """Of its model."""
        return sha256(self.model.to_bytes()).digest()


def marked(mark: int) -> Delta:
    """A change of one number, which no other `mark` changes."""
    delta = {name: np.zeros_like(array) for name, array in SMALL.parameters.items()}
    delta[WHERE].flat[mark] = 1.0
    return delta


def marks_of(delta: Delta) -> set[int]:
    """Of which updates a sum is."""
    return {int(at) for at in np.flatnonzero(delta[WHERE])}


def submit(state: State, device: str, mark: int, policy: Policy = FOLLOWING) -> Verdict:
    """What becomes of such an update of the newest version."""
    blob = encode_update(marked(mark), policy.plan.max_norm).blob
    newest = state.versions.newest().number
    return admit(state, policy, [Received(f"update {mark}", device, newest, 10, blob)])[0]

"""What a device has: gestures, models, rounds, what waits to be sent, and what it belongs to."""

import time
from dataclasses import dataclass

from swipefl.device.cycle import nothing_to_do
from swipefl.device.gain import Gain, gain
from swipefl.device.personal import to_learn
from swipefl.federation.device.breaker import State, left_s, state_of
from swipefl.federation.device.joined import left_before
from swipefl.federation.device.node import Followed, followed
from swipefl.store.checkpoints import Verdict
from swipefl.store.membership import Fault, Membership
from swipefl.store.models import used
from swipefl.store.nights import Departure, Night
from swipefl.store.rounds import Round
from swipefl.store.store import Store

ROUNDS, NIGHTS = 10, 90  # the last ones


@dataclass(frozen=True)
class KnownCheckpoint:
    """A checkpoint without its bytes; `in_use` is the personal choice, `verdict` what was found of a global one.

    `fingerprint` is that of the bytes; that of a global one's weights, which both ends know, is in FederationStatus.
    """

    id: int
    kind: str
    fingerprint: str
    created_at: float
    in_use: bool
    verdict: Verdict | None


@dataclass(frozen=True)
class WaitingUpdate:
    """An update that waits to be sent: out of how many examples, and how large."""

    id: str
    examples: int
    bytes: int


@dataclass(frozen=True)
class FederationStatus:
    """Where the coordinator is, and how the last visit went; `visited_at` (unix seconds) is None before the first.

    `fingerprint` is that of `version`'s weights, as `coordinator status` shows it, "" before the first.
    `shares_scores` says whether it is told what its versions do here, `contributed` whether it has taken something.
    `visits` says whether timers visit it: "closed" (as usual), "open" (not before `next_visit_at`, after `failures` in
    a row or a `fault` that does not pass by itself) or "half-open" (the next one asks once).
    """

    address: str
    device_id: str
    version: int
    visited_at: float | None
    failures: int
    shares_scores: bool
    contributed: bool = False
    visits: State = "closed"
    next_visit_at: float | None = None
    fault: Fault | None = None
    fingerprint: str = ""


@dataclass(frozen=True)
class NodeStatus:
    """Of a device that is a node of Flower itself: the newest `version` that it was told of, and whose `key` (hex)
    signs those. `gave` says whether something was given for that version, `shares_scores` whether it is told what its
    versions do here.
    """

    version: int
    key: str
    gave: bool
    shares_scores: bool


@dataclass(frozen=True)
class Status:
    """What is in a store; predictions use the checkpoint of number `in_use`, None for the base.

    `in_order` counts the gestures that the person's own words in order are made of. `nothing_to_do` says why a cycle
    would do nothing now; None where there is something to learn. `gain` counts all nights that are kept, `nights` are
    the last ones, oldest first: each as it found things then. `left` is what left, oldest first, the first
    `left_before` of them before this device joined whom it gives to now. `new_swipes` are the good ones that no night
    has seen, all of them once the models were erased. `node` is None for a device that is no node of Flower itself.
    """

    home: str
    gestures: dict[str, int]
    personal_words: int
    in_order: int
    checkpoints: tuple[KnownCheckpoint, ...]
    in_use: int | None
    rounds: tuple[Round, ...]
    outbox: tuple[WaitingUpdate, ...]
    federation: FederationStatus | None
    nothing_to_do: str | None
    gain: Gain
    nights: tuple[Night, ...]
    left: tuple[Departure, ...] = ()
    new_swipes: int = 0
    node: NodeStatus | None = None
    left_before: int = 0


def status_of(store: Store, shares_scores: bool = False) -> Status:
    """What is in the store now. Raises StoreError."""
    member, predicts, nights = store.memberships.get(), used(store), store.nights.all()
    return Status(
        home=str(store.path.parent),
        gestures=store.gestures.counts(),
        personal_words=len(store.words.all()),
        in_order=store.phrases.made_of(),
        checkpoints=tuple(
            KnownCheckpoint(c.id, c.kind, c.fingerprint, c.created_at, c.in_use, c.verdict)
            for c in store.checkpoints.all()
        ),
        in_use=predicts.id if predicts else None,
        rounds=tuple(store.rounds.all()[-ROUNDS:]),
        outbox=tuple(WaitingUpdate(u.id, u.examples, len(u.blob)) for u in store.outbox.waiting()),
        federation=_federation(member, shares_scores) if member else None,
        nothing_to_do=nothing_to_do(store),
        gain=gain(nights, predicts.fingerprint if predicts else None),
        nights=tuple(nights[-NIGHTS:]),
        left=tuple(store.nights.left()),
        left_before=left_before(store),
        new_swipes=to_learn(store),
        node=_node(known, shares_scores) if (known := followed(store.meta)) else None,
    )


def _node(known: Followed, shares_scores: bool) -> NodeStatus:
    gave = known.given is not None and known.given.examples > 0
    return NodeStatus(known.version, known.key.hex(), gave, shares_scores)


def _federation(member: Membership, shares_scores: bool) -> FederationStatus:
    visited_at, now = member.tried_at or None, time.time()
    left = left_s(member, now)
    return FederationStatus(
        member.address,
        member.device_id,
        member.version,
        visited_at,
        member.failures,
        shares_scores,
        member.contributed > 0,
        state_of(member, now),
        now + left if left else None,
        member.fault,
        member.fingerprint,
    )

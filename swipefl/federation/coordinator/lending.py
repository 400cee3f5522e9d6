"""A coordinator whose versions are made elsewhere, out of what many coordinators give: it follows, and it lends.

It follows a version (`follow`): publishes it as its own next one, unless its own holdout says worse, and in the same
transaction consumes what it had lent, if that went into this version or one before; if not, that waits again. And it
lends (`lend`) the one change that all waiting updates come to: noted before it is given, so that whatever is killed
when, an update goes into one version and into no second.

Whoever gets two sums may take one from the other. So a new one has at least as many updates that were in none before as
any version is made of, and until there are so many the last one is lent again, as it was. Then whatever may be worked
out of all sums that were ever lent holds as many updates: those that were new in the last of the sums that it takes.

A device that leaves takes what waits of it along; a sum that it is in may be on its way then, and is not lent once
more: the next one is without it, and is lent once there are enough new updates to hide what is missing.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.errors import Remedy, TooLittleData, TrustError, UsageError, VersionConflict
from swipefl.federation.aggregation import Arrived, combine, weight_of
from swipefl.federation.coordinator.arrivals import arrival, dropping_unfit
from swipefl.federation.coordinator.contributions import Contribution, Followed
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import MOST_TOGETHER, Holdout
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Waiting
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.protocol.bounds import REMEMBERED
from swipefl.federation.protocol.following import Signed, is_known
from swipefl.federation.protocol.signing import name_of as name_of_keys
from swipefl.federation.round import Master
from swipefl.federation.update import Delta, clipped
from swipefl.stopping import never

MOST_LENT = 10_000  # updates of one sum, unless `buffer` is larger; a mean reads them one at a time
MOST_TRIES = 100  # each of which drops an update that fits no longer, or meets somebody who was faster
Done = TypeVar("Done")


class Offered(Signed, Protocol):
    """A version that somebody signed, the proof of that, and which contribution of whom went into one last."""

    @property
    def model(self) -> Checkpoint: ...

    @property
    def included(self) -> Mapping[str, str]: ...

    @property
    def proof(self) -> bytes: ...


@dataclass(frozen=True, eq=False)
class Lent:
    """The change that `updates` updates come to together, out of so many examples, and the sum of their weights."""

    id: str
    delta: Delta
    weight: float
    updates: int
    examples: int


@dataclass(frozen=True)
class Standing:
    """What proves which version was followed last, nothing before any; of how many updates a sum could be, and of how
    many it must.
    """

    proof: bytes
    waiting: int
    needed: int


def name_of(state: State) -> str:
    """What a coordinator is known by among others: its first signing key, hashed. Raises UsageError."""
    return name_of_keys(state.keys.public())


def follow(state: State, policy: Policy, offered: Offered, holdout: Holdout | None = None) -> Followed:
    """Publishes a version of elsewhere, unless it was followed before; what was followed then.

    The first signer is followed, or the one whom the owner names; going over to that one is as meeting it first, and
    drops what is lent, which may be in a version of the one before. Raises TrustError for any other signer, a version
    older than the last or another under its number; UsageError where versions are made here, or where a model that was
    would be lost that no holdout holds against the one that comes; StoreError.
    """
    return _settling(lambda: _follow(state, policy, offered, holdout))


def _settling(work: Callable[[], Done]) -> Done:
    """What some work comes to that starts anew where an owner, a device or another process was faster.

    Raises VersionConflict where that has no end.
    """
    for _ in range(MOST_TRIES):
        with suppress(VersionConflict):
            return work()
    return work()


def _follow(state: State, policy: Policy, offered: Offered, holdout: Holdout | None) -> Followed:
    if policy.flower_key not in (None, offered.key):
        what = "another key signed this version, {key}, than the one that is set; nothing of it was used"
        raise TrustError("wrong-signer", what, Remedy.ASK_OWNER, key=offered.key.hex())
    with state.reading():
        _check_follows(state, policy)
        known = state.contributions.followed()
        newest, master = state.versions.newest(), state.versions.master()
    is_first = known is None or _goes_over(policy, known, offered)
    if known and not is_first and is_known(known, offered):
        return known
    if is_first and holdout is None:
        _check_nothing_lost(state, master, offered)
    draft, before, after = _judged(master, offered.model, holdout)
    followed = Followed(offered.key, offered.version, offered.sha256, offered.proof, before, after)
    with state.transaction():
        _check_follows(state, policy)
        if state.contributions.followed() != known:
            raise VersionConflict("followed-meanwhile", "another version was followed meanwhile")
        if is_first:
            state.contributions.part()
        consumed = _settled(state, known, offered)
        version = state.publish(replace(draft, consumed=consumed, after=newest.number), policy.kept)
        state.contributions.follow(followed)
    _log(version, offered.version)
    return followed


def _log(version: Version, followed: int) -> None:
    structlog.get_logger().info(
        "new version", version=version.number, made_by=version.made_by, updates=version.updates, followed=followed
    )


def _check_follows(state: State, policy: Policy) -> None:
    """Raises UsageError where versions are made here, by the settings or by who serves: then none may be followed."""
    if not policy.follows:
        what = "this coordinator makes its versions itself; set versions_from to flower for one that follows others'"
        raise UsageError("versions-from-here", what, Remedy.CORRECT_SETTING)
    if state.served_with("follows") == 0:
        what = "who served this coordinator last made its versions itself: serve it with versions_from = flower first"
        raise UsageError("serves-versions-from-here", what, Remedy.CORRECT_SETTING)


def _goes_over(policy: Policy, known: Followed, offered: Offered) -> bool:
    """Whether its signer is another than was followed, and the one whom the owner names."""
    return offered.key != known.key and offered.key == policy.flower_key


def _check_nothing_lost(state: State, master: Master, offered: Offered) -> None:
    """Raises UsageError where a model that devices made here would go that is not the one that comes."""
    is_same = Master(offered.model).published().fingerprint == master.published().fingerprint
    if state.versions.has_learned() and not is_same:
        what = (
            "the model that was made here would be lost: let the server start from it, set a holdout, or publish or "
            "roll back to what may be lost; nothing of what came was used"
        )
        raise UsageError("model-would-be-lost", what, Remedy.CORRECT_SETTING)


def _judged(master: Master, model: Checkpoint, holdout: Holdout | None) -> tuple[Draft, float | None, float | None]:
    """What is published for a model that came, and top-1 before and with it; one that is worse is not used here."""
    candidate = Master(model)
    if holdout is None:
        return Draft(candidate, "followed"), None, None
    before, after = holdout(master.published(), never), holdout(candidate.published(), never)
    if after < before:
        return Draft(master, "kept", top1=before, candidate_top1=after), before, after
    return Draft(candidate, "followed", top1=after), before, after


def _settled(state: State, known: Followed | None, offered: Offered) -> list[int]:
    """The updates that went elsewhere's way with the contribution of that id; whatever else was lent waits again.

    Who comes so late that nobody knows any more where it went gives up what was lent: it may be in a version.
    """
    contribution = state.contributions.of_id(offered.included.get(name_of(state), ""))
    consumed = state.contributions.members(contribution) if contribution else []
    if not contribution and known and offered.version - known.version > REMEMBERED:
        structlog.get_logger().warning("given up", updates=state.contributions.give_up(), followed=known.version)
    state.contributions.settle()
    return [update.number for update in consumed]


def standing(state: State, policy: Policy, now: float) -> Standing:
    """Where a coordinator stands at `now`, in unix seconds. Raises StoreError.

    A sum is due when a version would be that is made here, and one that is not in a version yet at any time.
    """
    with state.reading():
        policy, followed = _as_served(state, policy), state.contributions.followed()
        proof, last = followed.proof if followed else b"", state.contributions.last()
        if last and state.contributions.is_whole(last):
            return Standing(proof, last.updates, last.updates)
        waiting, oldest = state.updates.backlog()
        new = waiting - len(state.contributions.lent())
    if new < policy.fewest:
        return Standing(proof, new, policy.fewest)
    return Standing(proof, waiting, policy.fewest if policy.is_due(waiting, now - oldest) else policy.buffer)


def _as_served(state: State, policy: Policy) -> Policy:
    """The policy, with no fewer updates in a sum than whoever serves was told that any version is made of."""
    least = state.served_with("least") or 0
    return replace(policy, least=max(policy.least, least), buffer=max(policy.buffer, least))


def lend(state: State, policy: Policy, attempt: str, version: int, max_norm: float) -> Lent:
    """All that waits as one change within `max_norm`, for an attempt to make the version after `version`.

    The same attempt gets the same again, and so does another one while fewer updates came than any version is made of.
    Raises TooLittleData where that cannot be lent again, or never was; TrustError where another version is followed by
    now; UsageError where versions are made here; StoreError.
    """
    return _settling(lambda: _lend(state, policy, attempt, version, max_norm))


def _lend(state: State, policy: Policy, attempt: str, version: int, max_norm: float) -> Lent:
    with state.reading():
        _check_lends(state, policy, version)
        last, newest = state.contributions.last(), state.versions.newest()
        known, updates = _sum(state, _as_served(state, policy), attempt)
    late_from = known.newest if known else newest.number
    arrived = [arrival(state, update, late_from, newest.shapes) for update in updates]
    with dropping_unfit(state):
        delta = clipped(combine(arrived, newest.shapes, policy.strategy), min(max_norm, policy.plan.max_norm))
    with state.transaction():
        _check_lends(state, policy, version)
        if last != state.contributions.last() or newest != state.versions.newest():
            raise VersionConflict("lent-meanwhile", "another process lent or published meanwhile")
        lent = known or state.contributions.lend(attempt, newest.number, [update.number for update in updates])
    return Lent(lent.id, delta, _weight(arrived, policy), len(updates), sum(update.examples for update in updates))


def _check_lends(state: State, policy: Policy, version: int) -> None:
    """Raises UsageError, TrustError as `lend`."""
    _check_follows(state, policy)
    followed = state.contributions.followed()
    if followed is None or followed.version != version:
        what = "another version than {version} is followed by now; nothing is lent for it"
        raise TrustError("older-version", what, Remedy.ASK_OWNER, version=version)


def _sum(state: State, policy: Policy, attempt: str) -> tuple[Contribution | None, list[Waiting]]:
    """The updates that are lent, and as which contribution where they were before. Raises TooLittleData."""
    known, lent = state.contributions.of_attempt(attempt), state.contributions.lent()
    waiting = state.updates.waiting()
    new = [update for update in waiting if update.number not in lent]
    if known is None and len(new) >= policy.fewest:
        old = [update for update in waiting if update.number in lent]
        return None, old + new[: max(policy.fewest, _most(policy) - len(old))]
    again = known or state.contributions.last()
    if again and state.contributions.is_whole(again):
        return again, state.contributions.members(again)
    if known:
        what = "a device left whose update was lent for this attempt; it is lent for no other, nor once more for this"
        raise TooLittleData("contribution-gone", what)
    what = "{count} updates wait that were lent to nobody yet, and a sum with fewer than {fewest} of these is not lent"
    raise TooLittleData("too-few-to-lend", what, count=len(new), fewest=policy.fewest)


def _most(policy: Policy) -> int:
    """How many updates go into one sum: where a rule holds them together, as many as into a version made here."""
    return max(policy.buffer, MOST_LENT if policy.strategy.rule == "mean" else MOST_TOGETHER)


def _weight(arrived: list[Arrived], policy: Policy) -> float:
    cap = policy.strategy.example_cap
    return sum(weight_of(update.examples, update.staleness, cap) for update in arrived)

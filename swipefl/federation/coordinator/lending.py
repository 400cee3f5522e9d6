"""A coordinator whose versions are made elsewhere, out of what many coordinators give: it follows, and it lends.

It follows a version (`follow`): publishes it as its own next one, unless its own holdout says worse, and in the same
transaction consumes what it had lent, if that went into this version or one before; if not, that waits again. And it
lends (`lend`) the one change that all waiting updates come to: noted before it is given, so that whatever is killed
when, an update goes into one version and into no second.

What comes meanwhile goes along the next time. A device that leaves takes what waits of it along; a sum that it is in
may be on its way then, and is not lent once more: whoever asks again for the same gets nothing, and the next sum is
without it.
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

MOST_TRIES = 100  # each of which drops an update that fits no longer, or meets somebody who was faster
Done = TypeVar("Done")


class Offered(Signed, Protocol):
    """A version that somebody signed, and which contribution of whom went into one last."""

    @property
    def model(self) -> Checkpoint: ...

    @property
    def included(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, eq=False)
class Lent:
    """The change that `updates` updates come to together, out of so many examples, and the sum of their weights."""

    id: str
    delta: Delta
    weight: float
    updates: int
    examples: int


def name_of(state: State) -> str:
    """What a coordinator is known by among others: its first signing key, hashed. Raises UsageError."""
    return name_of_keys(state.keys.public())


def follow(state: State, policy: Policy, offered: Offered, holdout: Holdout | None = None) -> Followed:
    """Publishes a version of elsewhere, unless it was followed before; what was followed then.

    Raises TrustError for another signer than the first one's, a version older than the last or another under its
    number; UsageError where versions are made here; StoreError.
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
    with state.reading():
        _check_follows(state, policy)
        known = state.contributions.followed()
        newest, master = state.versions.newest(), state.versions.master()
    if known and is_known(known, offered):
        return known
    draft, before, after = _judged(master, offered.model, holdout)
    followed = Followed(offered.key, offered.version, offered.sha256, before, after)
    with state.transaction():
        _check_follows(state, policy)
        if state.contributions.followed() != known:
            raise VersionConflict("followed-meanwhile", "another version was followed meanwhile")
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
    state.contributions.give_back()
    return [update.number for update in consumed]


def lend(state: State, policy: Policy, attempt: str, version: int, max_norm: float) -> Lent:
    """All that waits as one change within `max_norm`, for an attempt to make the version after `version`.

    The same attempt gets the same again. Raises TooLittleData where fewer updates wait than anything is made of, or
    one of those that were lent for this attempt waits no longer; TrustError where another version is followed by now;
    UsageError where versions are made here; StoreError.
    """
    return _settling(lambda: _lend(state, policy, attempt, version, max_norm))


def _lend(state: State, policy: Policy, attempt: str, version: int, max_norm: float) -> Lent:
    with state.reading():
        known = _check_lends(state, policy, attempt, version)
        waiting = state.contributions.members(known) if known else _waiting(state, policy)
        newest = state.versions.newest()
    _check_enough(waiting, policy, known)
    late_from = known.newest if known else newest.number
    arrived = [arrival(state, update, late_from, newest.shapes) for update in waiting]
    with dropping_unfit(state):
        delta = clipped(combine(arrived, newest.shapes, policy.strategy), min(max_norm, policy.plan.max_norm))
    with state.transaction():
        if known != _check_lends(state, policy, attempt, version) or newest != state.versions.newest():
            raise VersionConflict("lent-meanwhile", "another process lent or published meanwhile")
        lent = known or state.contributions.lend(attempt, newest.number, [update.number for update in waiting])
    return Lent(lent.id, delta, _weight(arrived, policy), len(waiting), sum(update.examples for update in waiting))


def _waiting(state: State, policy: Policy) -> list[Waiting]:
    return state.updates.waiting()[: max(policy.buffer, MOST_TOGETHER)]


def _check_lends(state: State, policy: Policy, attempt: str, version: int) -> Contribution | None:
    """What was lent for an attempt before. Raises UsageError, TrustError as `lend`."""
    _check_follows(state, policy)
    followed = state.contributions.followed()
    if followed is None or followed.version != version:
        what = "another version than {version} is followed by now; nothing is lent for it"
        raise TrustError("older-version", what, Remedy.ASK_OWNER, version=version)
    return state.contributions.of_attempt(attempt)


def _check_enough(waiting: list[Waiting], policy: Policy, known: Contribution | None) -> None:
    if known and len(waiting) < known.updates:
        what = "a device left whose update was lent for this attempt; it is lent for no other, nor once more for this"
        raise TooLittleData("contribution-gone", what)
    if len(waiting) < policy.fewest:
        what = "{count} updates wait, and fewer than {fewest} are not lent"
        raise TooLittleData("too-few-to-lend", what, count=len(waiting), fewest=policy.fewest)


def _weight(arrived: list[Arrived], policy: Policy) -> float:
    cap = policy.strategy.example_cap
    return sum(weight_of(update.examples, update.staleness, cap) for update in arrived)

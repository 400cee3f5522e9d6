"""When a device's timers visit its coordinator: a back-off, and a circuit breaker over it.

It is *closed* while visits come through, and for the first failures, which only back off. It is *open* once they fail
again and again, or at once where as things are set none can ever come through; nobody is asked meanwhile. When its time
is over it is *half-open*: one visit asks once, and what comes of that closes or opens it. All of it is in the store, as
processes come and go, and only timers are held by it: a person who says `sync` always visits.
"""

import random
from dataclasses import replace
from typing import Literal

from swipefl.errors import CoordinatorUnreachable, CredentialRefused, SwipeflError, TrustError, UsageError
from swipefl.store.membership import Fault, Membership

State = Literal["closed", "open", "half-open"]
OPENS_AT = 3  # failures in a row
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 60.0, 6 * 3600.0
LONGEST_WAIT_S = 24 * 3600.0  # whatever a coordinator asks for
_LASTING = (UsageError, CredentialRefused)  # what passes only when somebody does something
_LASTING_DISTRUST = frozenset({"wrong-key", "wrong-signature", "unreadable-manifest", "downgrade"})  # so do these


def state_of(member: Membership, now: float) -> State:
    """What holds at `now` (unix seconds)."""
    if member.failures < OPENS_AT and not (member.fault and member.fault.is_lasting):
        return "closed"
    return "open" if left_s(member, now) > 0 else "half-open"


def left_s(member: Membership, now: float) -> float:
    """For how many seconds timers stay away yet: a pause that the coordinator asked for, or one after a failure.

    A clock that went back says nothing, and one that jumped ahead ends it: it is a day at most, whatever is stored.
    """
    left = min(member.tried_at + min(member.wait_s, LONGEST_WAIT_S) - now, LONGEST_WAIT_S)
    return left if left > 0 and now >= member.tried_at else 0.0  # also for NaN


def waits(member: Membership, now: float) -> CoordinatorUnreachable | None:
    """Why a timer should not visit now, or None: the coordinator's window is closed, or a back-off runs."""
    if not (left := left_s(member, now)):
        return None
    return too_soon(member, left)


def too_soon(member: Membership, left: float) -> CoordinatorUnreachable:
    """Why it is not visited for `left` seconds yet."""
    why = "the last visit failed" if member.failures else "the coordinator asked for a pause between visits"
    due = "{why}; the next one is due in {minutes} min"
    return CoordinatorUnreachable("too-soon", due, why=why, minutes=max(1, round(left / 60)))


def is_lasting(error: SwipeflError) -> bool:
    """Whether no visit can come through until somebody does something: here, or who runs the coordinator."""
    return isinstance(error, _LASTING) or (isinstance(error, TrustError) and error.code in _LASTING_DISTRUST)


def after_failure(member: Membership, error: SwipeflError, now: float, rng: random.Random) -> Membership:
    """What is known once a visit failed of `error`."""
    fault = Fault.of(error, is_lasting(error))
    return begun(replace(member, failures=member.failures + 1, fault=fault), now, rng)


def begun(member: Membership, now: float, rng: random.Random) -> Membership:
    """With the pause of its failures begun at `now`: whoever asks from then on finds this one's turn taken."""
    longest = min(LONGEST_BACK_OFF_S, FIRST_BACK_OFF_S * 2 ** min(max(member.failures, 1) - 1, 20))
    if member.fault and member.fault.is_lasting:
        longest = LONGEST_BACK_OFF_S
    return replace(member, tried_at=now, wait_s=longest * rng.uniform(0.5, 1))


def after_success(member: Membership, retry_after_s: float, now: float) -> Membership:
    """What is known once a visit came through: it is closed, for as long as the coordinator asks not to be visited."""
    wait = min(retry_after_s, LONGEST_WAIT_S) if retry_after_s > 0 else 0.0  # also for NaN
    return replace(member, failures=0, tried_at=now, wait_s=wait, fault=None)


def closed(member: Membership) -> Membership:
    """What is known once a person has said to try again: failures count no more, and the next timer visits.

    What the last visit failed of stays known: it did not come through.
    """
    fault = replace(member.fault, is_lasting=False) if member.fault else None
    return replace(member, failures=0, wait_s=0.0, fault=fault) if member.failures else member

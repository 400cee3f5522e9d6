"""What a cycle would do now, and why: nothing is done for it, and nothing changed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from swipefl.device.cycle import nothing_to_do
from swipefl.device.personal import to_learn
from swipefl.errors import UsageError
from swipefl.federation.device.breaker import waits
from swipefl.operations.eligibility import Condition, Eligibility
from swipefl.store.membership import Membership
from swipefl.store.store import Store

Would = Literal["learn", "nothing", "wait"]


@dataclass(frozen=True)
class Outlook:
    """Whether a cycle would `learn`, has `nothing` to do, or would `wait`, and in a sentence why; all `conditions`.

    `visits` says whether it would speak to the coordinator, `contributes` whether it may give something: both None
    for a device that belongs to no federation.
    """

    would: Would
    says: str
    new_swipes: int
    visits: bool | None
    contributes: bool | None
    conditions: tuple[Condition, ...]


def outlook(
    store: Store | None,
    eligibility: Eligibility,
    least_new_swipes: int,
    check_trainer: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.time,
) -> Outlook:
    """What a cycle would do; `store` is only read, None where there is none yet.

    `check_trainer` raises UsageError where nothing can be learned here. Raises StoreError.
    """
    member = store.memberships.get() if store else None
    is_member = member is not None
    conditions = eligibility.conditions(is_member)
    if member:
        conditions = (*conditions, _between_visits(member, clock()))
    unmet = {each.scope: each for each in reversed(conditions) if not each.is_met}  # the first of each scope
    new = to_learn(store) if store else 0
    idle = nothing_to_do(store, least_new_swipes, "contribution" not in unmet) if store else "there are no swipes yet"
    if not idle:
        try:
            check_trainer()
        except UsageError as error:
            idle = str(error)
    would, says = _would(unmet["night"].says if "night" in unmet else None, idle, new)
    visits = "night" not in unmet and "visit" not in unmet if is_member else None
    contributes = "night" not in unmet and "contribution" not in unmet if is_member else None
    return Outlook(would, says, new, visits, contributes, conditions)


def _between_visits(member: Membership, now: float) -> Condition:
    """Whether a timer is held off: after failed visits, or as the coordinator asked."""
    if wait := waits(member, now):
        return Condition("between_visits", "visit", False, str(wait), remedy="`swipefl sync` visits now")
    return Condition("between_visits", "visit", True, "no pause between visits holds it off")


def _would(waits_for: str | None, idle: str | None, new: int) -> tuple[Would, str]:
    if waits_for:
        return "wait", f"it would wait: {waits_for}"
    if idle:
        return "nothing", f"it would learn nothing: {idle}"
    return "learn", f"it would learn: {new:,} swipes are new" if new else "it would learn: something is new"

"""What `cycle --explain` says of visits: what a cycle itself would find."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.errors import CoordinatorUnreachable, TrustError
from swipefl.federation.device.breaker import LONGEST_WAIT_S, after_failure, after_success, closed, waits
from swipefl.operations.conditions.bus import Bus
from swipefl.operations.conditions.limits import Limits
from swipefl.operations.conditions.machine import Machine
from swipefl.operations.eligibility import Eligibility
from swipefl.operations.outlook import Outlook, outlook
from swipefl.store.membership import Membership
from swipefl.store.store import Store
from tests.support.played import MEMBER

NOW = 1.8e9
ANYTHING = Limits(least_battery=0, metered=True, sharing_battery=0, hottest_c=0, least_disk_mb=0, least_memory_mb=0)


def failed(code: str, times: int) -> Membership:
    error = CoordinatorUnreachable(code, "nobody") if code == "no-answer" else TrustError(code, "another")
    member = MEMBER
    for _ in range(times):
        member = after_failure(member, error, NOW, random.Random(0))
    return member


MEMBERS = {
    "never visited": MEMBER,
    "came through": after_success(MEMBER, 0, NOW),
    "asked for a pause": after_success(MEMBER, 600, NOW),
    "failed once": failed("no-answer", 1),
    "open": failed("no-answer", 3),
    "distrusted": failed("wrong-key", 1),
    "a person said to try": closed(failed("no-answer", 3)),
    "of a clock ahead": replace(failed("no-answer", 3), tried_at=NOW + 400 * 86_400),
    "no time": replace(MEMBER, tried_at=float("-inf"), wait_s=60.0),
}


def looked(store: Store, folder: Path, now: float) -> Outlook:
    return outlook(store, Eligibility(Machine(folder, Bus()), ANYTHING), 1, clock=lambda: now)


@pytest.mark.parametrize("later_s", [0.0, 300.0, LONGEST_WAIT_S])
@pytest.mark.parametrize("named", MEMBERS)
def test_it_would_visit_where_a_cycle_would(store: Store, tmp_path: Path, named: str, later_s: float) -> None:
    member, now = MEMBERS[named], NOW + later_s
    store.memberships.set(member)
    seen, holds = looked(store, tmp_path, now), waits(member, now)
    (condition,) = [each for each in seen.conditions if each.name == "between_visits"]
    assert (condition.scope, condition.is_met, seen.visits) == ("visit", holds is None, holds is None)
    if holds:
        assert condition.says == str(holds)
        assert " min" in condition.says


def test_who_belongs_to_nobody_visits_nobody(store: Store, tmp_path: Path) -> None:
    seen = looked(store, tmp_path, NOW)
    assert (seen.visits, [each.name for each in seen.conditions if each.scope == "visit"]) == (None, [])

"""When timers visit: less and less often after failures, at most once of two, and never never again."""

import random
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import (
    CoordinatorUnreachable,
    CredentialRefused,
    Remedy,
    SwipeflError,
    TrustError,
    UnusableModel,
    UsageError,
)
from swipefl.federation.device.breaker import (
    LONGEST_BACK_OFF_S,
    LONGEST_WAIT_S,
    OPENS_AT,
    after_failure,
    after_success,
    begun,
    closed,
    is_lasting,
    left_s,
    state_of,
)
from swipefl.federation.device.client import TRIES
from swipefl.federation.device.exchange import Exchange
from swipefl.store.membership import Fault, Membership
from swipefl.store.store import Store
from tests.support.command import ROOT
from tests.support.played import MEMBER, Played

NOW = 1.8e9
AWAY = CoordinatorUnreachable("no-answer", "nobody at {address}", Remedy.TRY_LATER, address="a:1")
NEVER: list[SwipeflError] = [
    UsageError("other-authority", "another's", Remedy.GIVE_AUTHORITY),
    CredentialRefused("unknown-device", "who?", Remedy.REENROLL),
    *(TrustError(code, "no") for code in ("wrong-key", "wrong-signature", "unreadable-manifest", "downgrade")),
]
PASSES = {
    "implausible-size",
    "more-than-signed",
    "no-manifest",
    "not-as-its-manifest",
    "otherwise-than-signed",
    "unusable-name",  # of enrolment alone, as is the next
    "wrong-coordinator",
}  # what a transfer, or the version that is offered now, may be to blame for
ELSEWHERE = {
    "another-model",
    "older-version",
    "wrong-contribution",
    "wrong-inclusion",
    "wrong-signer",
}  # what Flower's server and its nodes say of each other; no visit of a device to its coordinator fails of it
PASSING: list[SwipeflError] = [AWAY, TrustError("otherwise-than-signed", "cut"), UnusableModel("unusable-model", "odd")]


def failed(error: SwipeflError, times: int, now: float = NOW) -> Membership:
    member = MEMBER
    for _ in range(times):
        member = after_failure(member, error, now, random.Random(0))
    return member


@pytest.mark.parametrize("error", PASSING, ids=lambda error: error.code)
def test_it_opens_when_visits_fail_again_and_again(error: SwipeflError) -> None:
    assert [state_of(failed(error, times), NOW) for times in range(OPENS_AT + 2)] == ["closed"] * OPENS_AT + [
        "open",
        "open",
    ]
    member = failed(error, OPENS_AT)
    assert state_of(member, NOW + left_s(member, NOW)) == "half-open"


def test_of_each_distrust_it_is_said_whether_it_passes() -> None:
    """A new one has to be put into one of the three."""
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "swipefl" / "federation").rglob("*.py"))
    codes = set(re.findall(r'\bTrustError\(\s*"([a-z-]+)"', texts))
    lasting = {code for code in codes if is_lasting(TrustError(code, ""))}
    assert lasting == {error.code for error in NEVER if type(error) is TrustError}
    assert codes - lasting == PASSES | ELSEWHERE


@pytest.mark.parametrize("error", NEVER, ids=lambda error: error.code)
def test_it_opens_at_once_where_no_visit_can_come_through(error: SwipeflError) -> None:
    member = failed(error, 1)
    assert state_of(member, NOW) == "open"
    assert member.wait_s >= LONGEST_BACK_OFF_S / 2
    assert state_of(member, NOW + LONGEST_BACK_OFF_S) == "half-open", "a night later it is tried"
    assert state_of(after_failure(member, AWAY, NOW, random.Random(0)), NOW) == "closed", "now it may pass"


@pytest.mark.parametrize("shut", [lambda member: after_success(member, 0, NOW), closed])
def test_an_answer_and_a_person_close_it(shut: Callable[[Membership], Membership]) -> None:
    member = shut(failed(NEVER[0], 9))
    assert (state_of(member, NOW), left_s(member, NOW), member.failures) == ("closed", 0, 0)


def test_what_a_visit_failed_of_is_known_until_one_comes_through() -> None:
    """Also where a person has said to try again."""
    again = closed(failed(NEVER[0], 9))
    assert again.fault
    assert again.fault.code == NEVER[0].code
    assert after_success(again, 0, NOW).fault is None
    assert state_of(after_failure(again, AWAY, NOW, random.Random(0)), NOW) == "closed"


def test_a_pause_that_the_coordinator_asked_for_is_not_what_a_person_closes() -> None:
    member = after_success(MEMBER, 600, NOW)
    assert left_s(closed(member), NOW) == 600


@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.integers(0, 10**9), st.floats(-1e11, 1e11))
def test_no_clock_and_no_stored_number_keeps_it_away_for_more_than_a_day(
    tried_at: float, wait_s: float, failures: int, now: float
) -> None:
    member = replace(MEMBER, tried_at=tried_at, wait_s=wait_s, failures=failures)
    left = left_s(member, now)
    assert 0 <= left <= LONGEST_WAIT_S
    assert not left or left_s(member, now + left + 1) == 0
    assert left_s(begun(member, now, random.Random(0)), now) <= LONGEST_BACK_OFF_S


@pytest.mark.parametrize("wrong_by", [-400 * 86_400.0, 400 * 86_400.0])
def test_a_clock_that_was_a_year_wrong_holds_nobody_once_it_is_right(wrong_by: float) -> None:
    assert left_s(failed(AWAY, 9, NOW + wrong_by), NOW) == 0


def test_what_it_failed_of_is_kept_and_told_later(store: Store) -> None:
    odd = UsageError("odd", "{what} at {address}", Remedy.CHECK_ADDRESS, what="{braces} and {address}", address="a:1")
    store.memberships.set(after_failure(MEMBER, odd, NOW, random.Random(0)))
    member = store.memberships.get()
    assert member
    assert member.fault
    told = member.fault.error
    assert (told.code, told.remedy, str(told)) == ("odd", Remedy.CHECK_ADDRESS, "{braces} and {address} at a:1")
    for text in ("", "no JSON", "[]", '{"code": 1, "more": 2}', '{"code":"a","says":"b","remedy":"OF_NEWER"}'):
        store.sql.run("UPDATE membership SET fault = ?", (text,))
        known = store.memberships.get()
        assert known
        assert known.fault is None or known.fault.error.remedy is None


class Counted(Played):
    """Counts the visits, and how often each may ask; all of them begin at once."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.asked: list[int] = []

    def check_in(self, version: int, fingerprint: str, judged: Any = None) -> Any:
        self.asked.append(self.tries)
        return super().check_in(version, fingerprint, judged)


def test_of_two_processes_one_visits_once_it_is_half_open(tmp_path: Path) -> None:
    client, begin = Counted(is_away=True), threading.Barrier(4)
    with Store(tmp_path / "swipefl.db") as store:
        store.memberships.set(failed(AWAY, OPENS_AT))

    def visit(_: int) -> str:
        with Store(tmp_path / "swipefl.db") as own:
            exchange = Exchange(own, tmp_path, lambda member: client, lambda: NOW + LONGEST_BACK_OFF_S)  # type: ignore[arg-type, return-value]
            assert exchange.waits() is None
            begin.wait()
            with pytest.raises(CoordinatorUnreachable) as caught:
                exchange.run(by_timer=True)
            return caught.value.code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(visit, range(4))) == ["too-soon"] * 3 + ["unreachable"]
    assert client.asked == [1], "it asks once, and not again in a moment"


@pytest.mark.parametrize(
    ("failures", "by_timer", "tries"), [(0, True, TRIES), (OPENS_AT - 1, True, TRIES), (9, False, TRIES), (9, True, 1)]
)
def test_only_a_timer_that_finds_it_half_open_asks_once_and_an_answer_closes_it(
    store: Store, tmp_path: Path, failures: int, by_timer: bool, tries: int
) -> None:
    client = Counted()
    store.memberships.set(failed(AWAY, failures))
    later = NOW + LONGEST_BACK_OFF_S if by_timer else NOW + 1
    Exchange(store, tmp_path, lambda member: client, lambda: later).run(by_timer=by_timer)  # type: ignore[arg-type, return-value]
    member = store.memberships.get()
    assert member
    assert (client.asked, member.failures, member.fault) == ([tries], 0, None)


def test_a_visit_that_is_killed_leaves_the_pause_of_one_that_failed(store: Store, tmp_path: Path) -> None:
    class Killed(Played):
        def check_in(self, *asked: Any, **more: Any) -> Any:
            raise KeyboardInterrupt

    store.memberships.set(failed(AWAY, 9))
    later = NOW + LONGEST_BACK_OFF_S
    exchange = Exchange(store, tmp_path, lambda member: Killed(), lambda: later)  # type: ignore[arg-type, return-value]
    with pytest.raises(KeyboardInterrupt):
        exchange.run(by_timer=True)
    member = store.memberships.get()
    assert member
    assert (state_of(member, later), member.failures, member.fault) == ("open", 9, Fault.of(AWAY))

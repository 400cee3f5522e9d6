"""Many devices: listed by pages, counted as they come and go, and no call, round or command that looks at each."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.cli import values
from swipefl.cli.values import Typed
from swipefl.errors import UsageError
from swipefl.federation.coordinator import devices
from swipefl.federation.coordinator.admission import admit, has_voted
from swipefl.federation.coordinator.devices import DAY_S, SILENT_DAYS, STATES, Calls
from swipefl.federation.coordinator.judged import Judgement
from swipefl.federation.coordinator.lending import follow, lend, name_of, standing
from swipefl.federation.coordinator.notes import Noted
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import devices_of, status_of
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.round import Master
from swipefl.federation.update import encode_update
from swipefl.hosting import Coordinator
from swipefl.settings.coordinator import CoordinatorSettings
from tests.support.command import swipefl
from tests.support.fleets import Fleet
from tests.support.lending import FOLLOWING, Offered, marked
from tests.support.states import SMALL, enrolled

NOW = 20_000 * DAY_S + 5_000
LARGE = re.compile(r"SCAN (devices|tokens|updates|judges)\b( USING (?:COVERING )?INDEX)?")


class Clock:
    """Unix seconds, as they are set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def happens(state: State, clock: Clock, what: str, to: int) -> None:
    """One thing that may happen to a fleet, if there is anybody for it to happen to."""
    known = [row[0] for row in state.sql.rows("SELECT id FROM devices ORDER BY id")]
    clock.now += 1
    if what == "enrol":
        enrolled(state)
    elif what == "day":
        clock.now += to * DAY_S
    elif known:
        device = known[to % len(known)]
        {"revoke": state.revoke, "leave": state.leave, "call": called(state, clock)}[what](device)


def called(state: State, clock: Clock) -> Callable[[str], object]:
    return lambda device: state.write_down(Noted({device: Calls(clock())}))


EVENTS = st.lists(
    st.tuples(st.sampled_from(["enrol", "enrol", "revoke", "leave", "call", "day"]), st.integers(0, 40)), max_size=25
)


@given(st.integers(0, 12), st.integers(1, 5), st.sampled_from([None, *STATES]), st.lists(EVENTS, max_size=6))
@settings(max_examples=60, deadline=None)
def test_all_who_were_there_are_in_one_page_whatever_happens_meanwhile(
    many: int, limit: int, state: str | None, meanwhile: list[list[tuple[str, int]]]
) -> None:
    """Of a state all who stay in it; nobody twice, and each page ends, also where few of many are in it."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "MOST_LOOKED_AT", 3)
        clock = Clock()
        with State(Path(folder) / "coordinator.db", clock) as opened:
            opened.create(SMALL)
            for number in range(many):  # several at the same instant
                clock.now += number % 3
                enrolled(opened)
            for event in meanwhile[0] if meanwhile else []:
                happens(opened, clock, *event)
            before, listed, after, turn = in_state(opened, clock, state), [], None, 1
            stayed = before
            while True:
                page = opened.devices.page(limit, after, state)
                assert len(page.devices) <= limit
                listed += [device.id for device in page.devices]
                if (after := page.after) is None:
                    break
                for event in meanwhile[turn] if turn < len(meanwhile) else []:
                    happens(opened, clock, *event)
                    stayed = stayed & in_state(opened, clock, state)
                turn += 1
            assert len(listed) == len(set(listed))
            assert stayed <= set(listed)
            placed = {device: at for at, device in enumerate(enrolment(opened))}
            assert listed == sorted(listed, key=placed.__getitem__)


def in_state(state: State, clock: Clock, wanted: str | None) -> set[str]:
    """Who is in a state, by a look at each."""
    return {device for device, is_in in each_state(state, clock).items() if wanted in (None, is_in)}


def each_state(state: State, clock: Clock) -> dict[str, str]:
    since = (clock() // DAY_S - SILENT_DAYS) * DAY_S
    rows = state.sql.rows("SELECT id, revoked, has_left, seen_at FROM devices")
    return {
        device: "left" if left else "revoked" if revoked else "active" if seen_at >= since else "silent"
        for device, revoked, left, seen_at in rows
    }


def enrolment(state: State) -> list[str]:
    return [row[0] for row in state.sql.rows("SELECT id FROM devices ORDER BY enrolled_at, id")]


@given(EVENTS)
@settings(max_examples=60, deadline=None)
def test_the_census_is_what_a_look_at_each_device_counts(events: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        clock = Clock()
        with State(Path(folder) / "coordinator.db", clock) as state:
            state.create(SMALL)
            for event in events:
                happens(state, clock, *event)
            found = list(each_state(state, clock).values())
            assert state.devices.by_state() == {each: found.count(each) for each in STATES if each in found}
            assert state.devices.count() == found.count("active") + found.count("silent")
            state.sql.run("PRAGMA foreign_keys = OFF")
            state.sql.run("DELETE FROM devices")
            assert (state.devices.by_state(), state.devices.count()) == ({}, 0)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Fleet, Path]:
    """A fleet of a thousand devices, and its home."""
    home, fleet = tmp_path_factory.mktemp("fleet"), Fleet(1_000, NOW)
    fleet.fill(home / "coordinator.db", SMALL, encode_update(marked(0), FOLLOWING.plan.max_norm).blob)
    return fleet, home


@pytest.mark.parametrize("does", ["own work", "a node's work"])
def test_no_call_no_round_and_no_command_looks_at_each_device(fleet: tuple[Fleet, Path], does: str) -> None:
    """By the plans of all statements that they make: what grows with the fleet is only ever found by an index."""
    many, home = fleet
    with State(home / "coordinator.db", lambda: NOW) as state, undone(state):
        plans = list(traced(state, lambda: work(state, many) if does == "own work" else lent(state)))
    assert len(plans) > 40
    assert [(statement, plan) for statement, plan in plans if looks_at_all(statement, plan)] == []
    sorts = [statement for statement, plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]
    assert all("consumed_by IS NULL" in statement for statement in sorts), sorts  # what waits, which a buffer bounds


@contextmanager
def undone(state: State) -> Iterator[None]:
    """What is changed in the block is taken back, so that others find the fleet as it was."""
    state.sql.db.conn.execute("BEGIN")
    try:
        yield
    finally:
        state.sql.db.conn.rollback()


def work(state: State, fleet: Fleet) -> None:
    """What devices call for, what a round writes, and what an owner asks."""
    waits, calls = fleet.id(fleet.here[-1]), fleet.id(fleet.here[0])
    newest = state.versions.newest().number
    enrolled(state)
    for device in (waits, calls):
        state.devices.get(device)
        state.devices.id_of(device[:15])
        has_voted(state, device, newest)
        state.updates.last_of(device)
    admit(state, Policy(), [Received("an id", calls, newest, 10, b"")])
    said = tuple(Judgement(fleet.id(number), newest, 100, 90, 91) for number in fleet.here[:3])
    state.write_down(Noted({calls: Calls(NOW)}, said))
    state.updates.backlog()
    consumed = [update.number for update in state.updates.waiting()]
    state.publish(Draft(Master(SMALL), "aggregated", consumed))
    state.revoke(waits)
    state.leave(calls)
    status_of(state)
    state.devices.by_state()
    state.judgements.newest(20)
    for in_state in (None, *STATES):
        for after in (None, calls):
            devices_of(state, 10, after, in_state)


def lent(state: State) -> None:
    """What a node of Flower does in two rounds, of which the second has what was lent in the first."""
    included: dict[str, str] = {}
    for version in (1, 2):
        follow(state, FOLLOWING, Offered(version, included))
        standing(state, FOLLOWING, NOW)
        if version == 1:
            gave = lend(state, FOLLOWING, "an attempt", version, 1.0)
            assert gave.updates
            included[name_of(state)] = gave.id


def traced(state: State, work: Callable[[], None]) -> Iterator[tuple[str, str]]:
    """The statements that `work` makes, triggers' too, each with how SQLite goes about it."""
    made: list[str] = []
    conn = state.sql.db.conn
    conn.set_trace_callback(made.append)
    work()
    conn.set_trace_callback(None)
    # One without foreign keys: plans show a look for a new row's children, which is only made where some were missing.
    with closing(sqlite3.connect(state.path)) as other:
        for statement in made:
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                rows = other.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
                yield statement, "; ".join(row[3] for row in rows)


def looks_at_all(statement: str, plan: str) -> bool:
    """Whether a plan goes through a large table, but for the first rows of an index."""
    scan = LARGE.search(plan)
    return scan is not None and not (scan[2] and "LIMIT" in statement)


def test_the_plans_tell_what_looks_at_each_device(fleet: tuple[Fleet, Path]) -> None:
    """Else the test above would say nothing."""
    with State(fleet[1] / "coordinator.db") as state:
        (bad,) = traced(state, lambda: state.sql.run("UPDATE devices SET stale = 0 WHERE name = ''") and None)
        assert looks_at_all(*bad)
        (counted,) = traced(state, lambda: state.sql.rows("SELECT count(*) FROM devices") and None)
        assert looks_at_all(*counted)


def test_an_owner_lists_devices_by_pages_on_the_command_line_and_in_python(fleet: tuple[Fleet, Path]) -> None:
    many, home = fleet
    owner = Coordinator(CoordinatorSettings(home=home))
    with State(home / "coordinator.db") as state:
        expected = enrolment(state)
    listed, after = [], None
    while True:
        page = owner.devices(limit=300, after=after)
        listed += [device.id for device in page.devices]
        if (after := page.after) is None:
            break
    assert (listed, len(owner.devices().devices)) == (expected, 500)
    first = swipefl(home, "coordinator", "devices", "--limit", "2", "--json").json
    assert ([each["id"] for each in first["devices"]], first["after"]) == (expected[:2], expected[1])
    rest = swipefl(home, "coordinator", "devices", "--after", expected[-2], "--json").json
    assert ([each["id"] for each in rest["devices"]], rest["after"]) == (expected[-1:], None)
    shown = swipefl(home, "coordinator", "devices", "--limit", "1")
    assert (expected[0] in shown.out, f"--after {expected[0]}" in shown.err) == (True, True)
    gone = owner.devices(state="left").devices + owner.devices(state="revoked").devices
    assert {device.id for device in gone} == {many.id(number) for number in many.gone}
    for wrong in ({"after": "nobody"}, {"state": "asleep"}, {"limit": 0}):
        with pytest.raises(UsageError):
            owner.devices(**wrong)  # type: ignore[arg-type]


def test_a_shell_offers_some_devices_of_many_and_those_that_begin_so(fleet: tuple[Fleet, Path]) -> None:
    many, home = fleet
    device = many.id(many.here[0])
    given = {"home": str(home)}
    some = list(values.values("revoke", Typed("coordinator devices", given, "")))
    (one,) = values.values("revoke", Typed("coordinator devices", given, device[:9]))
    assert (len(some), one.word) == (values.MOST, device)


def test_a_fleet_is_what_its_numbers_say_and_each_of_its_rows_is_one_of_the_schema(fleet: tuple[Fleet, Path]) -> None:
    many, home = fleet
    with sqlite3.connect(home / "coordinator.db") as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = {name: conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("devices", "versions")}
    assert rows == {"devices": many.devices, "versions": many.versions}
    with State(home / "coordinator.db", lambda: NOW) as state:
        assert status_of(state).waiting == many.waiting
        assert state.devices.count() == many.devices - len(many.gone)
        known = state.devices.get(many.id(many.here[0]))
        assert known
        assert known.credential == devices.hashed(many.credential(many.here[0]))

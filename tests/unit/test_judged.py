"""What devices say of versions: which of it counts, and that no sum ever tells of one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.federation.coordinator.judged import LEAST_DEVICES, Judged, Judgement
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.notes import Noted, Notes
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.protocol.bounds import MOST_JUDGED
from swipefl.federation.round import Master
from tests.support.states import SMALL, enrolled


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(SMALL)
        yield state


def said(device: str, version: int = 1, swipes: int = 100, before: int = 80, now: int = 85) -> Judgement:
    return Judgement(device, version, swipes, before, now)


@pytest.mark.parametrize(
    ("numbers", "plausible"),
    [
        ((1, 1, 0, 0), True),
        ((1, 1, 1, 1), True),
        ((1, MOST_JUDGED, MOST_JUDGED, 0), True),
        ((1, MOST_JUDGED + 1, 0, 0), False),
        ((1, 0, 0, 0), False),
        ((1, 10, 11, 0), False),
        ((1, 10, 0, 11), False),
        ((0, 10, 5, 5), False),
        ((2**63, 10, 5, 5), False),
        ((2**64 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1), False),
    ],
)
def test_what_cannot_be_so_does_not_count(numbers: tuple[int, int, int, int], plausible: bool) -> None:
    assert Judgement("a device", *numbers).is_plausible is plausible


def test_a_device_speaks_once_of_a_version_that_it_can_have_had(state: State) -> None:
    early = enrolled(state)
    state.publish(Draft(Master(SMALL), "published"))
    late = enrolled(state)
    may = state.judgements.may
    assert [[may(device, version) for version in (0, 1, 2, 3)] for device in (early, late)] == [
        [False, True, True, False],
        [False, False, True, False],
    ]
    assert not may("nobody", 1)
    others = [enrolled(state) for _ in range(2)]
    state.write_down(Noted(judgements=tuple(said(device, 2) for device in (early, *others))))
    assert [may(device, 2) for device in (early, *others, late)] == [False, False, False, True]
    state.publish(Draft(Master(SMALL), "published"), kept=1)
    assert not may(early, 1), "nobody can have it any more"
    assert state.sql.rows("SELECT * FROM judges") == []
    assert [judged.version for judged in state.judgements.all()] == [2], "sums stay"


def test_a_sum_grows_by_several_devices_or_not_at_all(state: State) -> None:
    devices = [enrolled(state) for _ in range(2 * LEAST_DEVICES)]
    notes, seen = Notes(lambda: 5.0), set()
    for number, device in enumerate(devices, 1):
        notes.called(device)
        notes.judged(said(device, swipes=number))
        notes.judged(said(device, swipes=400))  # what it says again
        state.write_down(notes.taken())
        seen.add(tuple(state.judgements.all()))
    assert seen == {
        (),
        (Judged(1, 3, 6, 240, 255),),
        (Judged(1, 6, 21, 480, 510),),
    }
    assert not notes.taken().judgements
    speakers = state.sql.rows("SELECT count(*) FROM judges")
    assert speakers == [(2 * LEAST_DEVICES,)]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), st.booleans()), max_size=60))
def test_between_two_looks_no_sum_changes_by_fewer_than_three(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int, bool]]
) -> None:
    """Also where devices say it again, of versions that are not there, and over restarts."""
    with State(tmp_path_factory.mktemp("state") / "coordinator.db") as state:
        state.sql.run("PRAGMA synchronous = OFF")  # no power fails here
        state.create(SMALL)
        state.publish(Draft(Master(SMALL), "published"))
        devices, notes, before = [enrolled(state) for _ in range(7)], Notes(lambda: 5.0), {}
        state.sql.run("UPDATE devices SET enrolled_with = 0")
        for which, version, restarts in calls:
            if restarts:
                notes = Notes(lambda: 5.0)
            if state.judgements.may(devices[which], version):
                notes.judged(said(devices[which], version))
            state.write_down(notes.taken())
            now = {judged.version: judged.devices for judged in state.judgements.all()}
            grown = {now[version] - before.get(version, 0) for version in now}
            assert grown <= {0, LEAST_DEVICES}
            assert set(now) <= {1, 2}
            assert all(count <= len(devices) for count in now.values())
            before = now


def test_one_who_was_added_meanwhile_drags_no_other_in(state: State) -> None:
    devices = [enrolled(state) for _ in range(5)]
    state.write_down(Noted(judgements=tuple(said(device) for device in devices[:3])))
    state.write_down(Noted(judgements=tuple(said(device) for device in devices[2:])))
    assert state.judgements.all() == [Judged(1, 3, 300, 240, 255)]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.integers(0, 6), st.sampled_from(["take", "write", "fail"])), max_size=60))
def test_what_devices_say_while_the_rest_is_written_is_not_lost(
    tmp_path_factory: pytest.TempPathFactory, events: list[int | str]
) -> None:
    """Devices say it again meanwhile: those that were with such a one wait on for others, and count with them."""
    with State(tmp_path_factory.mktemp("state") / "coordinator.db") as state:
        state.sql.run("PRAGMA synchronous = OFF")  # no power fails here
        state.create(SMALL)
        devices, notes, taken, spoken = [enrolled(state) for _ in range(7)], Notes(lambda: 5.0), Noted(), set()
        for event in [*events, "write", "take", "write"]:
            if isinstance(event, int) and state.judgements.may(devices[event], 1):
                notes.judged(said(devices[event], now=50 if event in spoken else 85))
                spoken.add(event)
            elif event == "take" and taken == Noted():
                taken = notes.taken()
            elif event in ("write", "fail"):
                notes.given_back(state.write_down(taken) if event == "write" else taken)
                taken = Noted()
        counted = sum(judged.devices for judged in state.judgements.all())
        assert len(spoken) - counted in range(LEAST_DEVICES)
        assert [judged.right_now for judged in state.judgements.all()] == [85 * counted] * bool(counted)


def test_notes_are_counts_since_the_last_time_and_outlive_a_write_that_failed(state: State) -> None:
    times = iter(range(100, 200))
    notes, device = Notes(lambda: float(next(times))), enrolled(state)
    notes.called(device, refused=1)
    notes.called(device, stale=1)
    failed = notes.taken()
    notes.called(device, taken=1, refused=1)
    notes.given_back(failed)
    state.write_down(notes.taken())
    found = state.devices.get(device)
    assert found
    assert (found.seen_at, found.taken, found.refused, found.stale) == (102.0, 1, 2, 1)
    assert notes.taken() == Noted()
    notes.called(device, stale=1)
    state.write_down(notes.taken())
    found = state.devices.get(device)
    assert found
    assert (found.seen_at, found.refused, found.stale) == (103.0, 2, 2)
    for each in (device, enrolled(state), enrolled(state)):
        notes.judged(said(each))
    failed = notes.taken()
    assert not notes.taken().judgements
    notes.given_back(failed)
    assert len(notes.taken().judgements) == LEAST_DEVICES


def test_metrics_show_the_sums_of_the_last_versions() -> None:
    metrics = Metrics()

    def shown(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"swipefl_judged_{name}", labels)

    metrics.show_judged([Judged(7, 3, 300, 240, 255)])
    assert (shown("devices", version="7"), shown("swipes", version="7")) == (3, 300)
    assert [shown("right", version="7", model=model) for model in ("before", "now")] == [240, 255]
    metrics.show_judged([Judged(version, 3, 300, 240, 255) for version in range(7, 28)])
    assert (shown("devices", version="7"), shown("devices", version="8")) == (None, 3)

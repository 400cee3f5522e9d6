"""What else the store keeps: keyboards, checkpoints, rounds, the outbox, bookmarks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.cli.rendering import moment
from swipefl.errors import CheckpointError, Remedy, StoreError, UsageError
from swipefl.gesture.keyboard import BUILT_IN, Key, Keyboard, built_in
from swipefl.operations.checks.clock import minute
from swipefl.operations.sharing import asked_of
from swipefl.store.bookmarks import Bookmark
from swipefl.store.checkpoints import Verdict
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.rounds import Round
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.people import examples
from tests.support.stores import put

OWN = Keyboard("pad", ("de",), 2.0, 1.0, (Key("a", 0.5, 0.5, 1.0, 1.0), Key("ü", 1.5, 0.5, 1.0, 1.0)))


def test_keyboards_of_the_package_come_first(store: Store) -> None:
    store.keyboards.add(OWN)
    assert store.keyboards.all() == [*map(built_in, BUILT_IN), OWN]
    assert store.keyboards.get("pad") == OWN
    assert store.keyboards.get("qwerty") == built_in("qwerty")


def test_a_name_stands_for_one_keyboard(store: Store) -> None:
    store.keyboards.add(OWN)
    store.keyboards.add(OWN)
    store.keyboards.add(built_in("qwerty"))
    for other in (replace(OWN, width=3.0), replace(OWN, name="qwerty")):
        with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)):
            store.keyboards.add(other)
    with pytest.raises(UsageError, match="unknown keyboard"):
        store.keyboards.get("qwerty-xx")


def test_gestures_bring_their_keyboard_along(path: Path) -> None:
    own = replace(built_in("qwerty"), name="mine", languages=("fr",))
    with Store(path) as store:
        put(store, examples(5, keyboard=own))
    with Store(path) as store:
        assert store.keyboards.get("mine") == own
        assert {e.gesture.keyboard for e, _ in store.gestures.everything()} == {own}


def test_one_personal_checkpoint_is_in_use(store: Store) -> None:
    assert store.checkpoints.personal() is None
    assert store.checkpoints.newest_global() is None
    first = store.checkpoints.add("personal", b"one", "base", use=True)
    second = store.checkpoints.add("personal", b"two", "base", use=True)
    store.checkpoints.add("personal", b"rejected", "base", use=False)
    store.checkpoints.add("global", b"world", None, use=True)
    in_use = store.checkpoints.personal()
    assert in_use is not None
    assert (in_use.id, in_use.blob, in_use.parent) == (second, b"two", "base")
    assert [c.in_use for c in store.checkpoints.all()] == [False, True, False, False]
    newest = store.checkpoints.newest_global()
    assert newest is not None
    assert newest.blob == b"world"
    store.checkpoints.use(first)
    in_use = store.checkpoints.personal()
    assert in_use is not None
    assert in_use.blob == b"one"
    with pytest.raises(CheckpointError, check=advises(Remedy.LIST_CHECKPOINTS)):
        store.checkpoints.use(newest.id)
    assert store.checkpoints.personal() == in_use
    store.checkpoints.use(None)
    assert store.checkpoints.personal() is None
    store.checkpoints.erase_personal()
    assert [c.kind for c in store.checkpoints.all()] == ["global"]


def test_old_personal_checkpoints_go_but_never_the_one_in_use(store: Store) -> None:
    used = store.checkpoints.add("personal", b"used", None, use=True)
    world = store.checkpoints.add("global", b"world", None, use=False)
    later = [store.checkpoints.add("personal", b"%d" % i, None, use=False) for i in range(15)]
    assert [c.id for c in store.checkpoints.all()] == [used, world, *later[-10:]]


def test_of_global_checkpoints_the_newest_two_stay_and_the_newest_that_was_accepted(store: Store) -> None:
    first, second = (store.checkpoints.add("global", b"%d" % i, None, use=False, device_id="me") for i in (1, 2))
    verdict = Verdict(True, 30, 20, 10, 12)
    store.checkpoints.settle(first, verdict)
    store.checkpoints.settle(second, replace(verdict, accepted=False))
    later = [store.checkpoints.add("global", b"%d" % i, None, use=False) for i in range(3, 6)]
    accepted = store.checkpoints.accepted_global()
    assert accepted
    assert (accepted.id, accepted.device_id, accepted.verdict) == (first, "me", verdict)
    assert [(c.id, c.verdict) for c in store.checkpoints.all()] == [
        (first, verdict),
        (later[1], None),
        (later[2], None),
    ]
    store.checkpoints.settle(later[2], verdict)
    assert [store.checkpoints.accepted_global(before=n) for n in (first, later[2])] == [None, accepted]
    personal = store.checkpoints.add("personal", b"mine", None, use=True)
    store.checkpoints.settle(personal, verdict)
    assert store.checkpoints.all()[-1].verdict is None, "a personal one is adopted or not stored"


def test_a_corrupt_checkpoint_is_told_when_it_is_read(store: Store) -> None:
    store.checkpoints.add("personal", b"weights", None, use=True)
    store.sql.run("UPDATE checkpoints SET blob = ?", (b"weighty",))
    corrupt = store.checkpoints.personal()
    assert corrupt is not None
    with pytest.raises(CheckpointError, check=advises(Remedy.RESET_TO_BASE)) as caught:
        _ = corrupt.blob
    assert caught.value.exit_code == 4
    store.checkpoints.erase_personal()
    with pytest.raises(CheckpointError, match="no longer"):
        _ = corrupt.blob


def test_rounds_count_from_one(store: Store) -> None:
    assert store.rounds.next_number() == 1
    one = Round(1, 10.0, 20.0, 300, 0.8, 0.82, True, "u1", "base")
    two = Round(2, 30.0, 40.0, 300, None, None, False, None, "base")
    store.rounds.add(one)
    store.rounds.add(two)
    assert store.rounds.all() == [one, two]
    assert store.rounds.next_number() == 3
    with pytest.raises(StoreError):
        store.rounds.add(one)


def test_a_newer_update_replaces_one_that_was_never_attempted(store: Store) -> None:
    def update(id: str, base: str, attempted: bool = False) -> QueuedUpdate:
        return QueuedUpdate(id, base, 1.0, 30, b"\x00\x01", attempted, "data")

    frozen, other = update("a", "g1", attempted=True), update("b", "g2")
    for queued in (frozen, other, update("c", "g1"), update("d", "g1")):
        store.outbox.queue(queued)
    assert store.outbox.waiting() == [frozen, update("d", "g1")]
    store.outbox.erase()
    assert store.outbox.waiting() == []


def test_bookmarks_and_meta_keep_the_newest_value(store: Store) -> None:
    assert store.bookmarks.get("/a") is None
    for offset in (10, 20):
        store.bookmarks.put(Bookmark("/a", offset, 30, 2, "h", "t"))
        store.meta.set("key", str(offset))
    assert store.bookmarks.get("/a") == Bookmark("/a", 20, 30, 2, "h", "t")
    assert store.meta.get("key") == "20"
    store.meta.delete("key")
    store.meta.delete("key")
    assert store.meta.get("key") is None


NO_FAULTS = [
    {"code": 1, "says": "it failed"},
    {"code": "a", "says": 2},
    {"code": "a", "says": "b", "remedy": 5},
    {"code": "a", "says": "b", "facts": ["c"]},
    {"code": "a", "says": "b", "is_lasting": "yes"},
]


@pytest.mark.parametrize("kept", NO_FAULTS)
def test_a_fault_that_makes_no_sense_is_none(tmp_path: Path, kept: dict[str, object]) -> None:
    """Else neither `status` nor a restore could go on."""
    with Store(tmp_path / "swipefl.db") as store:
        member = Membership("a:1", "b", b"c", b"d")
        store.memberships.set(member)
        store.sql.run("UPDATE membership SET fault = ?", (json.dumps(kept),))
        assert store.memberships.get() == member


@pytest.mark.parametrize(
    "value", ["nonsense", '{"nope": 1}', '{"least_battery": "x"}', '{"least_battery": 5000}', "[1]"]
)
def test_conditions_that_make_no_sense_are_damage(tmp_path: Path, value: str) -> None:
    """And no bug: it says what to do."""
    with Store(tmp_path / "swipefl.db") as store:
        store.memberships.set(Membership("a:1", "b", b"c", b"d"))
        store.sql.run("UPDATE membership SET conditions = ?", (value,))
        with pytest.raises(StoreError) as raised:
            asked_of(store)
    assert raised.value.code == "damaged-database"


@pytest.mark.parametrize("time", [1e18, -1e18, float("inf"), float("nan"), 253402300800.0])
def test_a_time_beyond_the_calendar_is_shown_as_that(time: float) -> None:
    assert moment(time) == "a day beyond all calendars"
    assert moment(0) == minute(0)

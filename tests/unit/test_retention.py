"""How long swipes are kept, whatever the clock says, and that nothing of those is left or comes back that are over."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.cycle import nothing_to_do
from swipefl.device.landing import Back, land
from swipefl.device.ownership import forget
from swipefl.device.permission import ALL, Permission
from swipefl.device.status import status_of
from swipefl.errors import Ineligible, Interrupted, StoreError, UsageError
from swipefl.gesture.before import Before
from swipefl.gesture.formats import Deletion
from swipefl.gesture.gesture import GOOD
from swipefl.operations import retention
from swipefl.operations.retention import DAY_S, Keeping, findings, over, prune
from swipefl.settings.device import Settings, load_settings
from swipefl.store import bookmarks, gone, rounds
from swipefl.store import store as store_module
from swipefl.store.begun import PERSONAL, Task
from swipefl.store.bookmarks import Bookmark
from swipefl.store.gestures import Judged
from swipefl.store.rounds import Round
from swipefl.store.store import AND_COPIES, ERASED, OUTLIVED, Store
from tests.support.cycles import cycle
from tests.support.people import examples
from tests.support.stores import RARE, files, put, renamed, train_uses

NOW = 1_800_000_000.0  # 2027-01-15
KEEPING = Keeping(days=90, swipes=0)
YEARS = {"1970": 0.0, "2020": 1_577_836_800.0, "2099": 4_070_908_800.0}


def days(*ages: float) -> list[tuple[int, float]]:
    """Gestures that came so many days ago, the oldest first."""
    return [(number, NOW - age * DAY_S) for number, age in enumerate(ages, 1)]


@given(st.lists(st.integers(0, 170), max_size=60), st.integers(0, 400), st.integers(0, 40))
def test_of_a_clock_that_is_right_the_old_ones_go_and_those_beyond_the_number(
    gaps: list[int], kept_days: int, kept: int
) -> None:
    some = [min(age, 600) for age in accumulate(gaps)][::-1]
    old = sum(age >= kept_days for age in some) if kept_days else 0
    assert over(days(*some), Keeping(kept_days, kept), NOW) == max(old, len(some) - kept if kept else 0, 0)


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=80).map(lambda some: sorted(some, reverse=True)),
    st.integers(0, 80),
    st.integers(1, 20),
    st.sampled_from([*YEARS.values(), NOW + 200 * DAY_S, NOW + 5000 * DAY_S]),
    st.booleans(),
)
def test_no_clock_that_is_wrong_for_some_days_erases_what_is_not_over(
    some: list[int], first: int, many: int, wrong: float, is_wrong_now: bool
) -> None:
    """A run of gestures was stored by another clock, and the night may have that, too."""
    times = days(*some)
    first = len(times) - many if is_wrong_now else first
    run = range(max(first, 0), min(first + many, len(times)))
    swapped = [(n, wrong + i * 100.0 if i in run else at) for i, (n, at) in enumerate(times)]
    last = over(swapped, KEEPING, wrong + DAY_S if is_wrong_now else NOW)
    assert last <= sum(age >= 90 for age in some)


@pytest.mark.parametrize("year", YEARS)
def test_a_night_in_another_year_erases_nothing(year: str) -> None:
    assert over(days(80, 40, 1), KEEPING, YEARS[year]) == 0


def test_the_number_holds_whatever_the_clock_says() -> None:
    for now in (NOW, *YEARS.values()):
        assert over(days(3, 2, 1), Keeping(90, 2), now) == 1


def test_swipes_of_a_first_start_without_a_clock_go_with_those_that_came_next() -> None:
    unset = [(1, 5.0), (2, 9.0)]
    assert over([*unset, (3, NOW - 80 * DAY_S), (4, NOW)], KEEPING, NOW) == 0
    assert over([*unset, (3, NOW - 91 * DAY_S), (4, NOW)], KEEPING, NOW) == 3
    assert over(unset, KEEPING, NOW) == 0
    assert over([(1, NOW - 100 * DAY_S), (2, 5.0)], KEEPING, NOW) == 1, "of the last one nobody knows"


def test_who_comes_back_after_a_year_is_believed_after_a_week_of_swipes() -> None:
    old = (400.0, 399.0)
    assert over(days(*old, 5, 4, 3, 2, 1, 0), KEEPING, NOW) == 0
    assert over(days(*old, 6, 5, 4, 3, 2, 1, 0), KEEPING, NOW) == 2


@pytest.mark.parametrize("given_", ["0", 0, "forever", " Forever "])
def test_for_ever_is_a_setting(given_: object, tmp_path: Path) -> None:
    settings = Settings.model_validate({"home": tmp_path, "keep_days": given_, "keep_swipes": given_})
    assert (settings.keep_days, settings.keep_swipes) == (0, 0)
    assert over(days(4000, 100, 0), Keeping(0, 0), NOW) == 0


@pytest.mark.parametrize("said", ["ninety", "", "never", "-"])
def test_what_is_neither_is_told_what_there_is(said: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'keep_days = "{said}"\n')
    with pytest.raises(UsageError, match=r"keep_days \(config.toml\): a number, or forever"):
        load_settings(tmp_path)


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lived(path: Path, clock: Clock) -> Iterator[Store]:
    """A store with thirty swipes of a hundred days ago, three of a rare word among the last, and thirty of today."""
    with Store(path, clock) as store:
        clock.now = NOW - 100 * DAY_S
        put(store, [*examples(30), *train_uses(RARE, 3)])
        clock.now = NOW
        some = examples(30, seed=1)
        behind = [replace(e, gesture=replace(e.gesture, before=Before((RARE,)))) for e in some[:2]]
        put(store, [*behind, *some[2:]])
        yield store


def test_nor_is_it_left_before_one_that_is_spared_in_the_midst(store: Store) -> None:
    words, some = ("one", "two", "three", "four", "five"), examples(5)
    for at, (word, one) in enumerate(zip(words, some, strict=True)):
        said = Before(words[max(0, at - 2) : at])
        put(store, [replace(one, word=word, gesture=replace(one.gesture, before=said))])
    with store.transaction():
        assert store.gestures.outlived(5, {3}, 10) == 4
    (left,) = store.gestures.all()
    assert left.example.word == "three"
    assert left.example.gesture.before
    assert not {"one", "two"} & set(left.example.gesture.before.words)


def test_what_is_over_is_gone_from_the_file_also_where_it_stood_before(lived: Store, path: Path) -> None:
    traces = [stored.example.gesture.points.astype("<f4").tobytes() for stored in lived.gestures.all()][:33]
    done = cycle(lived, prune=lambda: prune(lived, KEEPING, lambda: NOW)).run(1)
    assert (done.pruned.swipes, done.pruned.first) == (33, True)
    assert lived.gestures.counts()["good"] == 30
    for file in files(path):
        content = file.read_bytes()
        assert RARE.encode() not in content
        assert not any(trace in content for trace in traces)
    assert lived.words.all() == [word for word in lived.words.all() if word.word != RARE]


def test_words_that_the_person_said_stay(lived: Store) -> None:
    lived.words.add(RARE, "en")
    lived.words.hide("hello", "en")
    prune(lived, KEEPING, lambda: NOW)
    assert [word.word for word in lived.words.all() if word.origin == "added"] == [RARE]
    assert [word.word for word in lived.words.hidden()] == ["hello"]


def test_what_is_over_does_not_come_back_until_it_is_forgotten(lived: Store) -> None:
    prune(lived, KEEPING, lambda: NOW)
    kept, told = lived.gestures.newest_number(), examples(30)
    again = [Judged(example, GOOD) for example in (*told, *examples(30, seed=1))]
    other_word = [Judged(replace(example, word="other"), GOOD) for example in told]
    with lived.transaction():
        landed = lived.gestures.add([*again, *other_word])
        assert (landed.stored, landed.corrected) == (0, 0)
    assert lived.gestures.newest_number() == kept
    forget(lived)
    assert put(lived, told) == 30


def test_an_id_of_what_is_over_takes_no_newer_swipe_back(lived: Store) -> None:
    """A log that is read again says what its ids meant then."""
    old, (new,) = examples(30)[0], examples(1, seed=9)
    put(lived, [renamed(new, old.gesture.id)])
    prune(lived, KEEPING, lambda: NOW)
    before = lived.gestures.counts()["good"]
    with lived.transaction():
        land(lived, [Judged(old, GOOD), Back(Deletion(1, b"", old.gesture.id))])
    assert lived.gestures.counts()["good"] == before


def test_nothing_new_stays_nothing_new_and_what_was_gained_stays_said(lived: Store, clock: Clock) -> None:
    cycle(lived).run(1)
    before = status_of(lived)
    assert before.nothing_to_do
    done = cycle(lived, prune=lambda: prune(lived, KEEPING, lambda: NOW)).run(1)
    assert done.rounds[0].skipped == before.nothing_to_do
    after = status_of(lived)
    assert after.gestures["good"] == 30
    same = ("gain", "nights", "rounds", "left", "new_swipes", "checkpoints", "nothing_to_do", "outbox")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    put(lived, examples(5, seed=7))
    assert nothing_to_do(lived) is None


def test_what_comes_while_old_ones_go_is_new(lived: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cycle(lived).run(1)
    monkeypatch.setattr(retention, "AT_ONCE", 20)
    asked: list[int] = []

    def stop() -> None:
        asked.append(put(lived, examples(3, seed=30 + len(asked))))

    assert prune(lived, KEEPING, lambda: NOW, stop).swipes == 33
    assert (len(asked), nothing_to_do(lived)) == (2, None)


def test_a_stop_leaves_the_rest_to_the_next_night(lived: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 20)
    with pytest.raises(Interrupted):
        prune(lived, KEEPING, lambda: NOW, lambda: Interrupted(15))
    assert lived.owes_rewriting()
    assert findings(lived, KEEPING, lambda: NOW)[0].state == "note"
    assert prune(lived, KEEPING, lambda: NOW).swipes == 13
    assert findings(lived, KEEPING, lambda: NOW)[0].state == "ok"
    assert findings(lived, Keeping(0, 0), lambda: NOW)[0].says.endswith("kept for ever")


def test_what_a_begun_training_learns_from_stays_until_it_is_over_too(lived: Store, clock: Clock) -> None:
    lived.begun.keep(Task(PERSONAL, NOW, "", "", "", 33, "", (2, 3, 50), ""), b"state")
    assert prune(lived, KEEPING, clock).swipes == 31
    assert [stored.number for stored in lived.gestures.all()][:3] == [2, 3, 34]
    assert findings(lived, KEEPING, clock)[0].state == "ok"
    clock.now += 15 * DAY_S
    assert prune(lived, KEEPING, clock).swipes == 2
    assert lived.sql.rows("SELECT * FROM begun") == []


HOT = Ineligible("not-now", "{says}", says="too warm")
DARK = Permission(night=lambda: HOT, during=lambda: HOT)


def test_traces_of_what_somebody_had_erased_go_in_a_night_that_may_do_nothing_else(
    lived: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle(lived).run(1)  # what was outlived is no debt from then on
    for why in (ERASED, AND_COPIES):
        with lived.transaction():
            lived.owe_rewriting(why)
        assert cycle(lived, may=DARK).run(1).rounds[0].skipped is HOT
        assert not lived.owes_rewriting()
    asked = list[object]()  # whether it is to end: what ends the night does not end this
    monkeypatch.setattr(lived, "erase_traces", lambda stop: asked.append(stop()))
    lived.owe_rewriting()
    cycle(lived, may=DARK).run(1)
    assert asked == [None]


def test_what_is_outlived_alone_is_rewritten_once_a_day_or_where_it_is_much(
    lived: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rewrites(may: Permission = ALL) -> bool:
        lived.owe_rewriting(OUTLIVED)
        cycle(lived, may=may).run(1)
        return not lived.owes_rewriting()

    assert [rewrites(DARK), rewrites(), rewrites()] == [False, True, False]
    lived.owe_rewriting()  # for somebody, beside it
    lived.owe_rewriting(OUTLIVED)
    assert lived.is_rewriting_due()
    assert [rewrites(), rewrites()] == [True, False]
    clock.now += DAY_S - 3600
    assert [rewrites(), rewrites()] == [True, False]
    clock.now -= 400 * DAY_S
    assert [rewrites(), rewrites()] == [True, False]
    monkeypatch.setattr(store_module, "MOST_FREE", -1)
    assert rewrites()


def test_a_night_goes_on_where_nothing_can_be_erased(lived: Store) -> None:
    def full() -> None:
        raise StoreError("disk-full", "no space left")

    done = cycle(lived, prune=full).run(1)
    assert (done.pruned.swipes, done.rounds[0].skipped) == (0, None)


def test_what_else_is_kept_has_bounds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((rounds, "KEPT"), (bookmarks, "KEPT"), (gone, "KEPT")):
        monkeypatch.setattr(module, name, 5)
    for number in range(1, 10):
        store.rounds.add(Round(number, 0.0, 1.0, 1, None, None, False, None, "base"))
        store.bookmarks.put(Bookmark(f"/log-{number}", 1, 1, 1, "", ""))
    store.bookmarks.put(Bookmark("/log-1", 2, 2, 2, "", ""))
    put(store, examples(12))
    prune(store, Keeping(0, 3))
    assert [known.number for known in store.rounds.all()] == [5, 6, 7, 8, 9]
    assert store.rounds.next_number() == 10
    assert [n for n in range(1, 10) if store.bookmarks.get(f"/log-{n}")] == [1, 6, 7, 8, 9]
    digests = store.sql.rows("SELECT number, length(digest) FROM gone ORDER BY number")
    assert digests == [(number, gone.DIGEST) for number in range(5, 10)]

"""A prediction that goes on: what changes in the store is taken up, and nothing else is made again."""

import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.device import prediction as predicting
from swipefl.device.live import Live
from swipefl.device.phrases import OwnPhrases
from swipefl.device.words import Change, change_word
from swipefl.errors import UsageError
from swipefl.gesture.before import before_in
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import built_in
from swipefl.home import Home
from swipefl.settings.device import Settings
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import RARE, put, train_uses

(HELLO,) = examples(1, words=("hello",))
(ZYZZ,) = examples(1, words=(RARE,), seed=3)
USES = train_uses("hello", 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "swipefl.db") as store:
        put(store, [HELLO])
        yield store


@pytest.fixture
def live(tmp_path: Path, store: Store) -> Iterator[Live]:
    with Home(Settings(home=tmp_path)).live() as live:
        yield live


def first(live: Live, example: Example = ZYZZ) -> str:
    return live.now()[1].decode(example.gesture, 1)[0].word


def other_model(factor: float) -> bytes:
    base = base_checkpoint()
    return replace(base, weights={name: array * factor for name, array in base.weights.items()}).to_bytes()


def test_nothing_is_made_where_nothing_has_changed(live: Live, store: Store) -> None:
    state = live.now()
    for _ in range(3):
        live.refresh()
    store.meta.set("a note", "that says nothing of predictions")
    live.refresh()
    assert live.now() == state
    assert all(now is then for now, then in zip(live.now(), state, strict=True))


def test_words_come_and_go(live: Live, store: Store) -> None:
    seen = []
    changes: tuple[Change, ...] = ("add", "hide", "add", "remove")
    for what in changes:
        change_word(store, RARE, ("en",), what)
        live.refresh()
        seen.append(first(live) == RARE)
    assert seen == [True, False, True, False]


def test_a_word_that_is_swiped_twice_is_taken_up(live: Live, store: Store) -> None:
    put(store, train_uses(RARE, 2))
    live.refresh()
    assert first(live) == RARE


def test_a_new_word_reads_no_model_and_arranges_no_list(
    live: Live, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, decoder = live.now()
    (table,) = decoder.lexicon(HELLO.gesture).index(HELLO.gesture.keyboard.letters).tables
    monkeypatch.setattr(predicting, "choose_checkpoint", lambda *_: pytest.fail("it read the model"))
    change_word(store, RARE, ("en",), "add")
    live.refresh()
    now, decoder = live.now()
    assert now.checkpoint is before.checkpoint
    assert now is not before
    again, own = decoder.lexicon(HELLO.gesture).index(HELLO.gesture.keyboard.letters).tables
    assert again.spelled is table.spelled
    assert again.order is table.order
    assert own.written.text() == [RARE]


def test_a_new_model_makes_no_new_words(live: Live, store: Store) -> None:
    before, _ = live.now()
    number = store.checkpoints.add("personal", other_model(0.5), None, use=True)
    live.refresh()
    now, _ = live.now()
    assert now.checkpoint.fingerprint != before.checkpoint.fingerprint
    assert now.vocabulary is before.vocabulary
    store.checkpoints.use(None)
    live.refresh()
    assert live.now()[0].checkpoint.fingerprint == base_checkpoint().fingerprint
    store.checkpoints.use(number)
    live.refresh()
    assert live.now()[0].checkpoint.fingerprint == now.checkpoint.fingerprint


def test_a_damaged_model_changes_nothing_until_there_is_another(live: Live, store: Store) -> None:
    state = live.now()
    store.checkpoints.add("personal", b"no checkpoint", None, use=True)
    live.refresh()
    change_word(store, RARE, ("en",), "add")
    live.refresh()
    assert live.now() is state
    store.checkpoints.add("personal", other_model(0.5), None, use=True)
    live.refresh()
    assert live.now()[0].checkpoint.fingerprint != state[0].checkpoint.fingerprint
    assert first(live) is not None


def test_a_keyboard_is_known_from_when_it_was_added(live: Live, store: Store) -> None:
    mine = replace(built_in("qwerty"), name="mine", languages=("en",))
    with pytest.raises(UsageError):
        live.now()[0].find("mine")
    before, _ = live.now()
    store.keyboards.add(mine)
    live.refresh()
    now, _ = live.now()
    assert now.find("mine") == mine
    assert (now.checkpoint is before.checkpoint, now.vocabulary is before.vocabulary) == (True, True)
    store.keyboards.remove("mine")
    live.refresh()
    with pytest.raises(UsageError):
        live.now()[0].find("mine")


def test_a_store_that_comes_later_is_taken_up_and_none_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Home(Settings(home=home)).live() as live:
        live.refresh()
        assert not home.exists()
        with Store(home / "swipefl.db") as store:
            change_word(store, RARE, ("en",), "add")
        live.refresh()
        assert first(live) == RARE


def unreadable(path: Path) -> Callable[[], object]:
    aside = path.with_name("aside")
    path.rename(aside)
    return lambda: aside.rename(path)


def newer(path: Path) -> Callable[[], object]:
    def set_version(change: int) -> None:
        with sqlite3.connect(path) as conn:
            (version,) = conn.execute("PRAGMA user_version").fetchone()
            conn.execute(f"PRAGMA user_version = {version + change}")
        conn.close()

    set_version(100)
    return lambda: set_version(-100)


def damaged(path: Path) -> Callable[[], object]:
    kept = path.with_name("kept")
    shutil.copy(path, kept)
    path.unlink()
    path.write_bytes(b"nonsense" * 1000)
    return lambda: kept.replace(path)


@pytest.mark.parametrize("harm", [unreadable, newer, damaged])
def test_what_was_there_counts_while_the_store_cannot_be_read(
    tmp_path: Path, harm: Callable[[Path], Callable[[], object]]
) -> None:
    path = tmp_path / "swipefl.db"
    with Store(path) as store:
        change_word(store, RARE, ("en",), "add")
    with Home(Settings(home=tmp_path)).live() as live:
        live.refresh()
        mend = harm(path)
        live.refresh()
        assert first(live) == RARE
        mend()
        with Store(path) as store:
            change_word(store, RARE, ("en",), "remove")
        live.refresh()
        assert first(live) != RARE


def test_another_store_in_its_place_is_taken_up(tmp_path: Path, live: Live, store: Store) -> None:
    live.refresh()
    with Store(tmp_path / "other" / "swipefl.db") as other:
        change_word(other, RARE, ("en",), "add")
    (tmp_path / "other" / "swipefl.db").replace(tmp_path / "swipefl.db")
    live.refresh()
    assert first(live) == RARE


def test_of_a_store_in_whose_place_is_another_no_phrase_is_left(tmp_path: Path) -> None:
    for name, before in (("home", "my zebrafish"), ("other", "we yodel")):
        with Store(tmp_path / name / "swipefl.db") as store:
            put(store, [replace(each, gesture=replace(each.gesture, before=before_in(before))) for each in USES])
    path = tmp_path / "home" / "swipefl.db"
    with Home(Settings(home=path.parent)).live() as live:

        def known() -> list[bool]:
            context = live.now()[0].vocabulary.context(("en",))
            assert isinstance(context, OwnPhrases)
            return [bool(context.behind(word)) for word in ("zebrafish", "yodel")]

        assert known() == [True, False]
        path.unlink()
        assert known() == [False, False]
        (tmp_path / "other" / "swipefl.db").replace(path)
        live.refresh()
        assert known() == [False, True]


def test_a_bug_ends_nothing_and_is_logged_without_its_words(
    live: Live, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    compose, state = live._compose, live.now()
    monkeypatch.setattr(live, "_compose", lambda *_: {}[RARE])
    change_word(store, RARE, ("en",), "add")
    live.refresh()
    assert live.now() is state
    assert "a bug, KeyError in test_live.py" in caplog.text
    assert RARE not in caplog.text
    monkeypatch.setattr(live, "_compose", compose)
    change_word(store, "zork", ("en",), "add")
    live.refresh()
    assert first(live) == RARE


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_a_thread_that_is_gone(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_look", sys.exit)
    live.refresh()
    live.refresh()
    live.close()


def test_many_threads_ask_while_it_changes(live: Live, store: Store) -> None:
    (right,) = live.now()[1].decode(HELLO.gesture, 1)
    found: list[object] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                found.append(first(live, HELLO) == right.word)
        except BaseException as error:
            found.append(error)
            raise

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        change_word(store, RARE, ("en",), "add" if number % 2 else "hide")
        live.refresh()
    over.set()
    for thread in threads:
        thread.join()
    assert found
    assert set(found) == {True}


def test_after_it_is_closed_the_last_state_stays(live: Live, store: Store) -> None:
    live.close()
    state = live.now()
    change_word(store, RARE, ("en",), "add")
    live.refresh()
    live.close()
    assert live.now() is state


def test_its_connection_keeps_nobody_from_erasing(live: Live, store: Store) -> None:
    live.refresh()
    store.erase_traces()
    assert not store.owes_rewriting()

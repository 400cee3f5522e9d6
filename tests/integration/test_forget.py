"""`swipefl forget`: what it says before, asks, erases, owes and names as what may remain."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.database.lock import hold
from swipefl.device.ownership import forget, would_forget
from swipefl.errors import Interrupted, StoreError
from swipefl.store.store import Store
from tests.support.command import SHORT, Done, environment, swipefl
from tests.support.cycles import MEMBER, cycle, joins_nobody
from tests.support.people import examples
from tests.support.stores import RARE, put, train_uses
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.terminal import CONTROL, shown_until, swipefl_on_terminal
from tests.support.waiting import LONG_S


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a personal model and an update that waits."""
    home = tmp_path_factory.mktemp("lived-in") / "home"
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    joins_nobody(home)
    assert swipefl(home, "cycle", **SHORT).code == 0
    return home


@pytest.fixture
def home(lived_in: Path, tmp_path: Path) -> Path:
    shutil.copytree(lived_in, tmp_path / "home")
    return tmp_path / "home"


WAYS = [["--all"], ["--word", "zuzanka"], ["--before", "2000-01-01"], ["--before", "2999-01-01"], ["--word", "unheard"]]


@pytest.mark.parametrize("which", WAYS, ids=" ".join)
def test_a_preview_says_what_forget_then_erases_and_changes_nothing(home: Path, which: list[str]) -> None:
    before = {path.name: path.read_bytes() for path in home.glob("swipefl.db*")}
    preview = swipefl(home, "forget", *which, "--dry-run", "--json")
    assert (preview.code, preview.err) == (0, "")
    assert before == {path.name: path.read_bytes() for path in home.glob("swipefl.db*")}
    assert swipefl(home, "forget", *which, "--json").json == preview.json
    left = swipefl(home, "status", "--json").json
    assert left["gestures"]["good"] == 260 - preview.json["erased"]
    assert len(left["outbox"]) == (0 if preview.json["erased"] else 1) == 1 - preview.json["updates"]
    assert bool(left["checkpoints"]) == (preview.json["checkpoints"] == 0)


@pytest.mark.parametrize("before", [[], ["--before", "2999-01-01"], ["--dry-run"], ["--yes"]])
def test_an_empty_word_is_none_and_not_all_of_them(home: Path, before: list[str]) -> None:
    """`--word "$UNSET"` erases nothing."""
    assert swipefl(home, "forget", "--word", "", *before).code == 2
    assert swipefl(home, "status", "--json").json["gestures"]["good"] == 260


def asked(home: Path, answer: str, *words: str) -> Done:
    """`forget` on a terminal where a person types `answer`."""
    return swipefl_on_terminal(home, "forget", "--all", *words, typed=answer)


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("YES\n", 0), ("n\n", 260), ("\n", 260), ("\x04", 260)])
def test_a_person_is_asked_and_only_yes_is_yes(home: Path, answer: str, left: int) -> None:
    done = asked(home, answer)
    text = CONTROL.sub("", done.out)  # what is typed ahead leaves the question on the line that shows what is done next
    assert done.code == 0
    assert "this erases 260 gestures, " in text
    assert ("nothing was erased" in text) == bool(left)
    assert ("what may remain elsewhere: backups" in text) == (not left)
    assert swipefl(home, "status", "--json").json["gestures"]["good"] == left


def test_ctrl_c_at_the_question_erases_nothing(home: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "swipefl", "forget", "--all"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(home)) as process:
        shown_until(ours, "[y/N]")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG_S) == -signal.SIGINT
    os.close(ours)
    os.close(theirs)
    assert swipefl(home, "status", "--json").json["gestures"]["good"] == 260


def test_nobody_is_asked_who_said_yes_or_is_not_there(home: Path) -> None:
    assert "[y/N]" not in swipefl_on_terminal(home, "forget", "--word", "zuzanka", "--yes").out
    of_first = ("forget", "--word", json.loads(GOOD[0])["word"])
    assert swipefl_on_terminal(home, *of_first, given=b"").code == 0  # no terminal to answer on
    assert swipefl_on_terminal(home, "forget", "--all", piped="err").code == 0  # none to ask on
    assert swipefl(home, "status", "--json").json["gestures"]["good"] == 0


def filled(path: Path) -> Store:
    store = Store(path)
    put(store, [*examples(30), *train_uses(RARE, 3)])
    return store


@pytest.mark.parametrize("word", [None, RARE, RARE.upper(), "dont", "pizzeria", "unheard"])
@pytest.mark.parametrize("before", [None, 0.5, 1.5, 2.5])
def test_what_is_counted_is_what_goes(path: Path, before: float | None, word: str | None) -> None:
    now = [0.0]
    with Store(path, lambda: now[0]) as store:
        for example in [*examples(8), *train_uses(RARE, 4), *train_uses("dont", 3)]:
            now[0] += 0.2
            put(store, [example])
        for change in (store.words.add, store.words.hide):
            change("pizzeria", "en")
        store.words.remove(RARE, "en")
        store.words.hide("don't", "en")
        store.checkpoints.add("personal", b"model", "base", use=True)
        counted = would_forget(store, before, word)
        assert forget(store, before, word) == counted
        assert len(store.words.hidden()) == 2 - counted.hidden


def test_what_would_go_is_counted_beside_whoever_works_and_writes(home: Path) -> None:
    with Store(home / "swipefl.db") as busy, hold(home), busy.transaction():
        assert swipefl(home, "forget", "--all", "--dry-run", "--json").json["erased"] == 260
        assert swipefl(home, "forget", "--all", "--yes").code == 8


def test_what_a_coordinator_has_is_named(path: Path) -> None:
    with filled(path) as store:
        assert not would_forget(store).shared
        store.memberships.set(replace(MEMBER, contributed=3, residual=b"r"))
        assert would_forget(store).shared
        assert not would_forget(store, word="unheard").shared
        assert forget(store).shared
        known = store.memberships.get()
        assert known is not None
        assert known.residual == b""


def test_a_rewriting_that_fails_says_that_the_rows_are_gone(path: Path) -> None:
    """And the next cycle, also one with nothing to do, finishes it."""
    with filled(path) as store:
        store.sql.rewrite = failing  # type: ignore[method-assign]
        with pytest.raises(StoreError, match="what was erased is gone") as error:
            forget(store, word=RARE)
        assert error.value.code == "not-rewritten"
        del store.sql.rewrite
        assert store.owes_rewriting()
        assert store.gestures.counts()["good"] == 30
        cycle(store).run(1)
        assert not store.owes_rewriting()
    assert RARE.encode() not in path.read_bytes()


def test_beside_another_reader_traces_may_remain_in_the_file_and_that_is_said(path: Path) -> None:
    with filled(path) as store, Store(path) as reader, reader.sql.reading():
        assert reader.gestures.counts()["good"] == 33
        store.sql.run("PRAGMA busy_timeout = 1")
        with pytest.raises(StoreError, match="the file and its log may hold traces") as error:
            forget(store, word=RARE)
        assert error.value.code == "traces-left"
        assert store.owes_rewriting()


def failing(stop: object) -> None:
    raise StoreError("disk-full", "no space")


def test_a_stop_ends_the_rewriting_and_leaves_it_owed(path: Path) -> None:
    with Store(path) as store:
        put(store, examples(2000))
        asked: list[int] = []

        def stop() -> Interrupted | None:
            asked.append(1)
            return Interrupted(15)

        with pytest.raises(Interrupted):
            forget(store, word="hello", stop=stop)
        assert asked
        assert store.owes_rewriting()
        assert forget(store, word="hello").erased == 0
        assert not store.owes_rewriting()


@pytest.mark.skipif(not shutil.which("strace"), reason="nothing here sees what a process opens")
def test_forget_makes_no_file_outside_the_home(tmp_path: Path) -> None:
    home, trace = tmp_path / "home", tmp_path / "trace"
    with Store(home / "swipefl.db") as store:
        put(store, examples(4000))
    watched = ("strace", "-f", "-qq", "-e", "trace=openat,open,creat,memfd_create", "-o", str(trace))
    assert swipefl(home, "forget", "--word", "hello", before=watched, PYTHONDONTWRITEBYTECODE="1").code == 0
    made = [line for line in trace.read_text().splitlines() if "O_CREAT" in line or "O_TMPFILE" in line]
    assert made
    assert [line for line in made if str(home) not in line] == []

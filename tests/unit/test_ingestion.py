"""Files that a keyboard is still writing: whenever they are read, each swipe lands once, whole, and none is lost."""

import gzip
import json
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from io import BufferedReader, BytesIO, FileIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.cli.common import signals
from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.device.ownership import forget, relabel
from swipefl.errors import DataError, Interrupted, Remedy, StoreError, UsageError
from swipefl.gesture.formats import Rejected
from swipefl.store.store import Store
from tests.support.logs import HEADER, trace
from tests.support.people import examples
from tests.support.processes import heard
from tests.support.stores import fresh_store
from tests.support.swipes import GOOD

LONG_AGO = time.time() - 3600


LOG = HEADER + b"".join(map(trace, range(3)))
FILES = {"s.log": LOG, "s.txt": LOG, "s.jsonl": b"".join(GOOD[:3])}


def ingest(store: Store, path: Path) -> IngestReport:
    return Ingestion(store).run([path])


def contents(store: Store) -> list[tuple[str, bytes]]:
    return [(example.word, example.gesture.trace_hash()) for example, _ in store.gestures.everything()]


@given(st.sampled_from(list(FILES)), st.lists(st.floats(0, 1), min_size=1, max_size=3))
@settings(max_examples=25)
def test_a_file_read_while_it_grows_gives_what_it_gives_whole(name: str, cuts: list[float]) -> None:
    """Cut at any byte; the line numbers of what comes after stay right."""
    content = FILES[name]
    with fresh_store() as (store, folder):
        path, reports = folder / name, []
        for cut in [*sorted(cuts), 1]:
            path.write_bytes(content[: round(cut * len(content))])
            with suppress(DataError):  # no complete line yet
                reports.append(ingest(store, path))
        grown, bookmark = contents(store), store.bookmarks.get(str(path.resolve()))
    assert sum(report.read for report in reports) == sum(report.stored for report in reports) == 3
    assert bookmark
    assert bookmark.line == content.count(b"\n")
    with fresh_store() as (store, folder):
        (folder / name).write_bytes(content)
        ingest(store, folder / name)
        assert contents(store) == grown


def test_a_swipe_without_its_end_waits_while_its_file_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "s.log"
    path.write_bytes(HEADER + trace(0, ended=False))
    with Store(tmp_path / "swipefl.db") as store:
        assert ingest(store, path).read == 0
        os.utime(path, (LONG_AGO, LONG_AGO))
        assert ingest(store, path).stored == 1
        assert ingest(store, path).read == 0


def test_a_swipe_without_its_end_lands_when_another_begins(tmp_path: Path) -> None:
    path = tmp_path / "s.log"
    path.write_bytes(HEADER + trace(0, ended=False))
    with Store(tmp_path / "swipefl.db") as store:
        ingest(store, path)
        with path.open("ab") as log:
            log.write(trace(1))
        assert ingest(store, path).stored == 2


@pytest.mark.parametrize("cut", [0, 30])
def test_an_old_log_gives_its_last_swipe_at_once_if_its_last_line_is_whole(tmp_path: Path, cut: int) -> None:
    """A writer that buffers stops in the middle of a line, and may go on hours later."""
    path = tmp_path / "s.log"
    content = HEADER + trace(0) + trace(1, ended=False)
    path.write_bytes(content[: len(content) - cut])
    os.utime(path, (LONG_AGO, LONG_AGO))
    with Store(tmp_path / "swipefl.db") as store:
        assert ingest(store, path).stored == (1 if cut else 2)
        path.write_bytes(content + trace(2))
        assert ingest(store, path).stored == (2 if cut else 1)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_that_is_known_costs_no_write(packed: bool) -> None:
    """A folder of a thousand of them would wait a thousand times for the disk, and for whoever writes meanwhile."""
    with fresh_store() as (store, folder):
        text = FILES["s.jsonl"]
        path = folder / ("s.jsonl.gz" if packed else "s.jsonl")
        path.write_bytes(gzip.compress(text) if packed else text)
        os.utime(path, (LONG_AGO, LONG_AGO))
        first = ingest(store, path)
        with Store(store.path) as other:
            before = other.sql.rows("PRAGMA data_version")
            with other.transaction():  # nobody has to wait for it
                again = ingest(store, path)
            assert other.sql.rows("PRAGMA data_version") == before
        assert (first.read, again.read, again.stored) == (3, 0, 0)
        if not packed:
            path.write_bytes(text + text.replace(b'"gesture_id": "', b'"gesture_id": "other '))
            os.utime(path, (LONG_AGO, LONG_AGO))
            assert ingest(store, path).read == 3


FAILING = {
    "add": """CREATE TRIGGER fail BEFORE INSERT ON gestures WHEN new.id = 'example-0014'
        BEGIN SELECT raise(ABORT, ''); END""",
    "put": """CREATE TRIGGER fail BEFORE INSERT ON bookmarks
        WHEN EXISTS (SELECT 1 FROM gestures WHERE id = 'example-0014') BEGIN SELECT raise(ABORT, ''); END""",
    "commit": """CREATE TABLE kept (word REFERENCES keyboards (name) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER fail AFTER INSERT ON gestures WHEN new.id = 'example-0014'
        BEGIN INSERT INTO kept VALUES ('of no keyboard'); END""",
}


@pytest.mark.parametrize("failing", FAILING)
def test_what_did_not_land_is_not_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    monkeypatch.setattr("swipefl.device.ingestion.BATCH", 10)
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join([GOOD[0], b"{broken\n", *GOOD[:25]]))
    with Store(tmp_path / "swipefl.db") as store:
        store.sql.db.conn.executescript(FAILING[failing])
        ingestion = Ingestion(store)
        with pytest.raises(StoreError):
            ingestion.run([path])
        report = ingestion.report
        assert (report.read, report.stored, report.duplicates, report.rejected) == (11, 9, 1, 1)
        assert len(contents(store)) == report.stored
        store.sql.run("DROP TRIGGER fail")
        again = ingest(store, path)
        assert report.stored + again.stored == 25
        assert again.read == again.stored + again.duplicates


def test_what_was_interrupted_reports_what_landed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(name: str, rejected: Rejected) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr("swipefl.device.ingestion.BATCH", 10)
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join([*GOOD[:15], b"{broken\n", *GOOD[15:20]]))
    with Store(tmp_path / "swipefl.db") as store:
        ingestion = Ingestion(store, on_reject=interrupt)
        with pytest.raises(Interrupted):
            ingestion.run([path])
        report = ingestion.report
        assert (report.read, report.stored, report.duplicates, report.rejected) == (11, 10, 0, 1)
        assert len(contents(store)) == 10
        assert ingest(store, path).stored == 10


class Signalled(FileIO):
    """A pipe during which a signal comes as soon as there is no more to read, and it would wait."""

    def __init__(self, reading: int, signum: signal.Signals) -> None:
        super().__init__(reading)
        self._signum = signum

    def readinto(self, buffer: Any, /) -> int | None:
        if not select.select([self], [], [], 0)[0]:
            os.kill(os.getpid(), self._signum)
        return super().readinto(buffer)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25])
def test_a_signal_keeps_all_that_was_read_of_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, signum: signal.Signals
) -> None:
    """Whatever its batches: what was read of it is nowhere else."""
    monkeypatch.setattr("swipefl.device.ingestion.BATCH", 10)
    reading, writing = os.pipe()
    with Store(tmp_path / "swipefl.db") as store, heard(signum), signals() as stop:
        os.write(writing, b"".join(GOOD[:count]) + GOOD[count][:100])
        ingestion = Ingestion(store, stop=stop)
        with BufferedReader(Signalled(reading, signum)) as stream, pytest.raises(Interrupted):
            ingestion.run([stream])
        assert (ingestion.report.stored, ingestion.report.duplicates, len(contents(store))) == (count, 0, count)
    os.close(writing)


def test_a_slow_stream_is_stored_while_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swipefl.device.ingestion.SOON_S", 0)
    seen = []
    with Store(tmp_path / "swipefl.db") as store:

        class Slow(BytesIO):
            """A stream that is looked at from beside, each time that it is read."""

            def peek(self, size: int) -> bytes:
                return self.getvalue()[self.tell() :][:size]

            def readline(self, size: int | None = -1, /) -> bytes:
                seen.append(len(contents(store)))
                return super().readline(size)

        Ingestion(store).run([Slow(b"".join(GOOD[:5]))])
    assert seen[-1] >= 4
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("word", "lands", "reason"),
    [
        ("a" * 64, True, ""),
        ("á" * 64, True, ""),
        ("a1", True, ""),
        ("a" * 65, False, "long-word"),
        ("12", False, "no-word"),
    ],
)
def test_a_personal_word_of_a_file_is_one_that_can_be_added_by_hand(
    store: Store, word: str, lands: bool, reason: str
) -> None:
    line = json.dumps({"word": word, "language": "en", "personal": "added"}).encode()
    report = Ingestion(store)
    with nullcontext() if lands else pytest.raises(DataError):
        report.run([BufferedReader(BytesIO(line + b"\n"))])
    with nullcontext() if lands else pytest.raises(UsageError):
        store.words.add(word, "en")
    assert (len(store.words.all()), report.report.reasons) == ((1, {}) if lands else (0, {reason: 1}))


def test_what_the_store_does_not_take_keeps_its_own_code_and_remedy(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(word: str, language: str, alike: bool) -> None:
        raise UsageError("no-text", "{what} is no text", Remedy.CHOOSE_NAME, what="it")

    monkeypatch.setattr(store.words, "add", refuse)
    heard: list[Rejected] = []
    line = b'{"word": "a", "language": "en", "personal": "added"}\n'
    with pytest.raises(DataError):
        Ingestion(store, on_reject=lambda name, rejected: heard.append(rejected)).run([BufferedReader(BytesIO(line))])
    (fault,) = (rejected.fault for rejected in heard)
    assert (fault.code, fault.remedy, str(fault)) == ("no-text", Remedy.CHOOSE_NAME, "it is no text")


def test_a_word_of_its_owner_stays_though_a_grown_swipe_does_not_land(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last swipe of a table that goes on: its beginning goes when the whole one lands, and not before."""
    (swipe,) = (json.loads(line) for line in GOOD[:1])
    rows = [f"a,{swipe['word']},{point['x']},{point['y']},{point['t']},370,222\n" for point in swipe["coords"]]
    table = tmp_path / "s.csv"

    def grown_to(count: int) -> None:
        table.write_text("gesture_id,word,x,y,t,width,height\n" + "".join(rows[:count]))

    grown_to(len(rows) - 2)
    ingest(store, table)
    relabel(store, "a", "jello")
    before = contents(store)
    grown_to(len(rows))
    with monkeypatch.context() as patched:
        patched.setattr(store.gestures, "add", lambda judged: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ingest(store, table)
    assert contents(store) == before
    ingest(store, table)
    ((word, whole),) = contents(store)
    assert (word, whole == before[0][1]) == ("jello", False)
    assert [stored.by_hand for stored in store.gestures.all()] == [True]


def table_of(numbers: range) -> bytes:
    """A table of swipes, the last of which may go on."""
    rows = ["gesture_id,word,x,y,t,width,height\n"]
    for number, example in zip(numbers, examples(len(numbers), seed=7), strict=True):
        gesture = example.gesture
        rows += [
            f"{number},{example.word},{x},{y},{t},{gesture.width},{gesture.height}\n" for x, y, t in gesture.points
        ]
    return "".join(rows).encode()


def renamed(name: str, folder: Path) -> None:
    (folder / "in" / "s.jsonl").replace(folder / "in" / name)


def moved(folder: Path) -> None:
    (folder / "in").rename(folder / "elsewhere")
    (folder / "in").mkdir()


def packed(folder: Path) -> None:
    (folder / "in" / "s.jsonl.gz").write_bytes(gzip.compress((folder / "in" / "s.jsonl").read_bytes()))
    (folder / "in" / "s.jsonl").unlink()


def emptied(folder: Path) -> None:
    (folder / "in" / "z.jsonl").write_bytes((folder / "in" / "s.jsonl").read_bytes())
    (folder / "in" / "s.jsonl").write_bytes(b"")


MOVES: dict[str, Callable[[Path], None]] = {
    "renamed, read before": partial(renamed, "a.jsonl"),
    "renamed, read behind": partial(renamed, "z.jsonl"),
    "copied and emptied": emptied,
    "moved": moved,
    "packed": packed,
}
LOGS = {
    "lines": (b"".join(GOOD[:4]), b"".join(GOOD[4:6])),
    "log": (LOG, HEADER + trace(3)),
    "table": (table_of(range(4)), b""),
}


@pytest.mark.parametrize("cut", [False, True], ids=["read whole", "read half"])
@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("move", MOVES)
def test_what_was_forgotten_does_not_come_back_when_its_file_is_elsewhere(move: str, kind: str, cut: bool) -> None:
    """What a log was rotated to goes on from where it was read; what follows in its place is new."""
    first, then = LOGS[kind]
    with fresh_store() as (store, folder):
        (folder / "in").mkdir()
        path = folder / "in" / "s.jsonl"
        path.write_bytes(first[: len(first) // 2] if cut else first)
        os.utime(path, (LONG_AGO, LONG_AGO))
        had = ingest(store, folder / "in").stored
        known = contents(store)
        forget(store)
        path.write_bytes(first)
        os.utime(path, (LONG_AGO, LONG_AGO))
        for _ in range(2):  # each night's log takes the place of the last one's
            MOVES[move](folder)
            path.write_bytes(then)
            run = Ingestion(store)
            for source in (folder / "elsewhere", folder / "in"):
                if source.exists():
                    run.run([source])
            assert not set(known) & set(contents(store))
            assert Ingestion(store).run([folder / "in"]).stored == 0
            if move in ("moved", "packed"):
                break
        whole = len({*contents(store), *known})
    with fresh_store() as (store, folder):
        for number, text in enumerate((first, then)):
            (folder / f"{number}.jsonl").write_bytes(text)
            os.utime(folder / f"{number}.jsonl", (LONG_AGO, LONG_AGO))
        Ingestion(store).run([folder / "0.jsonl", *([folder / "1.jsonl"] if then else [])])
        assert whole == len(contents(store)) or (kind == "table" and cut)  # half a swipe is another one
    assert had


@pytest.mark.parametrize("kind", LOGS)
@pytest.mark.parametrize("first", ["empty", "a header alone"])
def test_what_was_forgotten_stays_so_where_its_place_in_the_rotation_held_no_swipe_before(
    tmp_path: Path, kind: str, first: str
) -> None:
    """A logger makes each day's file anew, and may leave it without a swipe."""
    text, folder = LOGS[kind][0], tmp_path / "in"
    header = b"" if first == "empty" or kind == "lines" else text.splitlines(keepends=True)[0]
    folder.mkdir()
    with Store(tmp_path / "swipefl.db") as store:
        for day in (header, text, header):
            for number in (2, 1, 0):
                if (path := folder / f"s.{number}.jsonl").exists():
                    path.rename(folder / f"s.{number + 1}.jsonl")
            path = folder / "s.0.jsonl"
            path.write_bytes(day)
            os.utime(path, (LONG_AGO, LONG_AGO))
            with suppress(DataError):  # nothing at all
                Ingestion(store).run([folder])
            assert bool(contents(store)) == (day == text)
            if day == text:
                forget(store)


def test_a_copy_beside_its_file_is_another_file(tmp_path: Path) -> None:
    """Whoever brings one says all of it again."""
    (tmp_path / "s.jsonl").write_bytes(FILES["s.jsonl"])
    (tmp_path / "copy.jsonl").write_bytes(FILES["s.jsonl"])
    with Store(tmp_path / "swipefl.db") as store:
        assert [ingest(store, tmp_path / name).read for name in ("s.jsonl", "copy.jsonl", "copy.jsonl")] == [3, 3, 0]


@pytest.mark.parametrize("times", [1, 2])
def test_so_is_a_copy_of_one_that_was_renamed(tmp_path: Path, times: int) -> None:
    path = tmp_path / "0.jsonl"
    path.write_bytes(FILES["s.jsonl"])
    with Store(tmp_path / "swipefl.db") as store:
        assert ingest(store, path).read == 3
        for number in range(1, times + 1):
            path = path.rename(tmp_path / f"{number}.jsonl")
            assert ingest(store, path).read == 0
        (tmp_path / "copy.jsonl").write_bytes(FILES["s.jsonl"])
        (tmp_path / "copy.gz").write_bytes(gzip.compress(FILES["s.jsonl"]))
        assert [ingest(store, tmp_path / name).read for name in ("copy.jsonl", "copy.gz")] == [3, 3]


def test_tables_that_share_no_more_than_a_header_are_each_read(tmp_path: Path) -> None:
    with Store(tmp_path / "swipefl.db") as store:
        for number in range(3):
            one = table_of(range(number + 1)).splitlines(keepends=True)
            path = tmp_path / f"{number}.csv"
            path.write_bytes(one[0] + b"".join(row for row in one if row.startswith(b"%d," % number)))
            os.utime(path, (LONG_AGO, LONG_AGO))
            assert ingest(store, path).stored == 1
            path.replace(tmp_path / "one.csv")

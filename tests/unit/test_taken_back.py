"""What a keyboard takes back: the gesture of a trace, or the one that a line of that id was last about."""

import gzip
import io
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.device import ingestion
from swipefl.device.cycle import nothing_to_do
from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.device.ownership import forget, relabel
from swipefl.errors import DataError
from swipefl.gesture.before import before_in
from swipefl.gesture.formats import Rejected, read_examples
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example
from swipefl.store.store import Store
from tests.support import recorders
from tests.support.cycles import cycle
from tests.support.people import examples
from tests.support.stores import fresh_store, put, train_uses

Line = dict[str, Any]
ONE, TWO, THREE = train_uses("hello", 3)


def line(example: Example, **changes: Any) -> Line:
    return to_line(example) | changes


def back(id: Any, **changes: Any) -> Line:
    return {"gesture_id": id, "delete": True, **changes}


def read(store: Store, *lines: Any, told: list[Rejected] | None = None) -> IngestReport:
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    heard = [] if told is None else told
    return Ingestion(store, on_reject=lambda _, each: heard.append(each)).run([io.BufferedReader(io.BytesIO(text))])


def traces(store: Store) -> list[bytes]:
    return [stored.example.gesture.trace_hash() for stored in store.gestures.all()]


def left(store: Store) -> list[int]:
    """Which of the three are stored."""
    known = [example.gesture.trace_hash() for example in (ONE, TWO, THREE)]
    return [1 + known.index(trace) for trace in traces(store)]


def test_a_line_takes_back_the_gesture_of_its_id(store: Store) -> None:
    report = read(store, line(ONE, gesture_id="a"), line(TWO, gesture_id="b"), back("a"))
    assert (report.read, report.stored, report.duplicates, report.deleted) == (2, 2, 0, 1)
    assert left(store) == [2]
    report = read(store, back("b"))
    assert (report.read, report.stored, report.rejected, report.deleted) == (0, 0, 0, 1)
    assert left(store) == []
    assert read(store, back("b")).deleted == 0


A, B, C = (dict(gesture_id="1", coords=line(each)["coords"]) for each in (ONE, TWO, THREE))
PRIVATE, PARTIAL = {"private": True}, {"final": False}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("lines", "expected"),
    {
        "the newest of an id that came again": ([A, B, back("1")], [1]),
        "one only, however often it is said": ([A, B, back("1"), back("1")], [1]),
        "before the gesture came": ([back("1"), A], [1]),
        "an id that nobody has": ([A, back("2")], [1]),
        "and comes again": ([A, back("1"), A], [1]),
        "and comes again behind a newer one": ([A, B, back("1"), B], [1, 2]),
        "an older one that was corrected since": ([A, B, A | {"word": "jello"}, back("1")], [2]),
        "by the id of its correction": ([A, A | {"word": "jello", "gesture_id": "2"}, back("2")], []),
        "no innocent one by the id of a private one": ([A, B | PRIVATE, back("1")], [1]),
        "of a private one without points": ([A, {"gesture_id": "1", "private": True}, back("1")], [1]),
        "of one that was rejected": ([A, B | {"word": "пароль"}, back("1")], [1]),
        "of one without a word": ([A, B | {"word": None}, back("1")], [1]),
        "of one whose points are no numbers": ([A, B | {"coords": [{"x": "a", "y": 1, "t": 2}] * 2}, back("1")], [1]),
        "of one that was never finished": ([A, B | PARTIAL, back("1")], [1]),
        "of one that was finished": ([A, B | PARTIAL, B | PARTIAL, B, back("1")], [1]),
        "though a line of no gesture has that id": ([A, {"gesture_id": "1", "word": "hello"}, back("1")], []),
        "though a malformed one did not": ([A, {"gesture_id": "1", "delete": "yes"}, back("1")], []),
        "privately": ([A, back("1", private=True)], []),
        "by its trace, whatever its id": ([A, B, A | {"gesture_id": "9", "delete": True}], [2]),
        "by its trace, which is not known": ([A, C | {"delete": True}, back("1")], [1]),
        "by its trace, without an id": ([A, {"coords": A["coords"], "delete": True}], []),
        "a number for an id": ([A | {"gesture_id": 7}, back(7)], []),
        "that number as text": ([A | {"gesture_id": 7}, back("7")], []),
        "a very long one": ([A | {"gesture_id": "x" * 500}, back("x" * 500)], []),
        "what says that it is not": ([A | {"delete": False}, B | {"delete": None}], [1, 2]),
    }.values(),
)
def test_which_one_is_meant(store: Store, lines: list[Line], expected: list[int], at_once: bool) -> None:
    """All in one run or each in a run of its own, as a script may do; and all of them once more come to the same."""
    whole = [line(ONE) | {"gesture_id": None} | each if "coords" in each else each for each in lines]
    for _ in range(2):
        for run in [whole] if at_once else [[each] for each in whole]:
            with_reason(store, run)
        assert sorted(left(store)) == expected


def with_reason(store: Store, lines: list[Line]) -> None:
    """Reads lines among which something always can be read."""
    read(store, *lines, {"word": "hello", "language": "en", "personal": "added"})


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"gesture_id": "1", "delete": "true"}, "no-deletion"),
        ({"gesture_id": "1", "delete": 1}, "no-deletion"),
        ({"gesture_id": "1", "delete": False}, "no-deletion"),
        ({"gesture_id": "1", "delete": None}, "no-deletion"),
        ({"gesture_id": "1", "delete": []}, "no-deletion"),
        ({"delete": True}, "no-deletion"),
        ({"delete": True, "gesture_id": None}, "no-deletion"),
        ({"delete": True, "gesture_id": ""}, "no-deletion"),
        ({"delete": True, "gesture_id": {}}, "no-deletion"),
        (line(ONE, delete="true"), "bad-delete"),
        (line(ONE, delete=1), "bad-delete"),
        (line(ONE, delete=0), "bad-delete"),
        (line(ONE, delete=""), "bad-delete"),
        (line(ONE, delete=True, coords=[]), "few-points"),
    ],
)
def test_what_says_neither_yes_nor_no_is_rejected_and_takes_nothing_back(store: Store, said: Line, code: str) -> None:
    told: list[Rejected] = []
    report = read(store, line(ONE, gesture_id="1"), said, told=told)
    assert (report.stored, report.rejected, report.deleted) == (1, 1, 0)
    assert [each.fault.code for each in told] == [code]
    assert left(store) == [1]


LAYOUTS = {
    "lines": lambda lines: b"".join(json.dumps(each).encode() + b"\n" for each in lines),
    "without the last end": lambda lines: b"\n".join(json.dumps(each).encode() for each in lines),
    "a list": lambda lines: json.dumps(lines).encode(),
    "a list of many lines": lambda lines: json.dumps(lines, indent=1).encode(),
    "one document behind another": lambda lines: b"\n".join(json.dumps(each, indent=1).encode() for each in lines),
    "a list that is longer than a line may be": lambda lines: (
        b"[\n%b]\n"
        % b",\n".join(json.dumps({"note": "x" * (1 << 20)} | each).encode() for each in lines for _ in range(9))
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_in_whatever_it_is_written(layout: Any, pack: Any) -> None:
    content = pack(layout([line(ONE, gesture_id="1"), line(TWO, gesture_id="1"), back("1")]))
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(content)
        for deleted in (True, False):
            report = Ingestion(store).run([folder])
            assert (report.deleted > 0, report.rejected, left(store)) == (deleted, 0, [1])


@pytest.mark.parametrize("of", [recorders.heliboard, recorders.futo_row, recorders.neuroswipe, recorders.own])
def test_whatever_format_brings_the_trace(store: Store, of: Any) -> None:
    assert read(store, of("we")).stored == 1
    assert read(store, of("we", delete=True)).deleted == 1
    assert traces(store) == []
    assert read(store, {"delete": recorders.epoch_points("delete")}).stored == 1  # a word, in a document of FUTO's


def test_what_its_owner_said_of_it_outranks_the_log(store: Store) -> None:
    read(store, line(ONE, gesture_id="1"))
    relabel(store, "1", "jello")
    assert read(store, back("1"), line(ONE, delete=True)).deleted == 0
    assert left(store) == [1]


def test_what_the_owner_erased_names_nothing(store: Store) -> None:
    read(store, line(ONE, gesture_id="1"), line(TWO, gesture_id="1"))
    forget(store, id=TWO.gesture.trace_hash().hex())
    assert read(store, back("1")).deleted == 0
    assert left(store) == [1]
    forget(store)
    assert store.sql.rows("SELECT * FROM names") == []


def test_a_night_leaves_no_byte_of_it(path: Path) -> None:
    with Store(path) as store:
        put(store, examples(300))
        read(store, line(ONE, gesture_id="hunter-two", word="hellos"), back("hunter-two"))
        assert store.owes_rewriting()
        store.erase_traces()
        points = ONE.gesture.points.astype("<f4").tobytes()
        for file in path.parent.glob("swipefl.db*"):
            assert not any(trace in file.read_bytes() for trace in (b"hunter", b"hellos", points[60:120]))


def test_the_next_cycle_learns_from_what_is_left(store: Store) -> None:
    """As after a correction: a model that learned from it goes on."""
    put(store, [*examples(60), ONE])
    cycle(store).run(1)
    personal = [known.id for known in store.checkpoints.all()]
    store.meta.set("cycle.done", "")
    assert read(store, line(ONE, delete=True)).deleted == 1
    assert [known.id for known in store.checkpoints.all()] == personal
    assert nothing_to_do(store) is None


def test_a_file_is_read_by_one_at_a_time(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run that begins meanwhile waits, and goes on where the first ended."""
    monkeypatch.setattr(ingestion, "BATCH", 1)
    file = tmp_path / "swipes.jsonl"
    said = [line(ONE, gesture_id="1"), line(TWO, gesture_id="1"), back("1"), line(ONE, gesture_id="1"), back("2")]
    file.write_text("".join(json.dumps(each) + "\n" for each in said))
    os.utime(file, (1e9, 1e9))
    with Store(path) as one, Store(path) as other:
        later = Ingestion(other, stop=iter([None, DataError("ended", "it waits no longer")]).__next__)

        def meanwhile() -> None:
            with pytest.raises(DataError, match="no longer"):
                later.run([file])

        begun = iter([lambda: None, meanwhile, *[lambda: None] * 9])
        assert Ingestion(one, stop=lambda: next(begun)()).run([file]).read == 3
        assert later.report.read == later.report.deleted == 0
        assert Ingestion(other).run([file]).read == 0
        assert left(one) == [1]


def test_what_is_partial_is_passed_over(store: Store) -> None:
    report = read(store, line(ONE, final=False), line(TWO, final=False, word=None), line(THREE, final=False, word="ж"))
    assert (report.read, report.stored, report.rejected) == (0, 0, 0)
    assert read(store, line(ONE, final=True), line(TWO, final=None)).stored == 2


def test_a_store_of_before_knows_its_ids(path: Path) -> None:
    with Store(path) as store:
        put(store, [replace(each, gesture=replace(each.gesture, id="1")) for each in (ONE, TWO)])
        assert read(store, back("1")).deleted == 1
        assert left(store) == [1]


def test_who_reads_examples_meets_none_that_takes_back(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(LAYOUTS["lines"]([line(ONE), back("1"), line(TWO, delete=True)]))
    assert [example.gesture.trace_hash() for example in read_examples(tmp_path / "s.jsonl")] == [
        ONE.gesture.trace_hash()
    ]


# A model of it: what is stored, and what each id was last about.


@dataclass
class Model:
    stored: dict[int, tuple[str, str | None, bool]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    deleted: int = 0

    def hear(self, what: str, id: str, which: int, word: str, before: str | None, by_hand: bool) -> None:
        """One line; `what` it is."""
        if what == "back":
            self._erase(self.names.pop(id, None))
        elif what == "back by trace":
            self.names.pop(id, None)
            self._erase(which)
        elif what == "commit":
            self._store(which, word, before, by_hand)
            self.names = {name: one for name, one in self.names.items() if one != which} | {id: which}
        else:
            self.names.pop(id, None)

    def _erase(self, which: int | None) -> None:
        if which is not None and which in self.stored and not self.stored[which][2]:
            del self.stored[which]
            self.names = {name: one for name, one in self.names.items() if one != which}
            self.deleted += 1

    def _store(self, which: int, word: str, before: str | None, by_hand: bool) -> None:
        known = None if before is None else before_in(before).text
        if which in self.stored:
            old, stood, outranks = self.stored[which]
            known = stood if known is None else known
            if outranks or word == old:
                word, by_hand = old, outranks or by_hand
        self.stored[which] = (word, known, by_hand)


SAID = st.tuples(
    st.sampled_from(["commit", "commit", "commit", "back", "back", "private", "partial", "broken", "back by trace"]),
    st.sampled_from(["1", "2"]),
    st.integers(0, 2),
    st.sampled_from(["hello", "jello"]),
    st.sampled_from([None, "", "i wanted to", "we"]),
    st.sampled_from([False, False, False, True]),
)


def written(what: str, id: str, which: int, word: str, before: str | None, by_hand: bool) -> Line:
    example = (ONE, TWO, THREE)[which]
    said = line(example, gesture_id=id, word=word) | ({} if before is None else {"before": before})
    changes: Line = {
        "commit": {"by_hand": by_hand},
        "private": {"private": True},
        "partial": {"final": False},
        "broken": {"coords": said["coords"][:1]},
        "back by trace": {"delete": True},
    }.get(what, {})
    return back(id) if what == "back" else said | changes


@given(
    st.lists(SAID, min_size=1, max_size=14),
    st.lists(st.integers(0, 14), max_size=4),
    st.sampled_from([*LAYOUTS][:4]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_said_in_whatever_runs(said: list[Any], cuts: list[int], layout: str, again: bool) -> None:
    """Each run reads a file of its own, or what one file has grown by; and then all of it is read once more."""
    model, known = Model(), [each.gesture.trace_hash() for each in (ONE, TWO, THREE)]
    ends = sorted({cut for cut in cuts if cut < len(said)} | {len(said)})
    with fresh_store() as (store, folder):
        start, deleted = 0, 0
        for number, end in enumerate(ends):
            part = said[start:end]
            if layout == "lines":
                with (folder / "s.jsonl").open("ab") as grown:
                    grown.write(LAYOUTS[layout]([written(*each) for each in part]))
                source = folder / "s.jsonl"
            else:
                source = folder / f"{number}.json"
                source.write_bytes(LAYOUTS[layout]([written(*each) for each in part]))
            deleted += run(store, source)
            heard(model, part)
            assert (stored(store, known), deleted) == (model.stored, model.deleted)
            start = end
            assert run(store, source) == 0, "what was read is known"
        if again:
            (folder / "all.jsonl").write_bytes(LAYOUTS["lines"]([written(*each) for each in said]))
            deleted += run(store, folder / "all.jsonl")
            heard(model, said)
            assert (stored(store, known), deleted) == (model.stored, model.deleted)


def heard(model: Model, said: Iterable[Any]) -> None:
    for each in said:
        model.hear(*each)


def run(store: Store, path: Path) -> int:
    ingestion = Ingestion(store)
    with suppress(DataError):  # nothing but what is broken
        ingestion.run([path])
    return ingestion.report.deleted


def stored(store: Store, known: list[bytes]) -> dict[int, tuple[str, str | None, bool]]:
    return {
        known.index(each.example.gesture.trace_hash()): (
            each.example.word,
            None if each.example.gesture.before is None else each.example.gesture.before.text,
            each.by_hand,
        )
        for each in store.gestures.all()
    }

"""What is private is predicted for; it is never stored, counted, logged or kept with what was rejected."""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.device.ownership import exported
from swipefl.device.prediction import Prediction, choose_checkpoint
from swipefl.device.vocabulary import Vocabulary
from swipefl.errors import DataError
from swipefl.gesture.formats import Rejected, read_examples
from swipefl.gesture.keyboard import built_in
from swipefl.store.store import Store
from tests.support import recorders
from tests.support.stores import fresh_store
from tests.support.swipes import GOOD, gesture, lines

BOM = b"\xef\xbb\xbf"
PLAIN = gesture(gesture_id="plain")
SECRET = gesture(gesture_id="hunter-two", word="were", private=True)
SECRET["coords"] = [point | {"y": 31.5} for point in SECRET["coords"]]
POINTS = [{"x": 0.15 + 0.01 * n, "y": 0.13, "t": 1e12 + 20 * n} for n in range(7)]
GRID = {
    "width": 100,
    "height": 50,
    "keys": [{"label": c, "hitbox": {"x": 50 * i, "y": 0, "w": 50, "h": 50}} for i, c in enumerate("we")],
}
CURVE = {"x": [25, 75], "y": [25, 25], "t": [0, 500], "grid": GRID}

YES = [True, "true", "false", "", "yes", 1, 0, 0.0, [], {}, [True], "no", 10**30, "null"]
NO = [False, None]

# what a private gesture may look like, each alone in its file
PRIVATE: dict[str, bytes] = {
    "a line": lines(SECRET),
    "without its end": lines(SECRET).rstrip(),
    "with another end": lines(SECRET).replace(b"\n", b"\r\n"),
    "behind a mark of its bytes' order": BOM + lines(SECRET),
    "said twice": lines(SECRET).replace(b'"private": true', b'"private": true, "private": false'),
    "said in other letters": lines(SECRET).replace(b'"private"', b'"\\u0070rivate"'),
    "with blanks": lines(SECRET).replace(b'"private": true', b'"private" \t:\t true'),
    "of other fields": lines({"private": True, "word": "were"}),
    "without points": lines(SECRET | {"coords": []}),
    "with too few points": lines(SECRET | {"coords": SECRET["coords"][:1]}),
    "without a word": lines(SECRET | {"word": None}),
    "with a word that no key types": lines(SECRET | {"word": "пароль"}),
    "on a keyboard that nobody knows": lines(SECRET | {"keyboard": "nonesuch"}),
    "on a keyboard of its own": lines(SECRET | {"keyboard": built_in("qwerty").to_json() | {"name": "hunter-two"}}),
    "that is broken": lines(SECRET).replace(b'"word"', b"word"),
    "that breaks off": lines(SECRET)[:-3],
    "that breaks off in the mark": lines({"word": "were"} | SECRET).split(b"true")[0],
    "that is no UTF-8": lines(SECRET).replace(b"were", b"w\xe9re"),
    "that is too long": lines({"pad": "x" * (9 << 20)} | SECRET),
    "that is too long and says so first": lines({"private": True, "pad": "x" * (9 << 20)} | SECRET),
    "with a word of the person's": lines({"personal": "added", "word": "hunter", "language": "en", "private": 1}),
    "with a keyboard of the person's": lines({"keyboard": GRID | {"name": "hunter-two"}, "private": True}),
    "of NeuroSwipe": lines({"word": "we", "curve": CURVE, "private": True}),
    "of NeuroSwipe without points": lines({"word": "we", "curve": {}, "private": True}),
    "of FUTO": json.dumps({"private": True, "we": POINTS}).encode(),
    "of FUTO, without points": json.dumps([{"private": True, "we": []}]).encode(),
    "in a list": json.dumps([SECRET]).encode(),
    "on many lines": json.dumps(SECRET, indent=1).encode(),
    "in a list on many lines": json.dumps([SECRET, SECRET | {"coords": 1}], indent=1).encode(),
    "in a list that breaks off": json.dumps([SECRET], indent=1).encode()[:-4],
    "of a row of FUTO": lines({"word": "hunter", "data": POINTS, "canvas_width": 9, "canvas_height": 4, "private": 1}),
    "of HeliBoard": lines(recorders.heliboard("we", private=True, suggestions=["hunter"])),
    "of HeliBoard, of two fingers": lines(recorders.heliboard("we", private=True, gesture=[{"hunter": 1}])),
    "of CleverKeys": lines(recorders.cleverkeys("we") | {"trace_id": "hunter", "private": True}),
    "of CleverKeys in a document": lines({"data": [recorders.cleverkeys("we") | {"private": "yes"}]}),
    "of CleverKeys in a private document": lines({"private": True, "data": [recorders.cleverkeys("we")] * 2}),
    "of CleverKeys in a private document on many lines": json.dumps(
        {"data": [recorders.cleverkeys("we")], "private": 1}, indent=1
    ).encode(),
    "said within, in a list": json.dumps([recorders.cleverkeys("we") | {"metadata": {"private": True}}]).encode(),
    "said twice, in a list": json.dumps([SECRET])
    .replace('"private": true', '"private": true, "private": false')
    .encode(),
    "said within, in a long list": b"[\n"
    + b",\n".join([lines(PLAIN | {"note": "x" * (1 << 20), "about": {"private": 1}}).rstrip()] * 9)
    + b"]\n",
    "said twice, in a long list": (
        b"[\n" + b",\n".join([lines(SECRET | {"note": "x" * (1 << 20)}).rstrip()] * 9) + b"]\n"
    ).replace(b'"private": true', b'"private": true, "private": false'),
    "of grids": lines({"hunter": recorders.grid(), "private": {"width": 1, "height": 1, "keys": []}}),
    "of nothing that is known": lines({"name": "hunter", "private": True}),
}
TABLE = recorders.table("we", user="hunter", private="true")
TABLES = {
    "a table": TABLE,
    "a table of a broken row": TABLE + b"hunter\n",
    "a table that breaks off": TABLE[:-9],
    "a table of two people": TABLE + recorders.table("we", user="hunter", private="1").split(b"\n", 1)[1],
}


def ingested(store: Store, path: Path, format: str | None = None) -> tuple[IngestReport, list[Rejected]]:
    told: list[Rejected] = []
    report = Ingestion(store, format=format, on_reject=lambda name, rejected: told.append(rejected)).run([path])
    return report, told


def nothing_of_it_is_in(store: Store) -> bool:
    """No row but where the file was read up to, and no byte of the word or the id."""
    tables = ("gestures", "keyboards", "words")
    rows = sum(store.sql.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables)
    store.sql.run("PRAGMA wal_checkpoint(TRUNCATE)")
    return rows == 0 and b"hunter" not in store.path.read_bytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("content", [*PRIVATE.values(), *TABLES.values()], ids=[*PRIVATE, *TABLES])
def test_a_private_gesture_leaves_nothing_behind(content: bytes, pack: Callable[[bytes], bytes]) -> None:
    """And a file of nothing else is no error."""
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(pack(content))
        for _ in range(2):
            report, told = ingested(store, folder / "s.jsonl")
            assert (report.read, report.stored, report.rejected, report.reasons, told) == (0, 0, 0, {}, [])
        assert nothing_of_it_is_in(store)
        assert list(read_examples(folder / "s.jsonl")) == []


@pytest.mark.parametrize("name", ["s.jsonl", "s.log"])
@pytest.mark.parametrize("content", [text for text in PRIVATE.values() if text.count(b"\n") == 1])
def test_a_private_line_costs_the_lines_around_it_nothing(content: bytes, name: str) -> None:
    with fresh_store() as (store, folder):
        (folder / name).write_bytes(GOOD[0] + content.removeprefix(BOM) + b"broken\n" + GOOD[1])
        report, told = ingested(store, folder / name)
        assert (report.read, report.stored, report.reasons) == (3, 2, {"broken-json": 1})
        assert [rejected.text for rejected in told] == [b"broken\n"]
        assert "hunter-two" not in json.dumps(list(exported(store)))


@pytest.mark.parametrize("value", [*YES, *NO])
@pytest.mark.parametrize("line", [PLAIN, {"word": "we", "curve": CURVE}], ids=["own", "neuroswipe"])
def test_whatever_is_not_plainly_a_no_is_a_yes(line: dict[str, Any], value: Any) -> None:
    """A keyboard that writes `"true"` means it."""
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(lines(line | {"private": value}))
        report, _ = ingested(store, folder / "s.jsonl")
        assert report.stored == any(value is no for no in NO)


def test_private_is_a_word_too() -> None:
    """In FUTO's JSON it is one where it has points."""
    with fresh_store() as (store, folder):
        (folder / "s.json").write_text(
            json.dumps({"private": POINTS, "we": [p | {"x": p["x"] + 0.01} for p in POINTS]})
        )
        assert ingested(store, folder / "s.json")[0].stored == 2
        (folder / "t.jsonl").write_bytes(lines(gesture(word="private", before='it is "private": really')))
        assert ingested(store, folder / "t.jsonl")[0].stored == 1


@pytest.mark.parametrize("secret", [lines(SECRET), json.dumps([SECRET]).encode() + b"\n"], ids=["line", "list"])
def test_what_is_private_and_still_being_written_waits(secret: bytes) -> None:
    for cut in range(0, len(secret), 20):
        a_file_that_grew(GOOD[0] + secret[:cut], GOOD[0] + secret + GOOD[1])


def a_file_that_grew(*contents: bytes) -> None:
    """One good swipe more each time, and nothing else is told."""
    with fresh_store() as (store, folder):
        path, kept = folder / "s.jsonl", []
        for content in contents:
            path.write_bytes(content)
            report, told = ingested(store, path)
            kept.append((report.read, report.stored, report.rejected, told))
        assert kept == [(1, 1, 0, []), (1, 1, 0, [])]


def test_a_trace_that_was_stored_before_it_was_called_private_stays() -> None:
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(lines(PLAIN))
        ingested(store, folder / "s.jsonl")
        (folder / "t.jsonl").write_bytes(lines(PLAIN | {"private": True}))
        assert ingested(store, folder / "t.jsonl")[0].read == 0
        assert store.gestures.counts()["good"] == 1


def test_what_is_private_is_answered_in_its_place(tmp_path: Path) -> None:
    """Also where it cannot be read."""
    contents = [
        lines(PLAIN),
        lines(SECRET),
        lines(SECRET | {"coords": 1}),
        lines({"word": "we", "curve": CURVE, "private": 1}),
    ]
    (tmp_path / "s.jsonl").write_bytes(b"".join(contents))
    prediction = Prediction(choose_checkpoint(None, "base"), Vocabulary(size=1000), built_in)
    answers = list(prediction.answers(tmp_path / "s.jsonl"))
    assert [(answer.line, bool(answer.candidates), answer.fault is None) for answer in answers] == [
        (1, True, True),
        (2, True, True),
        (3, False, False),
        (4, True, True),
    ]
    assert [example.gesture.id for example in prediction.examples([tmp_path / "s.jsonl"])] == ["plain"]


@given(
    st.lists(st.sampled_from(list(PRIVATE)) | st.sampled_from([b"broken\n", b"[", *GOOD[:3]]), max_size=6),
    st.sampled_from([None, "swipefl", "neuroswipe", "futo"]),
    st.sampled_from(["s.jsonl", "s.log", "s.json"]),
    st.booleans(),
)
@settings(max_examples=60)
def test_nothing_private_is_kept_in_whatever_company(
    some: list[str | bytes], format: str | None, name: str, packed: bool
) -> None:
    content = b"\n".join(PRIVATE[part] if isinstance(part, str) else part for part in some)
    with fresh_store() as (store, folder):
        (folder / name).write_bytes(gzip.compress(content) if packed else content)
        told: list[Rejected] = []
        with suppress(DataError):
            Ingestion(store, format=format, on_reject=lambda name, rejected: told.append(rejected)).run([folder / name])
        assert not any(b"hunter" in rejected.text for rejected in told)
        store.sql.run("PRAGMA wal_checkpoint(TRUNCATE)")
        assert b"hunter" not in store.path.read_bytes()

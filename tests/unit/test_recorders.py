"""What other recorders write is read as what it is, on the keyboard that it was swiped on; nothing else is."""

import copy
import gzip
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from swipefl.device.grids import keyboards_of
from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.errors import DataError
from swipefl.gesture.formats import Entry, OwnKeyboard, Private, Reading, Rejected, read_gestures
from swipefl.gesture.formats.layouts import rows_of_qwerty
from swipefl.gesture.formats.objects import format_of
from swipefl.gesture.gesture import GOOD, Example, verdict
from swipefl.gesture.keyboard import built_in, content_name
from swipefl.store.store import Store
from tests.support import recorders
from tests.support.recorders import HEIGHT, OBJECTS, WIDTH, line, table
from tests.support.stores import fresh_store

WORDS = ("we", "coffee", "hello", "zebra", "mango")


def entries(content: bytes, name: str = "f.txt", format: str | None = None, keyboard: Any = None) -> list[Entry]:
    return list(read_gestures(io.BufferedReader(io.BytesIO(content)), name, format, keyboard, built_in))


def only(content: bytes, **more: Any) -> Any:
    (entry,) = entries(content, **more)
    return entry


def ingested(store: Store, path: Path, format: str | None = None) -> tuple[IngestReport, list[Rejected]]:
    told: list[Rejected] = []
    ingestion = Ingestion(store, format=format, on_reject=lambda name, rejected: told.append(rejected))
    with suppress(DataError):
        ingestion.run([path])
    return ingestion.report, told


WRITTEN = {
    "own": lambda word: line(recorders.own(word)),
    "neuroswipe": lambda word: line(recorders.neuroswipe(word)),
    "futo row": lambda word: line(recorders.futo_row(word)),
    "futo document": lambda word: line(recorders.futo_document(word)),
    "heliboard": lambda word: line(recorders.heliboard(word)),
    "heliboard of old": lambda word: line(recorders.heliboard_of_old(word)),
    "cleverkeys": lambda word: line(recorders.cleverkeys(word)),
    "cleverkeys, of three rows": lambda word: line(recorders.cleverkeys(word, of_screen=False)),
    "cleverkeys of old": lambda word: line(recorders.cleverkeys(word, layout=None)),
    "cleverkeys in a document": lambda word: json.dumps({"total": 1, "data": [recorders.cleverkeys(word)]}).encode(),
    "csv": lambda word: table(word),
    "tsv": lambda word: table(word, "\t"),
    "semicolons": lambda word: table(word, ";", language="en"),
}
PACKED = {
    "plain": lambda content: content,
    "a mark first": lambda content: b"\xef\xbb\xbf" + content,
    "gzip": gzip.compress,
    "a mark first, gzip": lambda content: gzip.compress(b"\xef\xbb\xbf" + content),
    "indented, in a list": lambda content: json.dumps([json.loads(content)], indent=1).encode(),
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("word", WORDS)
def test_each_recorders_swipe_is_its_word_and_fits_its_keyboard(written: str, packed: str, word: str) -> None:
    content = WRITTEN[written](word)
    if packed == "indented, in a list" and (not content.startswith(b"{") or written.endswith("document")):
        return
    entry = only(PACKED[packed](content))
    assert entry.word == word
    layout = entry.gesture.keyboard.layout(entry.gesture.width, entry.gesture.height)
    for letter, point in ((word[0], entry.gesture.points[0]), (word[-1], entry.gesture.points[-1])):
        assert layout.distance(letter, *point[:2].tolist()) < 0.1
    assert verdict(Example(entry.gesture, word)) == GOOD
    assert entry.gesture.points[-1, 2] == pytest.approx(0.02 * 8 * (len(word) - 1), abs=1e-5)


def test_word_and_data_may_be_words() -> None:
    points = recorders.epoch_points("we")
    words = ["word", "data"]
    assert [entry.word for entry in entries(line(dict.fromkeys(words, points)))] == words


def test_a_layout_travels_with_its_swipe_and_its_language_with_the_line() -> None:
    new, old = only(line(recorders.heliboard())), only(line(recorders.heliboard_of_old()))
    assert new.gesture.languages == old.gesture.languages == ("en-us",)
    for gesture in (new.gesture, old.gesture):
        assert (gesture.keyboard.name[:5], gesture.keyboard.languages) == ("grid-", ())
        assert {key.letter for key in gesture.keyboard.keys} == set("qwertyuiopasdfghjklzxcvbnm")
    key = next(key for key in old.gesture.keyboard.keys if key.letter == "g")
    assert (key.width, key.height) == pytest.approx((108, 162), abs=1)
    assert new.gesture.id == "uuid-we"
    shifted = recorders.heliboard()
    shifted["keyboardInfo"]["keys"][0]["left"] += 3
    assert only(line(shifted)).gesture.keyboard.name != new.gesture.keyboard.name


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (recorders.heliboard(targetWord=None, suggestions=[]), "no-word"),
        (recorders.heliboard(targetWord=None, suggestions=[{"word": "we"}, {"word": "were"}]), "no-word"),
        (recorders.heliboard(targetWord="", suggestions=[{"word": ""}]), "no-word"),
        (recorders.heliboard(gesture=[]), "few-points"),
        (recorders.heliboard(keyboardInfo={}), "unknown-keyboard"),
        (recorders.heliboard(keyboardInfo={"width": 9, "height": 9, "keys": [{"left": 1}]}), "unknown-keyboard"),
        (
            recorders.heliboard(gesture=[p | {"id": n % 2} for n, p in enumerate(recorders.heliboard()["gesture"])]),
            "several-strokes",
        ),
        (
            recorders.futo_row(data={"L": [recorders.epoch_points("we")], "R": [recorders.epoch_points("we")]}),
            "several-strokes",
        ),
        (recorders.futo_row(layout="dvorak"), "unknown-keyboard"),
        (recorders.futo_row(canvas_width="wide"), "bad-size"),
        (recorders.cleverkeys(layout="latn_dvorak"), "unknown-keyboard"),
        (recorders.cleverkeys(layout="latn_qwerty_sv"), "unknown-keyboard"),
        (recorders.cleverkeys(layout="cyrl_jcuken_ru"), "unknown-keyboard"),
        (recorders.neuroswipe(curve=recorders.neuroswipe()["curve"] | {"grid": None}), "unknown-keyboard"),
    ],
)
def test_what_a_recorder_does_not_say_is_told(data: dict[str, Any], reason: str) -> None:
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(line(recorders.own("hello")) + line(data))
        report, told = ingested(store, folder / "s.jsonl")
        assert (report.stored, report.reasons, [one.line for one in told]) == (1, {reason: 1}, [2])


def test_a_swipe_of_one_of_two_fingers_is_read() -> None:
    assert only(line(recorders.futo_row(data={"L": [recorders.epoch_points("we")], "R": []}))).word == "we"


def test_keys_of_cleverkeys_travel_with_the_swipe() -> None:
    data = recorders.cleverkeys(layout="latn_dvorak")
    keys = {"q": "a", "w": "e", "e": "w"}  # another layout under the same places
    info = recorders.heliboard()["keyboardInfo"]["keys"]
    data["key_geometry"] = [
        {
            "k": keys.get(key["value"], key["value"]),
            "l": key["left"],
            "t": key["top"],
            "r": key["left"] + key["width"],
            "b": key["top"] + key["height"],
        }
        for key in info
        if key["value"] != "a"
    ]
    data["registered_keys"] = ["e", "w"]
    entry = only(line(data | {"target_word": "ew"}))
    assert (entry.word, verdict(Example(entry.gesture, "ew"))) == ("ew", GOOD)


def test_grids_are_found_by_name_in_a_file_before_or_in_a_flag(tmp_path: Path) -> None:
    curve = {key: value for key, value in recorders.neuroswipe()["curve"].items() if key != "grid"}
    named = line({"word": "we", "curve": curve | {"grid_name": "default"}})
    grids = json.dumps({"default": recorders.grid(), "extra": recorders.grid() | {"width": 2160}}).encode()
    assert [type(entry) for entry in entries(grids)] == [OwnKeyboard, OwnKeyboard]
    (tmp_path / "grids.json").write_bytes(grids)
    chosen, find = keyboards_of(str(tmp_path / "grids.json"), built_in)
    (entry,) = read_gestures(io.BufferedReader(io.BytesIO(named)), "s", None, chosen, find)
    assert isinstance(entry, Reading)
    assert entry.gesture.keyboard.name.startswith("grid-")
    with Store(tmp_path / "swipefl.db") as store:
        (tmp_path / "s.jsonl").write_bytes(named)
        assert ingested(store, tmp_path / "s.jsonl")[0].reasons == {"unknown-keyboard": 1}
        assert ingested(store, tmp_path / "grids.json")[0].rejected == 0
        assert ingested(store, tmp_path / "s.jsonl")[0].stored == 1


def test_two_files_may_call_their_grids_the_same(tmp_path: Path) -> None:
    """A line is of the one that its run gave, whatever was known before."""
    curve = {key: value for key, value in recorders.neuroswipe()["curve"].items() if key != "grid"}
    wider = recorders.grid() | {"width": 2160}
    for name, grid in (("a", recorders.grid()), ("b", wider)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"default": grid}))
    with Store(tmp_path / "swipefl.db") as store:
        widths = []
        for number, names in enumerate(["a", "b", "b", "ba", "ab", ""]):
            times = [t + number for t in curve["t"][1:]]
            named = curve | {"t": [curve["t"][0], *times], "grid_name": "default"}
            (tmp_path / "s.jsonl").write_bytes(line({"word": "we", "curve": named}))
            files = [tmp_path / f"{name}.json" for name in names]
            report = Ingestion(store).run([*files, tmp_path / "s.jsonl"])
            assert (report.stored, report.rejected) == (1, 0), names
            widths += store.sql.rows("SELECT width FROM gestures ORDER BY rowid DESC LIMIT 1")[0]
        assert widths == [1080, 2160, 2160, 1080, 2160, 1080]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b"[ ]\n", b"gesture_id,word,x,y,t,width,height\n"])
def test_where_there_is_nothing_to_read_nothing_is_wrong(tmp_path: Path, content: bytes) -> None:
    """A list of nothing, and a log that was emptied after it was read; a file that never held a line is none."""
    (tmp_path / "f").mkdir()
    path = tmp_path / "f" / "s.json"
    with Store(tmp_path / "swipefl.db") as store:
        for number, given in enumerate((content, line(recorders.own("we")), content)):
            path.write_bytes(given)
            with pytest.raises(DataError) if number == 0 and not content.strip() else nullcontext():
                report = Ingestion(store).run([path.parent])
                assert report.rejected == 0
        assert report.read == 0
        path.write_bytes(b"some")
        with pytest.raises(DataError):
            Ingestion(store).run([path])


def test_a_heliboard_row_without_a_word_has_the_suggestion_that_is_left() -> None:
    """The app notes a word only where it was changed, and blanks all suggestions but the one that was taken."""
    blank = {"word": "", "score": -2147483648}
    row = recorders.heliboard(targetWord=None, suggestions=[blank, {"word": "we", "score": 9}, blank])
    assert only(json.dumps([row]).encode()).word == "we"
    assert only(json.dumps([row | {"targetWord": "ew"}]).encode()).word == "ew"


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("in_a_list", [False, True])
def test_a_word_that_stands_twice_in_a_document_is_two_swipes(indent: int | None, in_a_list: bool) -> None:
    first = json.dumps(recorders.futo_document("we"), indent=indent)
    second = json.dumps(
        {"we": [point | {"t": point["t"] * 2} for point in recorders.epoch_points("we")]}, indent=indent
    )
    document = first.rstrip().removesuffix("}") + "," + second.lstrip().removeprefix("{")
    found = entries((f"[{document}]" if in_a_list else document).encode())
    assert [entry.word for entry in found if isinstance(entry, Reading)] == ["we", "we"]


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("said", ["swipefl", "neuroswipe", "futo", "heliboard", "cleverkeys"])
def test_a_format_that_is_said_is_taken_only_if_it_fits(name: str, said: str) -> None:
    found = only(line(OBJECTS[name]("we")), format=said)
    is_it = format_of(OBJECTS[name]("we")) == said
    assert isinstance(found, Reading) == is_it
    assert is_it or found.fault.code == "other-format"


def test_a_long_list_may_begin_with_what_is_no_swipe() -> None:
    swipe = json.dumps(recorders.own("we"))
    filler = json.dumps(recorders.own("we", note="x" * (1 << 20)))
    for begin in ("null", '{"version": 1}', "[]"):
        found = entries(f"[{begin},\n{swipe},\n".encode() + ",\n".join([filler] * 9).encode() + b"]")
        assert [type(entry) for entry in found] == [Rejected] + [Reading] * 10


@pytest.mark.parametrize(
    "content",
    [
        b"[" + b"{}," * (1 << 20) + b"{}]",
        b"[\n" + b"{},\n" * (1 << 20) + b"{}]",
        b'{"gesture_id":"a","word":"we","width":360,"height":216,"coords":[' + b'{"x":1},' * (1 << 19) + b'{"x":1}]}',
    ],
    ids=["on one line", "on many", "points"],
)
def test_what_would_fill_the_memory_is_refused_as_one(content: bytes) -> None:
    assert only(content).fault.code == "long-document"


def test_rows_of_a_table_may_be_quoted_and_bad_ones_are_told() -> None:
    head, *rows = table("we").splitlines(keepends=True)
    quoted = [row.replace(b"c-we", b'"c,we"') for row in rows]
    found = entries(b"".join([head, *quoted[:3], b"no row\n", b'1,"c,we",x,y,we,1,1\n', *quoted[3:]]))
    assert [entry.fault.code for entry in found if isinstance(entry, Rejected)] == ["broken-line"]
    (entry,) = entries(b"".join([head, b"no row\n", *quoted]))[1:]
    assert isinstance(entry, Reading)
    assert (entry.gesture.id, entry.word) == ("c,we", "we")


BROKEN_ROWS = {
    "of another shape": b"no row\n",
    "cut": b"0.01,c-hello\n",
    "no number": b"0.01,c-hello,x,2,hello,370,222\n",
    "not finite": b"0.01,c-hello,nan,2,hello,370,222\n",
    "no UTF-8": b"\xff\n",
    "an open quote": b'"0.01,c-hello\n',
}


@pytest.mark.parametrize("broken", BROKEN_ROWS.values(), ids=BROKEN_ROWS)
@pytest.mark.parametrize("at", [2, 5])
def test_a_swipe_with_a_row_that_cannot_be_read_is_rejected_and_the_others_are_not(broken: bytes, at: int) -> None:
    rows = table("hello").splitlines(keepends=True)
    others = [table(word).split(b"\n", 1)[1] for word in ("we", "mango")]
    found = entries(b"".join([rows[0], others[0], *rows[1:at], broken, *rows[at:], others[1]]))
    assert [entry.word if isinstance(entry, Reading) else None for entry in found] == ["we", None, "mango"]


def test_tables_may_follow_one_another_each_with_a_mark_of_its_bytes_order() -> None:
    mark = b"\xef\xbb\xbf"
    assert [entry.word for entry in entries(mark + table("we") + mark + table("hello", ";"))] == ["we", "hello"]
    assert [entry.word for entry in entries((mark + line(recorders.own("we"))) * 2)] == ["we", "we"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_comma_that_separates_nothing_is_a_decimal_mark(separator: str) -> None:
    content = table("hello", separator, width="370,0")
    assert only(content.replace(b".", b",")).gesture.trace_hash() == only(content).gesture.trace_hash()


@pytest.mark.parametrize("identity", ["a", ""])
def test_another_word_or_an_earlier_time_begins_another_swipe(identity: str) -> None:
    head, *rows = table("we").replace(b"c-we", identity.encode()).splitlines(keepends=True)
    other = table("hello").replace(b"c-hello", identity.encode()).splitlines(keepends=True)[1:]
    found = entries(b"".join([head, *rows, *rows, *other]))
    assert [entry.word for entry in found] == ["we", "we", "hello"]


def test_rows_of_several_swipes_mixed_say_what_is_wrong_with_them() -> None:
    head, *rows = table("hello").splitlines(keepends=True)
    others = table("mango").splitlines(keepends=True)[1:]
    mixed = b"".join(row for pair in zip(rows, others, strict=True) for row in pair)
    found = entries(head + mixed)
    assert {str(entry.fault) for entry in found} == {"a gesture needs at least 2 rows, which follow one another"}


@pytest.mark.parametrize("row", [b"1,c-we,x,2,we,1,1,true\n", b"1,c-we,1\n"])
@pytest.mark.parametrize("at", [1, 4, -1])
def test_a_broken_row_keeps_its_private_mark(row: bytes, at: int) -> None:
    rows = table("we", private="").splitlines(keepends=True)
    rows.insert(at, row)
    with fresh_store() as (store, folder):
        (folder / "s.csv").write_bytes(b"".join(rows))
        report, told = ingested(store, folder / "s.csv")
        assert (report.read, told) == (0, [])


@pytest.mark.parametrize(("cell", "is_private"), [("", False), ("no", False), ("0", False), ("1", True), ("yes", True)])
def test_rows_of_a_table_may_be_private(cell: str, is_private: bool) -> None:
    with fresh_store() as (store, folder):
        (folder / "s.csv").write_bytes(table("we", private=cell) + b"1,other,broken,2,we\n")
        report, told = ingested(store, folder / "s.csv")
        assert (report.stored, told) == (0 if is_private else 1, [])


def stored(store: Store) -> list[tuple[str, bytes]]:
    return sorted((example.word, example.gesture.trace_hash()) for example, _ in store.gestures.everything())


@given(st.sampled_from(["", ";", "\t"]), st.lists(st.floats(0, 1), min_size=1, max_size=4), st.booleans())
@settings(max_examples=60)
@example("", [0.4921875, 0.490234375], False)  # at a row's end, then within the next
def test_a_table_read_while_it_grows_gives_what_it_gives_whole(
    separator: str, cuts: list[float], is_ended: bool
) -> None:
    """Cut at any byte: the beginning of a swipe gives way to all of it."""
    several = [table(word, separator or ",") for word in WORDS]
    content = several[0] + b"".join(each.split(b"\n", 1)[1] for each in several[1:])
    content = content if is_ended else content[:-1]
    with fresh_store() as (store, folder):
        for cut in [*sorted(cuts), 1, 1]:
            (folder / "s.csv").write_bytes(content[: round(cut * len(content))])
            ingested(store, folder / "s.csv")
        assert [word for word, _ in stored(store)] == sorted(WORDS)
        grown = stored(store)
    with fresh_store() as (store, folder):
        (folder / "s.csv").write_bytes(content)
        assert ingested(store, folder / "s.csv")[0].stored == len(WORDS)
        assert stored(store) == grown
        assert ingested(store, folder / "s.csv")[0].read == 0


def test_a_swipe_that_turns_private_while_it_is_written_is_not_kept() -> None:
    content = table("we", private="").replace(b",\n", b",yes\n").replace(b",yes\n", b",\n", 5)
    with fresh_store() as (store, folder):
        for size in (150, len(content)):
            (folder / "s.csv").write_bytes(content[:size])
            ingested(store, folder / "s.csv")
        assert stored(store) == []


@pytest.mark.parametrize("age", [0, 3600])
def test_a_table_that_grows_brings_nothing_back(age: int) -> None:
    """Neither a word that was corrected nor a swipe that was forgotten."""
    with fresh_store() as (store, folder):
        path = folder / "s.csv"
        path.write_bytes(table("hello") + table("we").split(b"\n", 1)[1] + table("zebra").split(b"\n", 1)[1])
        os.utime(path, (time.time() - age,) * 2)
        assert ingested(store, path)[0].stored == 3
        points = recorders.own("hello")
        (folder / "fix.jsonl").write_bytes(line(points | {"word": "jello"}))
        assert ingested(store, folder / "fix.jsonl")[0].corrected == 1
        for word in ("we", "zebra"):
            store.gestures.erase(word=word)
        for word in ("mango", "coffee"):
            path.write_bytes(path.read_bytes() + table(word).split(b"\n", 1)[1])
            report = ingested(store, path)[0]
            assert (report.read, report.stored) == (1, 1)
        assert [word for word, _ in stored(store)] == ["coffee", "jello", "mango"]


@pytest.mark.parametrize("back_ms", [0, 1, 50])
@pytest.mark.parametrize("written", ["own", "futo row", "neuroswipe", "csv"])
def test_a_clock_that_steps_back_a_little_makes_times_equal(written: str, back_ms: int) -> None:
    number = {"own": "0.08", "csv": "0.08", "neuroswipe": " 80", "futo row": "0080}"}[written]
    earlier = {"own": f"{0.06 - back_ms / 1000:.3f}", "neuroswipe": f" {60 - back_ms}"}
    earlier |= {"csv": earlier["own"], "futo row": f"{60 - back_ms:04}}}"}
    content = WRITTEN[written]("we").replace(number.encode(), earlier[written].encode(), 1)
    entry = only(content)
    assert isinstance(entry, Reading)
    assert (entry.gesture.points[1:, 2] >= entry.gesture.points[:-1, 2]).all()


def test_a_clock_that_steps_back_before_the_first_point_is_no_negative_time() -> None:
    points = recorders.epoch_points("we")
    points[1]["t"] = points[0]["t"] - 30
    assert only(line({"we": points})).gesture.points[:3, 2].tolist() == pytest.approx([0, 0, 0.04])
    points[1]["t"] = points[0]["t"] - 51
    assert only(line({"we": points})).fault.code == "time-backwards"


@pytest.mark.parametrize("said", [{"language": "tr"}, {"languages": ["tr"]}, {"language": "TR"}])
def test_a_line_says_its_language(said: dict[str, Any]) -> None:
    assert only(line(recorders.own(**said))).gesture.languages == ("tr",)
    assert only(table("we", language="tr")).gesture.languages == ("tr",)


@pytest.mark.parametrize(
    ("said", "languages"),
    [
        ({"language": "no language at all"}, ()),
        ({"language": 5}, ()),
        ({"languages": {"de": 1}}, ()),
        ({"languages": None, "language": "de"}, ("de",)),
        ({"language": "x" * 1_000_000}, ()),
        ({"languages": ["de", 7, "not a tag", "de", ["en"], "tr"]}, ("de", "tr")),
        ({"languages": [f"a{letter}" for letter in "abcdefghijklmnopq"]}, tuple(f"a{c}" for c in "abcdefgh")),
        ({"language": ",".join(["de"] * 1000)}, ("de",)),
    ],
)
def test_a_language_that_is_none_is_not_said(said: dict[str, Any], languages: tuple[str, ...]) -> None:
    """Nor does it matter where it stands: as an older swipefl exported it, in its own keyboard, too."""
    assert only(line(recorders.own(**said))).gesture.languages == languages
    brought = {name: value for name, value in built_in("qwerty").to_json().items() if name != "languages"} | said
    assert only(line({"keyboard": brought | {"name": "mine"}})).keyboard.languages == languages
    assert only(line(recorders.own(keyboard=brought | {"name": "mine"}))).gesture.written_in == languages


@pytest.mark.parametrize("written", ["own", "neuroswipe", "heliboard"])
def test_the_same_keys_in_two_languages_are_one_keyboard(written: str) -> None:
    swipes = [OBJECTS_WITH_KEYS[written](language) for language in ("en", "de", "en", None)]
    for n, swipe in enumerate(swipes):
        moved(swipe, n)
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(b"".join(map(line, swipes)))
        report, _ = ingested(store, folder / "s.jsonl")
        assert (report.stored, report.reasons) == (4, {})
        found = [example.gesture for example, _ in store.gestures.everything()]
        assert sorted(gesture.written_in for gesture in found) == [(), ("de",), ("en",), ("en",)]
        (keyboard,) = {gesture.keyboard for gesture in found}
        assert (keyboard.name, keyboard.languages) == (content_name(keyboard), ())


def moved(swipe: dict[str, Any], by: float) -> None:
    """So that it is another one."""
    if "curve" in swipe:
        swipe["curve"]["x"][0] += by
    else:
        swipe.get("coords", swipe.get("gesture"))[0]["x"] += by
    swipe |= {name: f"{by}" for name in ("uuid", "gesture_id") if name in swipe}


def with_own(language: str | None) -> dict[str, Any]:
    return recorders.own(keyboard=built_in("qwerty").to_json() | {"name": "", "languages": [language] * bool(language)})


def with_grid(language: str | None) -> dict[str, Any]:
    swipe = recorders.neuroswipe()
    swipe["curve"]["grid"] |= {"language": language}
    return swipe


def with_info(language: str | None) -> dict[str, Any]:
    swipe = recorders.heliboard(dictionaries=[])
    swipe["keyboardInfo"] |= {"language": language}
    return swipe


OBJECTS_WITH_KEYS = {"own": with_own, "neuroswipe": with_grid, "heliboard": with_info}


def test_keys_that_many_lines_bring_are_read_once_and_large_ones_not_kept() -> None:
    once, again = (only(line(recorders.own(keyboard=built_in("qwerty").to_json() | {"name": "k"}))) for _ in range(2))
    assert once.gesture.keyboard is again.gesture.keyboard
    other = only(line(recorders.own(keyboard=built_in("qwerty").to_json() | {"name": "k", "width": 371})))
    assert other.gesture.keyboard.width == 371
    large = built_in("qwerty").to_json() | {"name": "k", "more": "x" * 1_000_000}
    once, again = (only(line(recorders.own(keyboard=large))) for _ in range(2))
    assert once.gesture.keyboard == again.gesture.keyboard
    assert once.gesture.keyboard is not again.gesture.keyboard


def test_names_of_keyboards_that_recorders_do_not_describe_are_for_ever() -> None:
    """Stores refer to them."""
    assert [rows_of_qwerty(rows).name for rows in (3, 4)] == ["grid-2a7a8233", "grid-98bf81fb"]


def on_turkish_keys(word: str, passed: str, languages: list[str]) -> Any:
    keyboard = built_in("qwerty-tr")
    points = [{"x": x * WIDTH, "y": y * HEIGHT, "t": t} for x, y, t in recorders.trace(passed, keyboard)]
    own = keyboard.to_json() | {"name": "", "languages": languages}
    return only(line(recorders.own(coords=points, keyboard=own) | {"word": word}))


@pytest.mark.parametrize("languages", [["de", "tr"], ["tr", "de"], ["en", "de", "az-latn"]])
@pytest.mark.parametrize(
    ("word", "passed"),
    [
        ("Işık", "ışık"),
        ("Insel", "insel"),
        ("ISI", "ısı"),
        ("ICI", "ici"),
        ("İri", "iri"),
        ("KIZ", "kız"),
        ("KIND", "kind"),
    ],
)
def test_the_trace_says_which_i_it_was_where_languages_have_both(word: str, passed: str, languages: list[str]) -> None:
    entry = on_turkish_keys(word, passed, languages)
    example = Example(entry.gesture, entry.word)
    assert (example.spelled, verdict(example)) == (passed, GOOD)
    assert entry.word == word


NOTHINGS: dict[str, bytes] = {
    "prose": b"some prose\nand more of it\n" * 20,
    "other json": b'{"name": "x", "age": 3}\n' * 20,
    "a document": json.dumps({"name": "x", "items": [{"id": 1, "x": 2, "y": 3}] * 9}, indent=1).encode(),
    "a list": json.dumps([{"id": n, "text": "we"} for n in range(50)]).encode(),
    "another table": b"name,age\nx,3\ny,4\n" * 10,
    "words without points": b'{"we": [], "us": []}\n' * 9,
    "points of a field": line({"data": recorders.epoch_points("we")}) * 9,
    "binary": bytes(range(256)) * 40,
    "UTF-16": line(recorders.own()).decode().encode("utf-16") * 3,
    "geojson": json.dumps({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}).encode() + b"\n",
}


@pytest.mark.parametrize("content", NOTHINGS.values(), ids=NOTHINGS)
@pytest.mark.parametrize("name", ["s.json", "s.jsonl", "s.log", "s.csv"])
def test_what_fits_nothing_is_refused_once_a_file(name: str, content: bytes) -> None:
    with fresh_store() as (store, folder):
        (folder / name).write_bytes(content)
        report, told = ingested(store, folder / name)
        assert (report.read, report.stored, report.rejected, len(told)) == (1, 0, 1, 1)
        assert set(report.reasons) <= {"unknown-format", "utf-16"}
        assert "heliboard" in str(told[0].fault) or report.reasons == {"utf-16": 1}


def test_a_file_of_a_known_format_is_rejected_line_by_line() -> None:
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(b"nonsense\n{}\n" * 3 + line(recorders.own()) + b"{}\nnonsense\n")
        report, told = ingested(store, folder / "s.jsonl")
        assert (report.stored, report.rejected, [one.line for one in told]) == (1, 8, [1, 2, 3, 4, 5, 6, 8, 9])


def test_the_same_fault_of_all_of_a_list_is_told_once() -> None:
    bare = [
        {key: value for key, value in recorders.own(word).items() if key not in ("width", "height")} for word in WORDS
    ]
    (entry,) = entries(json.dumps(bare).encode())
    assert isinstance(entry, Rejected)
    assert entry.fault.code == "unknown-keyboard"
    assert len(entries(json.dumps([*bare, recorders.own()]).encode())) == len(bare) + 1


def long_list(objects: list[dict[str, Any]], indent: int | None) -> bytes:
    if indent == 0:
        return json.dumps(objects).encode()
    if indent is None:  # as HeliBoard writes it: one a line
        return b"[\n" + b",\n".join(json.dumps(each).encode() for each in objects) + b"\n]"
    return json.dumps(objects, indent=indent).encode()


@pytest.mark.parametrize("indent", [None, 0, 1])
def test_a_list_that_is_longer_than_a_document_may_be_is_read_by_its_elements(indent: int | None) -> None:
    pad = "x" * 30_000
    many = [recorders.heliboard(word, pad=f'{pad}[{{"\\' + str(n)) for n in range(60) for word in WORDS]
    content = long_list(many, indent)
    assert len(content) > 9_000_000
    assert [entry.word for entry in entries(content) if isinstance(entry, Reading)] == list(WORDS) * 60
    *whole, last = entries(content[:-40])
    assert sum(isinstance(entry, Reading) for entry in whole) == 299
    assert isinstance(last, Rejected)
    assert (last.fault.code, last.resume) == ("broken-json", 0)


@pytest.mark.parametrize("behind", [b"", b"\n", b"\n" + line(recorders.own("hello"))])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_long_list_on_one_line_lands_once_and_what_follows_too(packed: Any, behind: bytes) -> None:
    swipe = recorders.own("we")
    steps = [[point | {"x": point["x"] + n / 100} for point in swipe["coords"]] for n in range(2500)]
    many = [swipe | {"coords": steps[n], "pad": '],"{' * 1100} for n in range(2500)]
    with fresh_store() as (store, folder):
        (folder / "s.json").write_bytes(packed(json.dumps(many).encode() + behind))
        report, _ = ingested(store, folder / "s.json")
        assert (report.stored, report.rejected) == (2500 + (len(behind) > 1), 0)
        assert ingested(store, folder / "s.json")[0].read == 0


@pytest.mark.parametrize(
    "text", ["x" * (20 << 20), '\\"' * (10 << 20), "[" * (9 << 20)], ids=["long", "escaped", "brackets"]
)
def test_a_long_list_of_no_swipes_keeps_the_next_line_from_nothing(text: str) -> None:
    for content in (json.dumps([text]), "[" + text, json.dumps([recorders.own("we"), text, recorders.own("we")])):
        found = entries(content.encode() + b"\n" + line(recorders.own("hello")))
        assert [getattr(entry, "word", None) for entry in found][-2:] == [None, "hello"]


def test_a_list_on_one_line_is_answered_before_another_line_is_there() -> None:
    class Waiting(io.RawIOBase):
        def __init__(self) -> None:
            self.given = [line([recorders.own("we")]), line([]), line([1])]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            assert self.given, "who waits for an answer writes nothing more"
            text = self.given.pop(0)
            buffer[: len(text)] = text
            return len(text)

    raw = Waiting()
    found = read_gestures(io.BufferedReader(raw), "standard input", None, None, built_in)
    assert getattr(next(found), "word", None) == "we"
    assert len(raw.given) == 2


@given(st.sampled_from(["list", "list of lines", "objects"]), st.lists(st.floats(0, 1), min_size=1, max_size=3))
@settings(max_examples=60)
def test_a_document_read_while_it_grows_gives_what_it_gives_whole(kind: str, cuts: list[float]) -> None:
    """Cut at the end of any line, where it looks like a file that is whole."""
    objects = [recorders.own(word) for word in WORDS]
    text = "\n".join(json.dumps(each, indent=1) for each in objects) + "\n"
    content = {"objects": text.encode(), "list": json.dumps(objects, indent=1).encode() + b"\n"}.get(kind)
    rows = (content or long_list(objects, None)).splitlines(keepends=True)
    with fresh_store() as (store, folder):
        rejected = 0
        for cut in [*sorted(cuts), 1]:
            (folder / "s.json").write_bytes(b"".join(rows[: round(cut * len(rows))]))
            rejected += ingested(store, folder / "s.json")[0].rejected
        assert ([word for word, _ in stored(store)], rejected) == (sorted(WORDS), 0)


def test_a_document_that_was_cut_long_ago_is_told_and_its_list_is_read_as_far_as_it_goes() -> None:
    rows = json.dumps([recorders.own(word) for word in WORDS], indent=1).encode().splitlines(keepends=True)
    with fresh_store() as (store, folder):
        (folder / "s.json").write_bytes(b"".join(rows[:-9]))
        os.utime(folder / "s.json", (time.time() - 3600,) * 2)
        report, told = ingested(store, folder / "s.json")
        assert (report.stored, [one.fault.code for one in told]) == (len(WORDS) - 1, ["broken-json"])


# documents of each format are taken as that format and no other


@given(st.sampled_from(list(OBJECTS)), st.sampled_from(WORDS), st.data())
@settings(max_examples=150)
def test_an_object_is_of_its_format_or_of_none_whatever_is_missing(name: str, word: str, data: st.DataObject) -> None:
    """And what is read of it is never called after one of its fields."""
    whole = OBJECTS[name](word)
    kept = data.draw(st.sets(st.sampled_from(sorted(whole))))
    less = {field: value for field, value in whole.items() if field in kept}
    assert format_of(whole) == name
    assert format_of(less) in (name, None)
    for content in (line(less), json.dumps([less], indent=1).encode(), json.dumps([less] * 2).encode()):
        for entry in entries(content):
            assert isinstance(entry, Rejected | OwnKeyboard) or entry.word in (word, None)


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers(-(10**6), 10**6) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(values)
@settings(max_examples=150)
def test_any_json_is_refused_once(value: Any) -> None:
    for indent in (None, 1):
        with fresh_store() as (store, folder):
            (folder / "s.json").write_bytes(json.dumps(value, indent=indent).encode())
            report, told = ingested(store, folder / "s.json")
            assert (report.stored, len(told)) == (0, 1) or not told
            assert store.sql.rows("SELECT count(*) FROM keyboards") == [(0,)]


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value of an object, of lists to the first ones alone."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*path, name)
        yield from places_in(inner, (*path, name))


SAID: dict[str, Any] = {"language": "de", "languages": ["de"], "user": "u", "private": False}
RICH = {name: {**SAID, **written("we")} for name, written in OBJECTS.items()} | {
    "keyboard": {**SAID, **recorders.own(keyboard=built_in("qwerty").to_json() | SAID)},
    "rows": {**SAID, **recorders.own(keyboard={"name": "rows", "rows": ["qwertyuiop", [{"code": 97}]]})},
}


@pytest.mark.parametrize("name", RICH)
@pytest.mark.parametrize("field", [None, "letter", "label", "keyboard", "data", "name", "x"])
def test_no_value_is_too_deep(name: str, field: str | None) -> None:
    """Whatever is so deep is no swipe, or of no account; as deep as the parser allows."""
    begin, end = (b"[", b"]") if field is None else (b'{"%s":' % field.encode(), b"}")
    for *path, last in places_in(RICH[name]):
        whole = copy.deepcopy(RICH[name])
        within = whole
        for step in path:
            within = within[step]
        within[last] = "@"
        content = json.dumps(whole).encode().replace(b'"@"', begin * 990 + b"1" + end * 990)
        assert not any(isinstance(entry, Rejected) and entry.fault.code == "broken-json" for entry in entries(content))


@given(st.sampled_from(list(WRITTEN)), st.data())
@settings(max_examples=200)
def test_what_is_left_of_a_swipe_has_its_word_or_none(written: str, data: st.DataObject) -> None:
    """Bytes cut out, doubled or changed: no field's name, number or other text becomes a word."""
    content = bytearray(WRITTEN[written]("hello"))
    at = data.draw(st.integers(0, len(content) - 1))
    change = data.draw(st.sampled_from(["cut", "double", "drop", "change"]))
    size = data.draw(st.integers(1, 60))
    if change == "cut":
        del content[at:]
    elif change == "double":
        content[at:at] = content[at : at + size]
    elif change == "drop":
        del content[at : at + size]
    else:
        content[at] = data.draw(st.sampled_from(b'{}[]",:.0aZ\n'))
    known = set(recorders.heliboard()) | set(recorders.cleverkeys()) | set(recorders.own()) | set(recorders.futo_row())
    known |= set(recorders.cleverkeys()["metadata"]) | set("xyt") | {"millis", "keys", "curve", "grid"}
    for entry in entries(bytes(content)):
        if isinstance(entry, Reading) and entry.word is not None:
            assert entry.word not in known


# archives


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def in_zip(content: bytes) -> tuple[IngestReport, list[tuple[str, Rejected]]]:
    told: list[tuple[str, Rejected]] = []
    with fresh_store() as (store, folder):
        (folder / "a.zip").write_bytes(content)
        ingestion = Ingestion(store, on_reject=lambda name, rejected: told.append((Path(name).name, rejected)))
        with suppress(DataError):
            ingestion.run([folder])
        again = Ingestion(store)
        if ingestion.report.stored:
            again.run([folder])
            assert again.report.read == 0
        assert sorted(path.name for path in folder.iterdir() if "swipefl" not in path.name) == ["a.zip"]
    return ingestion.report, told


def test_members_of_a_zip_are_read_each_as_a_file_of_its_own() -> None:
    content = zipped(
        a__jsonl=line(recorders.own("hello")),
        b__json=b"\xef\xbb\xbf" + json.dumps([recorders.heliboard("we")], indent=1).encode(),
        c__csv=table("mango"),
        d__json=b'{"name": "nothing"}\n' * 9,
        README__md=b"not read",
    )
    report, told = in_zip(content)
    assert (report.stored, report.reasons) == (3, {"unknown-format": 1})
    assert [name for name, _ in told] == ["d.json"]


def test_a_zip_that_changed_is_read_again() -> None:
    with fresh_store() as (store, folder):
        path = folder / "a.zip"
        path.write_bytes(zipped(a__jsonl=line(recorders.own("hello"))))
        assert ingested(store, path)[0].stored == 1
        path.write_bytes(zipped(a__jsonl=line(recorders.own("hello")), b__jsonl=line(recorders.own("we"))))
        report, _ = ingested(store, path)
        assert (report.stored, report.duplicates) == (1, 1)


def encrypted(content: bytes) -> bytes:
    """The flag alone, in the member's header and in the archive's list."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


GOOD_ZIP = zipped(a__jsonl=line(recorders.own("hello")) * 50)
BAD_ZIPS: dict[str, tuple[bytes, str]] = {
    "encrypted": (encrypted(GOOD_ZIP), "encrypted"),
    "cut": (GOOD_ZIP[:-30], "zip"),
    "without members": (zipped(), "empty-archive"),
    "of other files": (zipped(README__md=b"x"), "empty-archive"),
    "of a Mac's other files": (zipped(**{"__MACOSX/._a.jsonl".replace(".", "__"): b"x"}), "empty-archive"),
    "of zips": (zipped(**{"b.json": GOOD_ZIP}), "nested-archive"),
    "of gzips": (zipped(**{"b.json.gz": gzip.compress(b"{}")}), "nested-archive"),
    "damaged": (GOOD_ZIP[:60] + b"\xff" * 20 + GOOD_ZIP[80:], "zip"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_ZIPS.values(), ids=BAD_ZIPS)
def test_a_zip_that_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    report, told = in_zip(content)
    assert (report.stored, list(report.reasons), len(told)) == (0, [reason], 1)


def test_a_member_without_a_name_keeps_no_other_from_being_read() -> None:
    content = zipped(**{"?": b"x", "a.jsonl": line(recorders.own("hello"))})
    report, told = in_zip(content.replace(b"?", b"\0"))
    assert (report.stored, told) == (1, [])


def test_a_zip_of_a_pipe_is_refused() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    entry = next(read_gestures(io.BufferedReader(Pipe(GOOD_ZIP)), "standard input", None, None, built_in))  # type: ignore[arg-type]
    assert isinstance(entry, Rejected)
    assert entry.fault.code == "zip"


@given(st.data())
@settings(max_examples=100)
def test_any_change_of_a_zip_is_survived(data: st.DataObject) -> None:
    content = bytearray(zipped(a__jsonl=line(recorders.own("hello")), b__csv=table("we")))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    for entry in entries(bytes(content)):
        assert isinstance(entry, Rejected) or entry.word in ("hello", "we", None)


def test_a_broken_document_that_says_private_around_its_list_keeps_nothing() -> None:
    content = b'{"private":true,"data":[\n' + json.dumps(recorders.own("we")).encode() + b"\n]\n"
    assert {type(entry) for entry in entries(content)} == {Private}


def test_what_is_nested_a_thousand_deep_is_told_and_ends_nothing() -> None:
    deep = b"[" * 990 + b"]" * 990
    of_heliboard = recorders.heliboard("we")
    of_heliboard["gesture"] = [{"id": "deep", "x": 1, "y": 1, "millis": 1}] * 2
    for content in (deep, json.dumps(of_heliboard).encode().replace(b'"deep"', deep)):
        read = entries(content + b"\n" + json.dumps(recorders.own("we")).encode() + b"\n")
        assert isinstance(read[-1], Reading)
        assert read[-1].word == "we"


@pytest.mark.parametrize("recorder", [recorders.neuroswipe, recorders.cleverkeys])
def test_a_line_of_a_recorder_may_say_its_language(recorder: Callable[[str], dict[str, Any]]) -> None:
    (entry,) = entries(json.dumps(recorder("we") | {"language": "tr"}).encode())
    assert entry.gesture.languages == ("tr",)


def test_a_second_table_is_read_with_its_own_header_when_it_grows() -> None:
    def rows(name: str, columns: str, word: str) -> list[str]:
        said = recorders.own(word, gesture_id=name)
        points = said["coords"]
        return [",".join(str((said | point)[column]) for column in columns.split(",")) for point in points]

    one, other = "gesture_id,word,x,y,t,width,height", "gesture_id,word,y,x,t,width,height"
    text = "\n".join([one, *rows("a", one, "we"), other, *rows("b", other, "as")]) + "\n"
    with fresh_store() as (store, folder):
        for more in ("", "\n".join(rows("c", other, "up")) + "\n"):
            text += more
            (folder / "s.csv").write_text(text, "utf-8")
            Ingestion(store).run([folder / "s.csv"])
        assert {verdict for (verdict,) in store.sql.rows("SELECT verdict FROM gestures")} == {"good"}

"""The importers one by one, and anything at all through all of them."""

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.device.ingestion import Ingestion
from swipefl.errors import DataError
from swipefl.gesture.formats import FORMATS, Reading, Rejected, read_gestures
from swipefl.gesture.formats.layouts import rows_of_qwerty
from swipefl.gesture.formats.reading import parsed
from swipefl.gesture.keyboard import built_in
from tests.support import recorders
from tests.support.logs import HEADER, trace
from tests.support.stores import fresh_store
from tests.support.swipes import GOOD, gesture, lines

GRID = {
    "width": 100,
    "height": 50,
    "keys": [{"label": c, "hitbox": {"x": 50 * i, "y": 0, "w": 50, "h": 50}} for i, c in enumerate("аб")],
}
CURVE = {"x": [25, 75], "y": [25, 25], "t": [0, 500], "grid": GRID}


def entries(content: bytes, name: str = "f.json", format: str | None = None) -> list[Any]:
    return list(read_gestures(io.BufferedReader(io.BytesIO(content)), name, format, None, built_in))


def test_neuroswipe_brings_its_keyboard_and_counts_milliseconds() -> None:
    (entry,) = entries(lines({"word": "аб", "curve": CURVE}))
    assert (entry.word, entry.gesture.width) == ("аб", 100)
    assert entry.gesture.points.tolist() == [[25, 25, 0], [75, 25, 0.5]]
    assert [key.letter for key in entry.gesture.keyboard.keys] == ["а", "б"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x": [1]}, "no-points"),
        ({"x": None}, "no-points"),
        ({"grid": None}, "unknown-keyboard"),
        ({"grid": {"keys": 3}}, "unknown-keyboard"),
    ],
)
def test_neuroswipe_says_what_is_missing(changes: dict[str, Any], reason: str) -> None:
    (entry,) = entries(lines({"word": "аб", "curve": CURVE | changes}))
    assert (entry.line, entry.fault.code) == (1, reason)


def test_futo_is_found_on_one_line_or_many_and_scaled_to_its_canvas_of_three_rows() -> None:
    document = {"we": [{"x": 0.15, "y": 0.2, "t": 1_700_000_000_000}, {"x": 0.25, "y": 0.2, "t": 1_700_000_000_100}]}
    keyboard = rows_of_qwerty(3)
    for indent in (None, 1):
        (entry,) = entries(json.dumps(document, indent=indent).encode())
        assert entry.word == "we"
        assert entry.gesture.points[1] == pytest.approx([0.25 * keyboard.width, 0.2 * keyboard.height, 0.1])


def test_futo_rejects_the_word_that_is_bad_and_keeps_the_others() -> None:
    found = entries(
        json.dumps({"we": [{"x": 0.1}], "as": [{"x": 0, "y": 0, "t": 0}, {"x": 1, "y": 0, "t": 9}]}).encode()
    )
    assert [type(entry) for entry in found] == [Rejected, Reading]
    assert found[0].fault.code == "no-points"


def test_how_we_swipe_ends_a_swipe_at_its_touchend_at_another_word_and_at_the_end() -> None:
    found = entries(HEADER + trace(0) + trace(1, ended=False) + trace(2, ended=False), "s.log")
    assert [(entry.word, entry.resume is None) for entry in found] == [
        ("people", True),
        ("thing", True),
        ("water", False),
    ]
    assert all(entry.gesture.user == "s" for entry in found)
    assert found[0].gesture.id == "s-1600000000000"


def test_how_we_swipe_marks_what_the_log_calls_an_error_as_suspect() -> None:
    (entry,) = entries(trace(0).replace(b" 0\n", b" 1\n"), "s.log")
    assert entry.suspect


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"too few fields\n", "broken-line"),
        (b"s x 370 222 touchmove 1 1 0 0 0 we 0\n", "not-a-number"),
        (b"s 1 0 222 touchmove 1 1 0 0 0 we 0\n", "bad-size"),
    ],
)
def test_how_we_swipe_rejects_a_line_and_keeps_the_swipe_around_it(line: bytes, reason: str) -> None:
    begun, rest = trace(0).split(b"\n", 1)
    found = entries(begun + b"\n" + line + rest, "s.log")
    assert [(entry.line, getattr(entry.fault, "code", None)) for entry in found] == [(2, reason), (1, None)]


def log_of(sentence: str, word: str) -> bytes:
    first, *events = trace(0).decode().splitlines()
    parts = [event.split() for event in [first, *events]]
    return "".join(" ".join([sentence, *part[1:10], word, part[11]]) + "\n" for part in parts).encode()


SENTENCE = "Is he, or Anne, in? He is in Oslo"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lines(gesture(before="I wanted  to go ")), "to go"),
        (lines(gesture(before="")), ""),
        (lines(gesture(before="So it ended. ")), ""),
        (lines(gesture(before="call 0176 555")), "# #"),
        (lines(gesture()), None),
        (lines(gesture(before=None)), None),
        (lines(gesture(before=["to", "go"])), None),
        (lines(gesture(before=7)), None),
        (HEADER + log_of("are_you_going_to_call", "call"), "going to"),
        (HEADER + log_of("are_you_going_to_call", "are"), ""),
        (HEADER + log_of("you_and_you", "and"), "you"),
        (HEADER + log_of("you_and_you", "you"), None),  # which of the two
        (HEADER + log_of("nothing_of_it", "people"), None),
        (lines(recorders.futo_row("he", sentence=SENTENCE, word_idx=1)), "Is"),
        (lines(recorders.futo_row("anne", sentence=SENTENCE, word_idx=3)), "he or"),
        (lines(recorders.futo_row("he", sentence=SENTENCE, word_idx=5)), ""),
        (lines(recorders.futo_row("oslo", sentence=SENTENCE, word_idx=8)), "is in"),
        (lines(recorders.futo_row("is", sentence=SENTENCE, word_idx=0)), ""),
        (lines(recorders.futo_row("oslo", sentence=SENTENCE, word_idx=7)), None),
        (lines(recorders.futo_row("oslo", sentence=SENTENCE, word_idx=99)), None),
        (lines(recorders.futo_row("oslo", sentence=SENTENCE, word_idx=-1)), None),
        (lines(recorders.futo_row("he", sentence=SENTENCE, word_idx=True)), None),
        (lines(recorders.futo_row("he", sentence=SENTENCE, word_idx="1")), None),
        (lines(recorders.futo_row("he", sentence=None, word_idx=1)), None),
        (recorders.table("we", before="I wanted to"), "wanted to"),
        (recorders.table("we", before=""), None),  # an empty cell says nothing
        (lines(recorders.heliboard("we")), None),
        (lines(recorders.cleverkeys("we")), None),
        (lines(recorders.neuroswipe("we")), None),
    ],
)
def test_what_stood_before_is_read_where_a_recorder_says_it_for_certain(content: bytes, expected: str | None) -> None:
    (entry,) = entries(content, "s.log")
    assert isinstance(entry, Reading)
    before = entry.gesture.before
    assert (None if before is None else before.text) == expected


HEADS: dict[str, bytes] = {
    "brackets": b"[" * 100_000,
    "one bracket": b"[",
    "one brace": b"{",
    "braces": b"{" * 100_000,
    "objects in objects": b'{"a":' * 100_000,
    "objects in lists": b'[{"a":' * 50_000,
    "closed brackets": b"[" * 900 + b"]" * 900,
    "too many closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "ends": b"]" * 100_000,
    "commas": b"," * 100_000,
    "a document of nothing": b"[]",
    "an object of nothing": b"{}",
    "a list of anything": b'[1, "a", null, [{}]]',
    "words without points": b'{"we": []}',
    "a word that was cut": b'{"we": [{"x": 0.1, "y"',
    "a list that was cut": b'[{"we": [',
    "an object that was cut": b'{"gesture_id": "a",',
    "as much as a line may be": b"[" * ((8 << 20) - 100),
    "a number beyond numbers": b"1" * 100_000,
    "no numbers": b"[NaN, Infinity]",
    "a text without end": b'["' + b"x" * 100_000,
    "a line that is too long": b"[" * (9 << 20),
    "nothing but zeros": b"\0" * 100_000,
    "a mark of other bytes' order": b"\xff\xfe[\0",
    "no UTF-8": b"[\xff\xfe",
    "prose": b"some, event: or other",
}
FILES: dict[str, list[bytes]] = {
    "one": GOOD[:1],
    "a few": GOOD[:5],
    "neuroswipe": [lines({"word": "аб", "curve": CURVE}), lines({"word": "ба", "curve": CURVE})],
    "how we swipe": [trace(0), trace(1)],
}


@pytest.mark.parametrize("swipes", FILES.values(), ids=FILES)
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_one_line_keeps_no_other_from_being_read(head: bytes, swipes: list[bytes], twice: bool) -> None:
    """Whatever stands at the head of a file, or in its middle, and whatever it looks like."""
    content = head + b"\n" + b"".join([*swipes[:1], (head + b"\n") * twice, *swipes[1:]])
    found = entries(content, "s.txt")
    assert sum(isinstance(entry, Reading) for entry in found) == len(swipes)
    assert (head != b"[]") <= sum(isinstance(entry, Rejected) for entry in found) <= 2


@pytest.mark.parametrize("indent", [None, 1])
def test_documents_may_hold_lines_of_any_format_and_follow_one_another(indent: int | None) -> None:
    points = [{"x": 0.15, "y": 0.2, "t": 0}, {"x": 0.25, "y": 0.2, "t": 100}]
    document: list[Any] = [gesture(), {"word": "аб", "curve": CURVE}, {"we": points, "coords": points}]
    text = json.dumps(document, indent=indent) + "\n" + json.dumps({"were": points}, indent=indent)
    words = ["we", "аб", "we", "coords", "were"]
    assert [entry.word for entry in entries(text.encode())] == words


def test_a_document_that_was_cut_is_one_line_of_what_was_rejected() -> None:
    document = [{"we": [{"x": 0.1, "y": 0.2, "t": 0}] * 50}]
    (entry,) = entries(json.dumps(document, indent=1).encode()[:-20])
    assert (entry.fault.code, entry.resume) == ("broken-json", 0)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**30), 10**30) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xytw"), inner, max_size=3),
    max_leaves=6,
)
objects = st.builds(
    lambda base, key, value: json.dumps(base | {key: value}).encode(),
    st.sampled_from([gesture(), {"word": "аб", "curve": CURVE}, {"keyboard": GRID}, {"personal": "added"}]),
    st.sampled_from(["word", "curve", "keyboard", "coords", "width", "gesture_id", "language", "user"]),
    values,
)
contents = st.lists(st.binary(max_size=40) | objects, max_size=4).map(b"\n".join)


@given(contents | contents.map(gzip.compress), st.sampled_from([None, *FORMATS]), st.sampled_from(["s.log", "s.json"]))
@settings(max_examples=60)
def test_any_bytes_are_read_without_a_bug_and_every_line_is_accounted_for(
    content: bytes, format: str | None, name: str
) -> None:
    with fresh_store() as (store, folder):
        (folder / name).write_bytes(content)
        try:
            report = Ingestion(store, format=format).run([folder / name])
        except DataError:
            return
        assert report.read == report.stored + report.duplicates + report.rejected
        assert report.stored == store.gestures.counts()["good"] + store.gestures.counts()["suspect"]


@pytest.mark.parametrize(
    ("written", "text"),
    {
        r"\ude00 i want": "\ufffd i want",
        r"i want \ud83d": "i want \ufffd",
        r"\uD83D\uDE00\ud83d": "\U0001f600\ufffd",
        r"\ud83d\ud83d\ude00": "\ufffd\U0001f600",
        r"\ud83dA\ude00": "\ufffdA\ufffd",
        r"\\ud83d": r"\ud83d",
        r"\\\ud83d": "\\\ufffd",
        r"\\\"\ud83d": '\\"\ufffd',
    }.items(),
)
def test_half_a_character_costs_no_swipe(written: str, text: str) -> None:
    """As of a keyboard that cuts what stands before a word within an emoji."""
    assert parsed(b'{"a": "%s"}' % written.encode()) == {"a": text}

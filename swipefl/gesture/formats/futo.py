"""FUTO: documents `{word: [{x, y, t}, ...]}`, and published rows `word, data[{x, y, t}], canvas_width, canvas_height`.

A row may also have the `sentence` that was to be swiped, and `word_idx`, which word of it this is.
x and y are fractions of a canvas that three rows of keys fill, t is in epoch milliseconds.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from swipefl.errors import RejectedLine, Remedy
from swipefl.gesture.before import Before, before_in
from swipefl.gesture.formats.layouts import rows_of_qwerty
from swipefl.gesture.formats.reading import (
    Private,
    Reading,
    Rejected,
    are_points,
    axes_of,
    is_private,
    labelled,
    languages_in,
    seconds_of,
)
from swipefl.gesture.gesture import MOST_WRITTEN, Gesture, checked_points, checked_size, checked_word, named
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.spelling import folded, tidy

# What fields of points are called: one that is alone is more likely to be what is left of a line than a document.
FIELDS = frozenset({"coords", "data", "gesture", "trace_points", "points", "curve", "trace", "path", "keys", "private"})
OF_POINTS = re.compile(rb'"\s*:\s*\[\s*\{')


class Repeated(dict[str, Any]):
    """A JSON object with all that it says of a key that stands twice, of which a dict has but the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def is_row(data: dict[str, Any]) -> bool:
    """Whether an object is a row of the published data."""
    swipe = data.get("data")
    is_labelled = "word" in data and not are_points(data["word"])  # in a document both are words
    return is_labelled and (are_points(swipe) or (isinstance(swipe, list | dict) and "canvas_width" in data))


def is_document(data: dict[str, Any]) -> bool:
    """Whether an object is nothing but words with their points."""
    words = _words(data)
    are_lists = all(isinstance(points, list) for points in words.values())
    return are_lists and any(map(are_points, words.values())) and not words.keys() <= FIELDS


def may_be_document(data: dict[str, Any]) -> bool:
    """Whether an object may be words with their points, if somebody says so, though another format's line may be it."""
    return all(isinstance(points, list) for points in _words(data).values())


def with_every_word(document: Any, text: bytes) -> Any:
    """What was parsed of a text; where in a document, or one of a list of them, a word stands twice, with both."""
    parts = document if isinstance(document, list) else [document]
    are_words = bool(parts) and isinstance(parts[0], dict) and is_document(parts[0])
    if not are_words or len(OF_POINTS.findall(text)) <= sum(len(part) for part in parts if isinstance(part, dict)):
        return document
    try:
        return json.loads(text.strip().removesuffix(b","), object_pairs_hook=_repeated)
    except (ValueError, RecursionError):  # what the quicker parser took: keys twice at least are no reason to refuse it
        return document


def _repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(pairs)


def read_row(line: int, row: dict[str, Any], keyboard: Keyboard | None) -> Reading:
    """The gesture of a row. Raises RejectedLine, also for two fingers and for another layout than qwerty."""
    layout = row.get("layout")
    if keyboard is None and not (layout is None or (isinstance(layout, str) and layout.lower() == "qwerty")):
        raise RejectedLine("unknown-keyboard", "the row was swiped on another layout than qwerty", Remedy.SAY_KEYBOARD)
    gesture = _gesture(_of_one_finger(row["data"]), "data", keyboard, row.get("canvas_width"), row.get("canvas_height"))
    gesture = replace(gesture, languages=languages_in(row))
    word, fault = labelled(row["word"], gesture.keyboard, gesture.languages)
    return Reading(line, replace(gesture, before=_before(row, word)), word, fault=fault)


def read_document(
    line: int, part: dict[str, Any], keyboard: Keyboard | None, marked: bool = False
) -> Iterator[Reading | Rejected | Private]:
    """The gestures of one parsed object; `private` is a word where it has points, else says what they all are."""
    pairs = part.pairs if isinstance(part, Repeated) else [*part.items()]
    marks = [value for word, value in pairs if word == "private"]
    is_word = any(map(are_points, marks))
    private = any(is_private(mark) and not are_points(mark) for mark in marks) or (marked and not is_word)
    for word, points in pairs:
        if word == "private" and not are_points(points):
            continue
        try:
            gesture = _gesture(points, "every word", keyboard)
            entry: Reading | Rejected = Reading(line, gesture, checked_word(word, gesture.keyboard))
        except RejectedLine as error:
            entry = Rejected(line, error)
        yield Private(entry) if private else entry


def _words(part: dict[str, Any]) -> dict[str, Any]:
    return {word: points for word, points in part.items() if word != "private" or are_points(points)}


def _before(row: dict[str, Any], word: str | None) -> Before | None:
    """What stood before a row's word; None where its place in the sentence is not that of such a word."""
    sentence, place = row.get("sentence"), row.get("word_idx")
    if word is None or not isinstance(sentence, str) or type(place) is not int or place < 0:
        return None
    words = sentence.split()
    is_there = place < len(words) and folded(tidy(words[place][:MOST_WRITTEN])) == folded(word)
    return before_in(" ".join(words[:place])) if is_there else None


def _of_one_finger(data: Any) -> Any:
    """The points of what is `{"L": [swipe, ...], "R": [...]}` where two fingers may swipe."""
    if not isinstance(data, dict):
        return data
    swipes = [swipe for side in data.values() if isinstance(side, list) for swipe in side]
    if len(swipes) != 1:
        raise RejectedLine("several-strokes", "a gesture is one stroke of one finger")
    return swipes[0]


def _gesture(points: Any, field: str, keyboard: Keyboard | None, width: Any = None, height: Any = None) -> Gesture:
    xs, ys, ts = axes_of(points, field)
    axes = checked_points(xs, ys, seconds_of(ts))
    known = keyboard or rows_of_qwerty(3)
    size = (known.width, known.height) if width is None or height is None else checked_size(width, height)
    axes[:, 0] *= size[0]
    axes[:, 1] *= size[1]
    return named(Gesture("", axes, known, *size))

"""What is given to the library and cannot be meant is a UsageError, whatever it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import swipefl
from tests.support.swipes import gesture

NO_NAMES = ("a\0b", "\ud800", "x/\udfff", "\0")
WRONG: list[Callable[[Any], object]] = [
    *(lambda d, name=name: d.ingest(name) for name in NO_NAMES),
    *(lambda d, name=name: d.ingest([name]) for name in NO_NAMES),
    *(lambda d, name=name: d.evaluate(name) for name in NO_NAMES),
    *(lambda d, name=name: d.keyboards.add(name) for name in NO_NAMES),
    *(lambda d, name=name: d.lexicons.add(name, "de") for name in NO_NAMES),
    *(lambda d, name=name: d.enroll("localhost:1", "a token", name) for name in NO_NAMES),
    *(lambda d, name=name: swipefl.open(name).status() for name in NO_NAMES),
    *(lambda d, name=name: d.ingest(gesture(), keyboard=name) for name in NO_NAMES),
    *(lambda d, top=top: d.predict(gesture(), top=top) for top in (1.5, "5", None, True, 0)),
    *(lambda d, before=before: d.predict(gesture(), before=before) for before in (5, b"x", ["x"])),
    *(lambda d, before=before: d.forget(before=before) for before in ("2020-01-01", 5, 1.5e9)),
    *(lambda d, word=word: d.words.add(word) for word in (5, b"word", None)),
    *(lambda d, word=word: d.relabel("g", word) for word in (5, b"word")),
    *(lambda d, home=home: swipefl.open(home) for home in ("", 5, True)),
    lambda d: d.relabel(5, "word"),
    lambda d: d.show(gesture_id=5),
    lambda d: d.show(word=5),
    lambda d: d.show(top="5"),
    lambda d: d.forget(word=5),
    lambda d: d.forget(gesture_id=5),
    lambda d: d.words.add("word", language=5),
    lambda d: d.evaluate([gesture()], language=5),
    lambda d: d.evaluate([gesture()], lexicon_size=1.5),
    lambda d: d.evaluate([gesture()], jobs="2"),
    lambda d: d.cycle(rounds=1.5),
    lambda d: d.keyboards.add(rows="abc", name=5),
    lambda d: d.keyboards.add(rows=5),
    lambda d: d.keyboards.add(5),
    lambda d: d.enroll("localhost:1", None),
    lambda d: d.enroll(5, "a token"),
]


@pytest.mark.parametrize("call", WRONG, ids=map(str, range(len(WRONG))))
def test_what_cannot_be_meant_is_a_usage_error(tmp_path: Path, call: Callable[[Any], object]) -> None:
    with swipefl.open(tmp_path, languages="en") as device, pytest.raises(swipefl.errors.UsageError):
        call(device)

"""Capitals at the start of a sentence, as a keyboard meets them at the command line."""

import json
from pathlib import Path

from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from tests.support.command import Done, swipefl
from tests.support.people import examples
from tests.support.swipes import lines


def words(done: Done) -> list[list[str]]:
    assert done.code == 0, done.err
    return [[found["word"] for found in json.loads(line)["candidates"]] for line in done.out.splitlines()]


def test_a_sentence_begins_with_a_capital_unless_the_keyboard_sees_to_that(tmp_path: Path) -> None:
    (example,) = examples(1, seed=1, keyboard=built_in("qwerty"), words=("hello",))
    said = ({}, {"before": ""}, {"before": "I went home. "}, {"before": "I said "}, {"before": 7})
    given = lines(*(to_line(example) | before for before in said))
    unknown, *first, within, no_text = words(swipefl(tmp_path, "predict", "--json", "-", given=given))
    assert unknown == no_text
    assert unknown[0].islower()
    assert within[0].islower()
    assert first[0] == first[1]
    assert first[0][0] == "Hello"
    assert not any(word[0].islower() for found in first for word in found)
    plain = words(swipefl(tmp_path, "predict", "--json", "-", "--no-capitals", given=given))
    assert plain[0] == plain[4] == unknown
    assert plain[3] == within
    assert plain[1][0].islower()
    assert words(swipefl(tmp_path, "predict", "--json", "-", given=given, SWIPEFL_CAPITALS="false")) == plain
    (tmp_path / "config.toml").write_text("capitals = false\n")
    assert words(swipefl(tmp_path, "predict", "--json", "-", given=given)) == plain
    assert words(swipefl(tmp_path, "predict", "--json", "-", "--capitals", given=given))[1] == first[0]

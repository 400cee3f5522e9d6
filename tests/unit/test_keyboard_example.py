"""The keyboard in Python, whatever a hand does while answers are on their way."""

import importlib.util
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.command import ROOT

PATH = ROOT / "examples" / "keyboard" / "keyboard.py"
SPEC = importlib.util.spec_from_file_location("keyboard", PATH)
assert SPEC
assert SPEC.loader
keyboards = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(keyboards)

Line = dict[str, Any]


class Slow:
    """Answers when it is told to, with words that tell which field was swiped in."""

    def __init__(self) -> None:
        self.asked: deque[Line] = deque()

    def ask(self, line: Line) -> None:
        self.asked.append(line)

    def answer(self, keyboard: Any) -> None:
        if self.asked:
            line = self.asked.popleft()
            kind = "secret" if line["private"] else "word"
            words = [f"{kind}{n}{'?' * ('final' in line)}" for n in range(3)]
            keyboard.answered(line, {"candidates": [{"word": word} for word in words]})


DOES = {"down": (True, False), "drag": (True, True), "up": (False, True)}
SWIPE = ["down", "drag", "drag", "up"]
PASSWORD = [*SWIPE, "answer", "\x10", "s", *SWIPE, "answer", "2", "s", "\x10", *SWIPE, "answer"]
LATE = ["\x10", *SWIPE, "answer", "\x10", "answer", *SWIPE, "answer", "answer"]


@given(st.lists(st.sampled_from([*DOES, "swipe", "swipe", "answer", "answer", "\x10", "\x7f", "2", "s", "."])))
@example(PASSWORD)
@example(LATE)
@example([*SWIPE, *SWIPE, "\x10", "s", "answer", "\x10", "answer", "answer"])
@example([*SWIPE, "answer", *SWIPE, "answer", "2", "answer", "2"])
def test_nothing_of_a_password_is_in_the_file(does: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        swipes = Path(folder) / "swipes.jsonl"
        predictions = Slow()
        keyboard = keyboards.Keyboard(str(swipes), predictions)
        for t, did in enumerate(step for each in does for step in (SWIPE if each == "swipe" else [each])):
            if did in DOES:
                keyboard.pointer(*DOES[did], 100 + t, 20, t / 100)
            elif did == "answer":
                predictions.answer(keyboard)
            else:
                keyboard.key("S" if did == "s" and keyboard.private else did)
        said = swipes.read_text() if swipes.exists() else ""
        lines = [keyboards.json.loads(line) for line in said.splitlines()]
    assert not any(secret in said for secret in ("secret", '"private": true', "S"))
    assert "?" not in "".join(line.get("word", "") for line in lines)  # of a path that was over
    assert all(("word" in line) != ("delete" in line) for line in lines)


def test_before_is_what_stands_in_this_field_when_the_word_does(tmp_path: Path) -> None:
    predictions = Slow()
    keyboard = keyboards.Keyboard(str(tmp_path / "swipes.jsonl"), predictions)
    for did in PASSWORD:
        if did in DOES:
            keyboard.pointer(*DOES[did], 100, 20, 0.1)
        elif did == "answer":
            while predictions.asked:
                predictions.answer(keyboard)
        else:
            keyboard.key(did)
    lines = [keyboards.json.loads(line) for line in (tmp_path / "swipes.jsonl").read_text().splitlines()]
    assert [(line["word"], line["before"]) for line in lines] == [("word0", ""), ("word0", "")]
    assert keyboard.text == "word0 "

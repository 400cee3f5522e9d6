#!/usr/bin/env python3
"""A small swipe keyboard in a terminal, out of `swipefl predict - --json` and a file of swipes. Copy what you need.

    python examples/keyboard/keyboard.py [swipes.jsonl]

Press the mouse on a word's first letter, drag over the others, let go. 2 to 5 take another candidate, Backspace takes
the word back, keys type, Ctrl-P begins and ends a password, Ctrl-D ends. KEYBOARDS.md says why it does what.
"""

import json
import os
import re
import select
import subprocess
import sys
import termios
import time
import tty
import uuid
from collections import deque
from contextlib import suppress
from typing import Any

Line = dict[str, Any]  # what swipefl reads and writes: an object of JSON

ROWS = {"qwertyuiop": 0, "asdfghjkl": 0.5, "zxcvbnm": 1.5}  # and by how many keys each stands to the right
WIDTH, HEIGHT = 370, 222  # of a qwerty as everybody has it, with a fourth row that has no letters
COLUMNS, LINES, TOP = 7, 3, 3  # of one key on the screen, and above all keys
MOUSE, ESCAPES = rb"\x1b\[<(\d+);(\d+);(\d+)([Mm])", rb"\x1b\[[0-9;]*[A-Za-ln-z~]|\x1b[^[]"
LETTER = rb"(?s:[\xc0-\xdf].|[\xe0-\xef]..|[\xf0-\xf7]...)|[^\x1b\xc0-\xf7]"  # of UTF-8
EVENT = re.compile(b"|".join((MOUSE, ESCAPES, LETTER)))


def append(path: str, line: Line) -> None:
    """One whole line by one write: whoever reads or appends meanwhile never meets half of one."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, json.dumps(line).encode() + b"\n")
    os.close(file)


class Predictions:
    """A process for as long as the keyboard is there. Each line that it is asked has one answer, in their order."""

    def __init__(self) -> None:
        self.asked: deque[Line] = deque()  # and not answered yet
        self.start()

    def start(self) -> None:
        command, pipe = ["swipefl", "predict", "-", "--json"], subprocess.PIPE
        self.process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        assert self.process.stdin
        assert self.process.stdout
        self.questions, self.replies, self.read = self.process.stdin, self.process.stdout, b""

    def ask(self, line: Line) -> None:
        self.asked.append(line)
        self.send(line)

    def send(self, line: Line) -> None:
        with suppress(BrokenPipeError):  # it has ended: `answers` sees that, starts another one and asks again
            self.questions.write(json.dumps(line).encode() + b"\n")

    def answers(self) -> list[tuple[Line, Line]]:
        """What was asked with what is answered. To be called when there is something to read."""
        block = os.read(self.replies.fileno(), 1 << 16)
        if not block:
            if (code := self.process.wait()) in (1, 2, 4, 5):  # another one would end likewise
                sys.exit(f"swipefl predict ended with {code}")
            self.start()
            for line in self.asked:
                self.send(line)
        *lines, self.read = (self.read + block).split(b"\n")
        return [(self.asked.popleft(), json.loads(line)) for line in lines]


class Keyboard:
    """What a finger does to the text in front of the cursor. `swipes` is the file that swipefl learns from."""

    def __init__(self, swipes: str, predictions: Predictions) -> None:
        self.swipes, self.predictions = swipes, predictions
        self.text, self.private = "", False
        self.words: list[str] = []  # candidates, the best first
        self.stroke: Line = {}  # of a finger that is down, since `started`
        self.started = 0.0
        self.lifted: deque[Line] = deque()  # strokes whose words are not known yet
        self.last: Line = {}  # the line of the word in front of the cursor, as long as that can be changed

    def pointer(self, is_down: bool, moves: bool, x: float, y: float, t: float) -> None:
        """A finger that comes down, moves or is lifted, `t` in seconds."""
        if is_down and not moves:
            self.stroke, self.started = {"gesture_id": str(uuid.uuid4()), "width": WIDTH, "height": HEIGHT}, t
            self.stroke |= {"keyboard": "qwerty", "private": self.private, "coords": []}
        if self.stroke:
            self.stroke["coords"].append({"x": x, "y": y, "t": round(t - self.started, 3)})
            if not is_down:
                self.lift()
            elif len(self.stroke["coords"]) > 2 and not self.predictions.asked:  # so often as there are answers
                self.predictions.ask(self.stroke | {"before": self.text[-200:], "final": False})

    def lift(self) -> None:
        stroke, self.stroke = self.stroke, {}
        if len(stroke["coords"]) > 2:  # else it was a tap
            self.lifted.append(stroke)
            if len(self.lifted) == 1:
                self.ask()

    def ask(self) -> None:
        """Asks for the word of the stroke that was lifted first: only now it is known what stands before it."""
        self.predictions.ask(self.lifted[0] | {"before": self.text[-200:]})

    def answered(self, line: Line, answer: Line) -> None:
        words = [candidate["word"] for candidate in answer.get("candidates", [])]
        if "final" in line:
            if line["gesture_id"] == self.stroke.get("gesture_id"):
                self.words = words
        elif self.lifted and line["gesture_id"] == self.lifted[0]["gesture_id"]:  # else it was of another field
            self.words = words
            self.lifted.popleft()
            if words:
                self.commit(line, words[0])
            if self.lifted:
                self.ask()

    def commit(self, line: Line, word: str) -> None:
        """A word stands; the same stroke with another word, in a later line, is a correction."""
        self.last = line | {"word": word, "before": self.text[-200:]}
        self.text += word + " "
        if not line["private"]:
            append(self.swipes, self.last)

    def enter(self, private: bool) -> None:
        """Another field: nothing of the last one stands before its words, or is still waited for."""
        self.private, self.text, self.last, self.stroke, self.words = private, "", {}, {}, []
        self.lifted.clear()

    def choices(self) -> list[str]:
        """What may stand in place of the word in front of the cursor."""
        return self.words if self.last and not self.stroke and not self.lifted else []

    def choose(self, word: str) -> None:
        self.text = self.text.removesuffix(self.last["word"] + " ")
        self.commit(self.last, word)

    def backspace(self) -> None:
        self.text = self.text.removesuffix(self.last["word"] + " ") if self.last else self.text[:-1]
        if self.last and not self.last["private"]:
            append(self.swipes, {"gesture_id": self.last["gesture_id"], "delete": True})
        self.last, self.words = {}, []

    def type(self, key: str) -> None:
        if key in ".,!?" and self.last:
            self.text, key = self.text[:-1], key + " "
        self.text, self.last, self.words = self.text + key, {}, []

    def key(self, key: str) -> None:
        if key == "\x7f":
            self.backspace()
        elif key == "\x10":
            self.enter(not self.private)
        elif key.isdigit() and 0 < int(key) <= len(self.choices()):
            self.choose(self.words[int(key) - 1])
        elif key.isprintable():
            self.type(key)


def draw(keyboard: Keyboard) -> None:
    shown = keyboard.words if keyboard.last or keyboard.stroke else []
    screen = [keyboard.text[-70:] + "_", "  ".join(f"{n} {word}" for n, word in enumerate(shown, 1)), ""]
    for letters, offset in ROWS.items():
        screen += ["", " " * int(offset * COLUMNS) + "".join(f"{letter:^{COLUMNS}}" for letter in letters), ""]
    print("\x1b[H" + "".join(f"{line}\x1b[K\r\n" for line in screen), end="", flush=True)


def main() -> None:
    keyboard = Keyboard(sys.argv[1] if sys.argv[1:] else "swipes.jsonl", Predictions())
    typed = b""
    while True:
        draw(keyboard)
        answers = keyboard.predictions.replies.fileno()
        ready, _, _ = select.select([0, answers], [], [])
        if answers in ready:
            for line, answer in keyboard.predictions.answers():
                keyboard.answered(line, answer)
        if 0 in ready:
            typed += os.read(0, 4096) or b"\x04"
            while (found := EVENT.match(typed)) and found[0] != b"\x04":
                typed = typed[found.end() :]
                if found[1]:
                    x, y = (int(found[2]) - 0.5) / COLUMNS, (int(found[3]) - TOP - 0.5) / LINES  # in keys
                    is_down, moves = found[4] == b"M", bool(int(found[1]) & 32)
                    keyboard.pointer(is_down, moves, x * WIDTH / 10, y * HEIGHT / 3.7, time.monotonic())
                elif not found[0].startswith(b"\x1b"):
                    keyboard.key(found[0].decode(errors="replace"))
            if found:
                return


if __name__ == "__main__":
    before = termios.tcgetattr(0)
    tty.setraw(0)
    print("\x1b[2J\x1b[?1002h\x1b[?1006h", end="")  # tell of the mouse while a button is down
    try:
        main()
    finally:
        print("\x1b[?1002l\x1b[?1006l")
        termios.tcsetattr(0, termios.TCSADRAIN, before)

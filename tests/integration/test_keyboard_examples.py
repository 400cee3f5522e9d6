"""What people who write keyboards copy from: the page, line by line, and both keyboards against the real process."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from swipefl.gesture.gesture import Example
from tests.support.command import ROOT, environment, swipefl
from tests.support.people import examples
from tests.support.waiting import LONG_S, wait_until

PAGE = (ROOT / "examples" / "KEYBOARDS.md").read_text("utf-8")
KEYBOARDS = ROOT / "examples" / "keyboard"
LINES = 12  # of the terminal that the keyboard takes
BLOCKS = [
    [json.loads(line) for line in block.splitlines()] for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
]


def is_answer(line: dict[str, Any]) -> bool:
    return "candidates" in line or "error" in line


def test_each_line_of_the_page_is_answered_as_it_says(tmp_path: Path) -> None:
    asked = [line for block in BLOCKS for line in block if not is_answer(line)]
    done = swipefl(
        tmp_path, "predict", "--json", "-", given="".join(json.dumps(line) + "\n" for line in asked).encode()
    )
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [answer["gesture_id"] for answer in answers] == [line["gesture_id"] for line in asked]
    assert [answer["line"] for answer in answers] == [*range(1, len(asked) + 1)]
    position = 0
    for block in BLOCKS:
        for line in block:
            answer = answers[position - is_answer(line)]
            if is_answer(line):
                assert answer.keys() == line.keys()
                assert answer["gesture_id"] == line["gesture_id"]
                assert answer.get("error") == line.get("error")
                shown, given = line.get("candidates", []), answer.get("candidates", [])
                assert [each["word"] for each in shown[:1]] == [each["word"] for each in given[:1]]
                assert all(each.keys() == given[0].keys() for each in shown)
            else:
                assert bool(answer.get("candidates")) == ("delete" not in line and line["coords"] != [])
                position += 1
    assert position == len(answers)


def test_the_lines_of_the_file_are_stored_corrected_and_taken_back(tmp_path: Path) -> None:
    (lines,) = [block for block in BLOCKS if any("delete" in line for line in block)]
    for line, counts in zip(lines, [(1, 0, 0), (0, 1, 0), (0, 0, 1)], strict=True):
        done = swipefl(tmp_path, "ingest", "--json", "-", given=json.dumps(line).encode() + b"\n").json
        assert (done["stored"], done["corrected"], done["deleted"], done["rejected"]) == (*counts, 0)
    assert swipefl(tmp_path, "export").out == ""


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """An environment in which `swipefl` is the one that is tested."""
    program = tmp_path / "bin" / "swipefl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m swipefl \"$@\"\n")
    program.chmod(0o755)
    return environment(tmp_path / "home", PATH=f"{program.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8", TERM="xterm")


def swipe(word: str) -> Example:
    return examples(1, words=(word,))[0]


def lines_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def said(path: Path) -> list[tuple[Any, ...]]:
    return [(line.get("word"), line.get("before"), line.get("delete", False)) for line in lines_in(path)]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_keyboard_in_shell(shell: str, tmp_path: Path, given: dict[str, str]) -> None:
    def stroke(word: str) -> str:
        return "".join(f"{x:.1f} {y:.1f} {t:.3f}\n" for x, y, t in swipe(word).gesture.points.tolist()) + "up\n"

    script = [stroke("hello"), stroke("keyboard"), "2\n", stroke("water"), "back\n", ".\n", stroke("great"), "back\n"]
    script += ["private\n", stroke("finger"), "2\n", "back\n", stroke("finger"), "private\n", "back\n"]
    script.append("5 30 0\n" + stroke("quite").partition("\n")[2])  # a point at the edge is no number of a candidate
    swipes = tmp_path / "swipes.jsonl"
    done = subprocess.run(
        [shell, str(KEYBOARDS / "keyboard.sh"), str(swipes)],
        input="".join(script),
        capture_output=True,
        env=given,
        text=True,
        check=True,
        timeout=LONG_S,
    )
    hello, keyboard, second, water, great, finger, *_, quite = [line.split() for line in done.stdout.splitlines()]
    assert second == [keyboard[1]]
    assert (hello[0], great[0], finger[0].lower()) == ("Hello", "Great", "finger")
    assert said(swipes) == [
        ("Hello", "", False),
        (keyboard[0], "Hello ", False),
        (second[0], "Hello ", False),
        (water[0], f"Hello {second[0]} ", False),
        (None, None, True),
        ("Great", f"Hello {second[0]}. ", False),
        (None, None, True),
        (quite[0], "", False),
    ]
    assert lines_in(swipes)[-1]["coords"][0]["x"] == 5
    assert swipes.stat().st_mode & 0o777 == 0o600
    report = swipefl(tmp_path / "home", "ingest", "--json", str(swipes)).json
    assert (report["stored"], report["deleted"], report["rejected"]) == (5, 2, 0)
    exported = [json.loads(line) for line in swipefl(tmp_path / "home", "export").out.splitlines()]
    assert [line["word"] for line in exported] == ["Hello", second[0], quite[0]]


class Terminal:
    """The keyboard in Python on a terminal of its own, with a mouse."""

    def __init__(self, swipes: Path, given: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        command = [sys.executable, str(KEYBOARDS / "keyboard.py"), str(swipes)]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=given, start_new_session=True
        )
        os.close(theirs)
        self._shown = ""

    def shows(self, text: str) -> str:
        """Waits until a screen has this in front of the cursor; the line of candidates below."""
        screen: list[str] = []

        def is_shown() -> bool:
            nonlocal screen
            self.is_read()
            screens = [each.replace("\x1b[K", "").split("\r\n") for each in self._shown.split("\x1b[H")[1:]]
            screen = next((each for each in reversed(screens) if len(each) > LINES), [""])
            self._shown = "".join(f"\x1b[H{each}" for each in self._shown.split("\x1b[H")[-2:])
            return screen[0] == text + "_"

        wait_until(is_shown, f"{text} on the screen")
        return screen[1]

    def shown(self) -> str:
        """The line of candidates, as far as it was read."""
        self.is_read()
        *_, line = re.findall(r"\x1b\[H[^\r]*\r\n([^\r]*)\x1b\[K\r\n", self._shown) or [""]
        return str(line)

    def is_read(self) -> bool:
        """Takes what was written: who writes to a terminal that nobody reads waits."""
        if is_there := bool(select.select([self._ours], [], [], 0)[0]):
            with suppress(OSError):  # it has ended
                self._shown += os.read(self._ours, 65536).decode()
        return is_there

    def types(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def swipes(self, word: str) -> None:
        """A drag over the keys, from cell to cell of the screen, at whatever pace: which words come is not told."""
        cells = [(int(x * 70 / 370) + 1, int(y / 20) + 4) for x, y, _ in swipe(word).gesture.points.tolist()]
        path = [cell for cell, before in zip(cells, [None, *cells], strict=False) if cell != before]
        for number, (column, line) in enumerate(path):
            self.types(f"\x1b[<{32 if number else 0};{column};{line}M")
            self.is_read()
        self.types(f"\x1b[<0;{path[-1][0]};{path[-1][1]}m")

    def children(self) -> list[int]:
        of = self.process.pid
        return [int(child) for child in Path(f"/proc/{of}/task/{of}/children").read_text().split()]

    def ends(self) -> int:
        self.types("\x04")
        wait_until(lambda: (self.is_read(), self.process.poll() is not None)[1])
        code = self.process.wait()
        os.close(self._ours)
        return code


@pytest.fixture
def terminal(tmp_path: Path, given: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "swipes.jsonl", given)
    yield terminal
    terminal.process.kill()
    terminal.process.wait()


def committed(terminal: Terminal, swipes: Path, count: int) -> str:
    """The word of the newest line, when there are so many."""
    wait_until(lambda: (terminal.is_read(), len(lines_in(swipes)) >= count)[1])
    return str(lines_in(swipes)[-1].get("word"))


def test_the_keyboard_in_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    swipes = tmp_path / "swipes.jsonl"
    terminal.shows("")
    terminal.swipes("hello")
    first = committed(terminal, swipes, 1)
    candidates = terminal.shows(f"{first} ")
    assert candidates.startswith(f"1 {first}  2 ")
    second = candidates.split("  ")[1].split()[1]
    terminal.types("2")
    terminal.shows(f"{second} ")
    terminal.swipes("keyboard")
    third = committed(terminal, swipes, 3)
    terminal.shows(f"{second} {third} ")
    terminal.types("\x7f")
    terminal.shows(f"{second} ")
    for child in terminal.children():
        os.kill(child, signal.SIGKILL)
    terminal.swipes("water")
    fourth = committed(terminal, swipes, 5)
    terminal.types(".okéя\x7f")
    terminal.shows(f"{second} {fourth}. oké")
    terminal.types("\x10")
    terminal.shows("")
    terminal.swipes("finger")
    wait_until(lambda: "1 " in terminal.shown(), "a word in the password field")
    terminal.types("\x10")
    terminal.shows("")
    terminal.swipes("people")  # "hello" once more may be the very same swipe, to the millisecond
    fifth = committed(terminal, swipes, 6)
    assert terminal.ends() == 0
    assert said(swipes) == [
        (first, "", False),
        (second, "", False),
        (third, f"{second} ", False),
        (None, None, True),
        (fourth, f"{second} ", False),
        (fifth, "", False),
    ]
    assert swipes.stat().st_mode & 0o777 == 0o600
    report = swipefl(tmp_path / "home", "ingest", "--json", str(swipes)).json
    assert (report["stored"], report["deleted"], report["rejected"]) == (4, 1, 0)

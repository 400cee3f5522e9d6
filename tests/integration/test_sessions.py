"""`swipefl predict -` as a keyboard's process for a session: what it answers, and what it takes up meanwhile."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from swipefl.gesture.formats import read_examples
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from tests.support.command import SHORT, environment, swipefl
from tests.support.people import examples
from tests.support.stores import RARE
from tests.support.swipes import EXAMPLE, GOOD, SHARED, lines
from tests.support.waiting import LONG_S, wait_until

POINTS = json.loads(GOOD[0])
LONG_ID = "x" * 300
(ZYZZ,) = examples(1, seed=3, words=(RARE,))
NEW_WORD = {name: value for name, value in to_line(ZYZZ).items() if name != "word"}


class Session:
    """One process, asked line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ask(self, line: bytes) -> Any:
        """The answer to one line."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def first(self, said: dict[str, Any] = NEW_WORD) -> str | None:
        """The likeliest word of a gesture."""
        return next((c["word"] for c in self.ask(lines(said)).get("candidates", ())), None)


@contextmanager
def session(home: Path, *words: str) -> Iterator[Session]:
    command = [sys.executable, "-m", "swipefl", "predict", "-", "--json", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home)) as process:
        yield Session(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(LONG_S) == 0


REQUESTS: list[tuple[bytes, Any, str | None]] = [
    (lines({**POINTS, "gesture_id": "a"}), "a", None),
    (lines({**POINTS, "gesture_id": LONG_ID}), LONG_ID, None),
    (lines({**POINTS, "gesture_id": 12}), 12, None),
    (lines({**POINTS, "gesture_id": 1.5}), 1.5, None),
    (lines({**POINTS, "gesture_id": None}), None, None),
    (lines({**POINTS, "gesture_id": ""}), "", None),
    (lines({**POINTS, "gesture_id": {"of": ["mine"]}}), {"of": ["mine"]}, None),
    (lines({**POINTS, "gesture_id": "p", "private": True}), "p", None),
    (lines({**POINTS, "gesture_id": "f", "final": False}), "f", None),
    (lines({**POINTS, "gesture_id": "b", "coords": []}), "b", "few-points"),
    (lines({**POINTS, "gesture_id": 7, "coords": "secret"}), 7, "no-points"),
    (lines({**POINTS, "gesture_id": "k", "keyboard": "secret"}), "k", "unknown-keyboard"),
    (lines({**POINTS, "gesture_id": "q", "private": True, "coords": None}), "q", "no-points"),
    (lines({**POINTS, "gesture_id": "r", "prior": {"secret": 2}}), "r", "no-prior"),
    (lines({**POINTS, "gesture_id": "s", "prior": {"secret": -2, "keyboard": -3.5}}), "s", None),
    (lines({"gesture_id": "d", "delete": True}), "d", None),
    (lines({"gesture_id": "e", "delete": "secret"}), "e", "no-deletion"),
    (lines({"gesture_id": "o"}), "o", "no-points"),
    (b"[]\n", None, "no-gesture"),
    (lines({**POINTS, "gesture_id": "h", "before": "\ude00 i say \ud83d"}), "h", None),
    (lines({**POINTS, "gesture_id": "\ud83d", "app": {"\ude00": "\ud83d\ude00"}}), "\ufffd", None),
    (b'{"gesture_id": "broken", "coords": \n', None, "broken-json"),
    (b"secret\n", None, "broken-json"),
    (b"\xff\xfe\x00\n", None, "utf-16"),
    (b"7\n", None, "not-a-gesture"),
    (b'"secret"\n', None, "not-a-gesture"),
    (b'{"gesture_id": "l", "coords": "' + b"x" * (9 << 20) + b'"}\n', None, "long-line"),
    (lines({"word": "secret", "language": "en", "personal": "added"}), None, None),
    (lines({**POINTS, "gesture_id": "z"}), "z", None),
]


def test_every_line_is_answered_once_in_order_and_names_its_request(tmp_path: Path) -> None:
    with session(tmp_path) as asked:
        for number, (line, gesture_id, code) in enumerate(REQUESTS, 1):
            answer = asked.ask(line)
            assert (answer["gesture_id"], answer["line"], answer.get("code")) == (gesture_id, number, code)
            keys = {"candidates"} if code is None else {"error", "code"}
            assert answer.keys() == {"gesture_id", "line"} | keys
            assert "secret" not in json.dumps(answer)
            assert "ingest" not in answer.get("error", "")  # advice is for who asks, and reads no file


def test_blank_lines_are_counted_and_not_answered(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "predict", "--json", "-", given=b"\n \t\n" + GOOD[0] + b"\r\n\n" + GOOD[1])
    assert [json.loads(answer)["line"] for answer in done.out.splitlines()] == [3, 6]


def test_a_list_is_answered_by_one_line_a_gesture(tmp_path: Path) -> None:
    listed = b"[" + b",".join(line.strip() for line in GOOD[:2]) + b"]\n"
    done = swipefl(tmp_path, "predict", "--json", "-", given=listed + b"[]\n" + GOOD[2])
    answers = [json.loads(answer) for answer in done.out.splitlines()]
    assert [(answer["line"], answer.get("code")) for answer in answers] == [(1, None)] * 2 + [
        (2, "no-gesture"),
        (3, None),
    ]
    assert [answer["gesture_id"] for answer in answers if "code" not in answer] == [
        json.loads(line)["gesture_id"] for line in GOOD[:3]
    ]


def test_parts_sum_to_the_score_where_they_are_asked_for(tmp_path: Path) -> None:
    given = lines({**POINTS, "before": "i am"})
    plain, explained = (
        swipefl(tmp_path, "predict", "--json", "-", *flags, given=given).json["candidates"]
        for flags in ((), ("--explain",))
    )
    assert [{name: c[name] for name in plain[0]} for c in explained] == plain
    assert all(sum(c["parts"].values()) == pytest.approx(c["score"], abs=1e-3) for c in explained)
    assert {"letters", "frequency", "length", "context"} <= explained[0]["parts"].keys()
    assert any(c["parts"]["context"] for c in explained)


def test_the_prior_of_a_line_is_for_that_line(tmp_path: Path) -> None:
    with session(tmp_path) as asked:
        best, second, *_ = (c["word"] for c in asked.ask(lines(POINTS))["candidates"])
        moved = asked.ask(lines({**POINTS, "prior": {best: -60, second: -1.5}}))["candidates"]
        assert (moved[0]["word"], asked.first(POINTS)) == (second, best)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded swipes here")
def test_a_session_finds_the_words_that_an_evaluation_does(tmp_path: Path) -> None:
    """Of recorded swipes with what stood before, asked one by one."""
    path = tmp_path / "swipes.jsonl"
    with gzip.open(SHARED / "how_we_swipe" / "dev.jsonl.gz") as dev:
        path.write_bytes(b"".join(islice(dev, 0, None, 36)))
    judged = swipefl(tmp_path / "home", "evaluate", "--json", str(path), "--model", "base").json
    meant = [example.spelled for example in read_examples(path)]
    with session(tmp_path / "home", "--top", "20", "--offensive-words") as asked:
        said = [asked.ask(line)["candidates"] for line in path.read_bytes().splitlines(keepends=True)]
    found = [[*dict.fromkeys(candidate["spelled"] for candidate in candidates)] for candidates in said]
    shares = {
        f"top{most}": sum(word in words[:most] for word, words in zip(meant, found, strict=True)) / len(meant)
        for most in (1, 3, 5)
    }
    assert (shares, len(meant)) == ({name: pytest.approx(judged[name]) for name in shares}, judged["examples"])
    assert judged["examples"] > 200


def test_words_are_taken_up_beside_a_running_process(tmp_path: Path) -> None:
    """From before there is a store: the first word makes one."""
    with session(tmp_path / "home") as asked:
        assert asked.first() != RARE
        for words, there in (
            (("words", "add", RARE, "--language", "en"), True),
            (("words", "hide", RARE, "--language", "en"), False),
            (("words", "unhide", RARE, "--language", "en"), True),
            (("forget", "--all", "--yes"), False),
        ):
            done = swipefl(tmp_path / "home", *words)
            assert done.code == 0, done.err
            wait_until(lambda there=there: (asked.first() == RARE) is there, " ".join(words))  # type: ignore[misc]


def test_a_new_model_and_a_keyboard_are_taken_up_beside_a_running_process(tmp_path: Path) -> None:
    """What it comes to answer is what a process says that starts then."""
    home = tmp_path / "home"
    with session(home) as asked:

        def follows(said: dict[str, Any]) -> bool:
            return bool(
                asked.ask(lines(said))["candidates"]
                == swipefl(home, "predict", "--json", "-", given=lines(said)).json["candidates"]
            )

        base = asked.ask(lines(POINTS))["candidates"]
        assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
        for command in (("cycle",), ("reset", "--to", "base")):
            assert swipefl(home, *command, **SHORT).code == 0
            wait_until(partial(follows, POINTS), " ".join(command))
            assert (asked.ask(lines(POINTS))["candidates"] == base) is (command[0] == "reset")
        mine = {**POINTS, "keyboard": "mine"}
        assert asked.ask(lines(mine))["code"] == "unknown-keyboard"
        layout = tmp_path / "mine.json"
        layout.write_text(json.dumps({**built_in("qwerty").to_json(), "name": "mine", "languages": ["en"]}))
        added = swipefl(home, "keyboards", "add", str(layout))
        assert added.code == 0, added.err
        wait_until(lambda: "candidates" in asked.ask(lines(mine)), "the keyboard")

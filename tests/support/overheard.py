"""What swipefl says on standard error and in logs while tests run is read: never a word that was swiped, nor a point.

Read is the standard error of every process that a test starts and that has to do with swipefl, into a pipe or a file;
the files of `--log-file`; and what is said in the process of the tests themselves. Standard output is for data, and is
not read, nor is a terminal, where both come together.

A word counts where it was swiped in this run: where it stands in what was given to a command, or in the store of a home
that was used. It must have four letters, and must not be one of our own sources, which say it for other reasons: so
`about` could be leaked and not be found, most words could not. Nor may it be of what others say and we hand on. Words
in names of files are the caller's. A point counts as a pair of numbers where a list begins, as x beside y, or as one
coordinate of three decimals that was given.
"""

import errno
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import pytest
from pydantic_core._pydantic_core import list_all_errors

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 2_000_000  # of what is given to a command
NAMED = re.compile(r'"word"\s*:\s*"((?:[^"\\]|\\.)*)"')
PLACED = re.compile(r'"[xy]"\s*:\s*(-?\d+\.\d{3,})')
WORD = re.compile(r"(?<![\w%])[^\W\d_]{4,}(?![\w%])")
PATH = re.compile(r"\S*/\S*")
NUMBER = re.compile(r"(?<![\w.:])-?\d+\.\d{3,}(?![\w.])")
# How long it took and how many were right, in a line of a log: any of them may be some coordinate's number too.
MEASURED = re.compile(r"\b(?:seconds|surer|top1_\w+|loss_\w+|\w+_s)\W{1,4}\d+\.\d+")
# What is not ours to word: Python's own, once a process was killed; what gRPC says of itself, where a test asks it to.
OTHERS = re.compile(r"resource_tracker: There appear to be \d+ leaked|^[IWEF]\d{4} [\d:.]+ +\d+ \w+\.cc:\d+\] ")
# What we hand on of others, in lines of ours: what they say as it stands, whatever stands around it.
HANDED_ON = (
    "failed to connect to all addresses; last error",  # gRPC
    "failed to connect to remote host",
    "while attempting to bind on address",  # asyncio
    "unable to get local issuer certificate",  # OpenSSL
    "unable to get issuer certificate",
    "unable to verify the first certificate",
    "hostname mismatch",
    "IP address mismatch",
    "no address associated with hostname",  # the C library, of names
    "temporary failure in name resolution",
    "expecting property name enclosed in double quotes",  # json
    "expecting value",
    "unterminated string starting at",
    "Traceback (most recent call last",  # Python
)
POINT = re.compile(
    r"[\[({]\s*-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?\s*[,\])}]"  # a pair where a list begins
    r"|\bx\W{1,4}-?\d+(?:\.\d+)?\W{1,4}y\W{1,4}-?\d"  # x beside y
)


@cache
def own_words() -> frozenset[str]:
    """What stands in our sources, but for the examples of help."""
    files = [file for file in (ROOT / "swipefl").rglob("*.py") if file.name != "examples.py"]
    text = "\n".join(file.read_text("utf-8") for file in files)
    return frozenset(word.casefold() for word in re.findall(r"[^\W\d_]{4,}", text))


@cache
def others_say() -> re.Pattern[str]:
    """What the system says of what went wrong, pydantic of what does not fit, and the like: not ours to word."""
    system = (os.strerror(number) for number in errno.errorcode)
    templates = (kind["message_template_python"] for kind in list_all_errors())
    parts = (part.strip(" :,`'") for template in templates for part in re.split(r"\{\w+\}", template))
    said = sorted({each for each in (*HANDED_ON, *system, *parts) if " " in each}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, said))})(?!\w)", re.IGNORECASE)


class Reader:
    """What was said, what was swiped, and what of the one is in the other."""

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.coordinates: set[str] = set()
        self._said: list[str] = []
        self._files: dict[str, int] = {}  # how far each was read
        self._homes: dict[str, int] = {}  # when its store was last changed

    def say(self, text: str | bytes | None) -> None:
        """Takes what was said."""
        if text:
            self._said.append(text if isinstance(text, str) else text.decode("utf-8", "replace"))

    def given(self, data: str | bytes | None) -> None:
        """Takes what a command was given."""
        text = (data or "")[:MOST_BYTES]
        text = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self._swiped(NAMED.findall(text))
        self.coordinates.update(PLACED.findall(text))

    def follow(self, file: str) -> None:
        """Reads a file from now on."""
        self._files.setdefault(file, 0)

    def use(self, home: str) -> None:
        """Takes the words of a home's store, where it has changed; nothing is made or waited for there."""
        path = Path(home, "swipefl.db")
        with suppress(OSError, sqlite3.Error):
            changed = path.stat().st_mtime_ns
            if self._homes.get(home) != changed:
                with closing(sqlite3.connect(f"file:{quote(os.fsencode(path))}?immutable=1", uri=True)) as store:
                    self._swiped(word for (word,) in store.execute("SELECT DISTINCT word FROM gestures"))
                self._homes[home] = changed
            return
        self._homes.setdefault(home, 0)

    def _swiped(self, words: Iterable[str]) -> None:
        self.words.update(each.casefold() for word in words for each in WORD.findall(word))

    def leaks(self) -> list[str]:
        """What was said since the last time that must not be, with the line."""
        for home in list(self._homes):
            self.use(home)
        for file, read in self._files.items():
            if not os.path.isfile(file):  # a FIFO would be waited for
                continue
            with suppress(OSError), open(file, "rb") as opened:
                size = os.fstat(opened.fileno()).st_size
                opened.seek(read if read <= size else 0)
                self.say(opened.read())
                self._files[file] = opened.tell()
        said, self._said = self._said, []
        return [leak for text in said for line in text.splitlines() for leak in self._in(line)]

    def _in(self, line: str) -> Iterator[str]:
        if OTHERS.search(line):
            return
        bare = others_say().sub(" ", PATH.sub(" ", line))
        for word in WORD.findall(bare):
            if word.casefold() in self.words and word.casefold() not in own_words():
                yield f"the word {word!r} in {line!r}"
        if POINT.search(bare) or self.coordinates & set(NUMBER.findall(MEASURED.sub(" ", bare))):
            yield f"a point in {line!r}"


READER = Reader()


class Overheard(subprocess.Popen[Any]):
    """A process whose standard error is read here too."""

    def __init__(self, args: Any, *others: Any, **options: Any) -> None:
        words = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
        self._is_ours = any("swipefl" in os.fsdecode(word) for word in words)
        if self._is_ours:
            _before(words, options)
        super().__init__(args, *others, **options)
        if self._is_ours and self.stderr is not None:
            self.stderr = _Teed(self.stderr)  # type: ignore[assignment]

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """As it is, and what is on standard error is read."""
        if self._is_ours:
            READER.given(input)
        out, err = super().communicate(input, timeout)
        if self._is_ours:
            READER.say(err)
        return out, err

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """As it is; but what a test leaves that fails need not end, and would be waited for."""
        if kind is not None:
            self.kill()
        super().__exit__(kind, raised, traceback)


def _before(words: Sequence[Any], options: dict[str, Any]) -> None:
    """What can be known before it begins: its home, its logs, and the files that it is given."""
    environment = options.get("env") or os.environ
    if home := environment.get("SWIPEFL_HOME"):
        READER.use(home)
    named = [os.fsdecode(word) for word in words]
    after = [log for flag, log in pairwise(named) if flag == "--log-file"]
    logs = [*after, *(environment.get(f"SWIPEFL_{end}", "") for end in ("LOG_FILE", "COORDINATOR_LOG_FILE"))]
    written = getattr(options.get("stderr"), "name", None)
    for log in [*logs, written]:
        if isinstance(log, str) and log and Path(log).is_absolute() and log != os.devnull:
            READER.follow(log)
    for name in named:
        with suppress(OSError, ValueError):
            file = Path(name)
            if name.endswith((".jsonl", ".json")) and file.is_file() and file.stat().st_size <= MOST_BYTES:
                READER.given(file.read_bytes())


class _Teed:
    """A pipe; what is read of it is read here too."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    def _heard(self, text: Any) -> Any:
        READER.say(text)
        return text

    def read(self, *size: int) -> Any:
        return self._heard(self._pipe.read(*size))

    def read1(self, *size: int) -> Any:
        return self._heard(self._pipe.read1(*size))

    def readline(self, *size: int) -> Any:
        return self._heard(self._pipe.readline(*size))

    def readlines(self) -> list[Any]:
        return [self._heard(line) for line in self._pipe.readlines()]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._heard(line) for line in self._pipe)

    def __enter__(self) -> "_Teed":
        return self

    def __exit__(self, *raised: object) -> None:
        self._pipe.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What was said in this process."""
    report = (yield).get_result()  # type: ignore[func-returns-value,misc]
    if report.passed:  # one that fails shows what it compared
        READER.say(report.capstderr)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fails a test during which a word or a point was said."""
    if leaks := READER.leaks():
        pytest.fail("it was said:\n" + "\n".join(leaks[:20]), pytrace=False)


subprocess.Popen = Overheard  # type: ignore[misc]  # which `subprocess.run` uses too

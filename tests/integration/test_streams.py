"""The three standard streams as they are met: closed, full, not to be written, of other encodings."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from itertools import cycle, product
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.swipes import EXAMPLE, GOOD, gesture, lines
from tests.support.waiting import LONG_S

COMMANDS = {
    "status": 0,
    "status --json": 0,
    "export": 0,
    "words list": 0,
    "config": 0,
    "--help": 0,
    "predict swipes.jsonl": 0,
    "show example-0000": 0,
    "forget --all --dry-run --json": 0,
    "ingest -": 3,
    "nonsense": 2,
    "predict none.jsonl": 3,
}
ALL_STREAMS = ("status", "predict swipes.jsonl", "ingest -", "nonsense")  # one of each way to write and to end
OUTPUT_FAILS = {">/dev/full": 5, "1</dev/null": 5}  # the latter is open, and not for writing
NOBODY_LISTENS = (">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full", ">&- 2>/dev/full")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three swipes, with their file beside it."""
    home = tmp_path_factory.mktemp("streams") / "home"
    (home.parent / "swipes.jsonl").write_bytes(b"".join(GOOD[:3]))
    assert swipefl(home, "ingest", "-", given=b"".join(GOOD[:3])).code == 0
    return home


def ran(home: Path, words: str, streams: str, **extra: str) -> subprocess.CompletedProcess[bytes]:
    command = f"exec '{sys.executable}' -m swipefl {words} {streams}"
    given = environment(home, **extra)
    where = home.parent
    return subprocess.run(["bash", "-c", command], env=given, capture_output=True, check=False, input=b"", cwd=where)


def met(streams: Iterable[str]) -> list[tuple[str, str]]:
    """Some commands with each of the streams, and each of the others with one."""
    others = [words for words in COMMANDS if words not in ALL_STREAMS]
    return [*product(ALL_STREAMS, streams), *zip(others, cycle(streams), strict=False)]


@pytest.mark.parametrize(("words", "streams"), met(NOBODY_LISTENS))
def test_a_stream_that_nobody_listens_to_changes_no_exit_code(home: Path, words: str, streams: str) -> None:
    before = (home / "swipefl.db").read_bytes()
    done = ran(home, words, streams)
    assert (done.returncode, b"Traceback" in done.stderr, b"a bug" in done.stderr) == (COMMANDS[words], False, False)
    assert (home / "swipefl.db").read_bytes() == before
    if streams == "2>&-" and COMMANDS[words] == 0:
        assert done.stdout == ran(home, words, "").stdout


@pytest.mark.parametrize(("words", "streams"), met(OUTPUT_FAILS))
def test_output_that_cannot_be_written_is_exit_5_and_one_sentence(home: Path, words: str, streams: str) -> None:
    done = ran(home, words, streams)
    expected = COMMANDS[words] or OUTPUT_FAILS[streams]
    assert done.returncode == expected, done.stderr
    assert done.stderr.startswith(b"swipefl: ") or words == "nonsense"
    assert b"output" in done.stderr or expected != 5
    assert done.stderr.count(b"\n") == 1 or words == "nonsense"


@pytest.mark.parametrize("words", [words for words, code in COMMANDS.items() if code == 0])
def test_a_reader_that_is_gone_is_no_error(home: Path, words: str) -> None:
    done = ran(home, words, "> >(exec true)")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", ">&-", "<&-"])
def test_no_file_of_ours_gets_the_number_of_a_closed_stream(home: Path, streams: str, tmp_path: Path) -> None:
    code = (
        "import os, sys; from swipefl.cli.streams import take_up; take_up()\n"
        "opened = os.open('/dev/null', os.O_RDONLY)\n"
        "print('lost', flush=True); sys.stderr.write('lost'); sys.stdin.read()\n"
        "sys.exit(0 if opened > 2 else 1)"
    )
    done = subprocess.run(
        ["bash", "-c", f'exec "$0" -c "$1" {streams}', sys.executable, code], env=environment(tmp_path), check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "de_DE.ISO-8859-1"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "utf-16"},
    ],
    ids=str,
)
def test_output_is_utf_8_in_every_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    given = lines(gesture(gesture_id="straße-приветище"), {"word": "x"})
    with subprocess.Popen(
        [sys.executable, "-m", "swipefl", "predict", "-", "--json"],
        env=environment(tmp_path, **locale),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        out, err = process.communicate(given, LONG_S)
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out.decode().splitlines()[0])["gesture_id"] == "straße-приветище"
    assert "straße".encode() in out


def test_file_names_need_not_be_utf_8(tmp_path: Path) -> None:
    """They are read, remembered, named in messages, and stand in JSON that is UTF-8 all the same."""
    home = os.fsdecode(bytes(tmp_path) + b"/h\xff\xfe")
    path = os.fsdecode(bytes(tmp_path) + b"/s\xff.jsonl")
    Path(path).write_bytes(b"".join(GOOD[:3]) + b"{broken\n")
    done = swipefl(Path(home), "ingest", path, "--json")
    assert (done.code, done.json["stored"]) == (0, 3)
    assert "s\N{REPLACEMENT CHARACTER}.jsonl:4: broken-json" in done.err
    assert swipefl(Path(home), "ingest", path, "--json").json["read"] == 0
    assert swipefl(Path(home), "status", "--json").json["home"].endswith("/h\ufffd\ufffd")
    assert swipefl(Path(home), "export").code == 0
    for words in (["predict", path], ["evaluate", path], ["config"], ["coordinator", "init"]):
        assert swipefl(Path(home), *words).code == 0, words


HALF = os.fsdecode(b"a\xffb")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["words", "add", HALF], 2),
        (["words", "remove", HALF], 2),
        (["forget", "--word", HALF], 2),
        (["show", HALF], 2),
        (["keyboards", "show", HALF], 2),
        (["keyboards", "add", HALF], 2),
        (["predict", HALF], 3),
        (["predict", str(EXAMPLE), "--keyboard", HALF], 2),
        (["predict", str(EXAMPLE), "--language", HALF], 2),
        (["evaluate", HALF], 3),
        (["ingest", HALF], 3),
        (["ingest", str(EXAMPLE), "--keyboard", HALF], 2),
        (["reset", "--to", HALF], 2),
        (["reset", "--to", "9" * 19], 2),
        (["reset", "--to", "9" * 5000], 2),
        (["reset", "--to", "9" * 18], 4),
        (["forget", "--before", "9999-12-31", "--dry-run"], 0),
        (["forget", "--before", "0001-01-01", "--dry-run"], 0),
        (["simulate", HALF], 2),
        ([HALF], 2),
    ],
    ids=lambda words: " ".join(words)[:40].encode(errors="replace").decode() if isinstance(words, list) else "",
)
def test_words_that_are_no_text_and_numbers_beyond_all_bounds_are_refused(
    home: Path, words: list[str], code: int
) -> None:
    done = swipefl(home, *words)
    assert (done.code, "a bug" in done.err, "Traceback" in done.err) == (code, False, False), done.err


@pytest.mark.parametrize(
    "version", ["99999999999999999999", "9223372036854775808", "-99999999999999999999", "9" * 5000]
)
def test_a_version_beyond_all_bounds_is_not_there(tmp_path: Path, version: str) -> None:
    swipefl(tmp_path, "coordinator", "init")
    done = swipefl(tmp_path, "coordinator", "rollback", "--", version)
    assert (done.code, "a bug" in done.err) == (2, False)

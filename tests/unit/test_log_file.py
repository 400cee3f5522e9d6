"""A log in a file: bounded, private, of whole lines, whoever writes to it at once, and never the end of any work."""

import fcntl
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.settings.log_file import LogFile
from tests.support.command import ROOT
from tests.support.disk import SmallDisk
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S

LINE = '{"event": "%s", "run_id": "0"}'
WRITER = """
import sys
from pathlib import Path
from swipefl.settings.log_file import LogFile
log = LogFile(Path(sys.argv[1]), most_bytes=2_000, kept=400, wait_s=float(sys.argv[4]) if sys.argv[4:] else 2.0)
for number in range(int(sys.argv[3])):
    log.write('{"event": "%s %05d", "run_id": "0"}' % (sys.argv[2], number))
"""


def files(path: Path) -> list[Path]:
    """The log and what was moved aside, the newest first."""
    aside = sorted(path.parent.glob(f"{path.name}.*"), key=lambda file: int(file.suffix[1:]))
    return [path, *aside]


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp"]), max_size=60), max_size=60))
def test_what_stays_is_the_end_of_what_was_written_and_bounded(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    path = tmp_path_factory.mktemp("log") / "swipefl.log"
    log, lines = LogFile(path, most_bytes=300, kept=2), [LINE % event for event in events]
    for line in lines:
        log.write(line)
    kept = "".join(file.read_text("utf-8", "replace") for file in reversed(files(path)))
    written = "".join(line.encode("utf-8", "replace").decode() + "\n" for line in lines)
    assert written.endswith(kept)
    assert len(kept) >= min(len(written), 300)
    assert all(file.stat().st_size <= 300 for file in files(path))
    assert len(files(path)) <= 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files(path)} == {0o600}


def test_processes_that_write_and_move_at_once_lose_no_line(tmp_path: Path) -> None:
    path, writers, count = tmp_path / "swipefl.log", "abcd", 400
    commands = [[sys.executable, "-c", WRITER, str(path), name, str(count), str(LONG_S)] for name in writers]
    processes = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    assert [process.wait(LONG_S) for process in processes] == [0] * len(writers)
    said = [line for file in reversed(files(path)) for line in file.read_text().splitlines()]
    assert sorted(said) == sorted(LINE % f"{name} {number:05d}" for name in writers for number in range(count))
    for name in writers:  # in the order of each
        of_one = [line for line in said if f'"{name} ' in line]
        assert of_one == sorted(of_one)
    assert all(file.stat().st_size <= 2_000 for file in files(path))


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    (path.parent / "other").write_bytes(b"")
    path.symlink_to(path.parent / "other")


def _second_name(path: Path) -> None:
    (path.parent / "other").write_bytes(b"")
    path.hardlink_to(path.parent / "other")


@pytest.mark.parametrize(
    "made",
    [
        _folder,
        os.mkfifo,
        _link,
        _second_name,
        lambda path: path.write_bytes(b"SQLite format 3\0"),
        lambda path: path.write_bytes(b"[[1, 2], [3, 4]]\n"),
        lambda path: path.write_bytes(GOOD[0]),  # of a keyboard
        lambda path: path.write_bytes(b'{"event": "of another program", "level": "info", "timestamp": "now"}\n'),
        lambda path: path.write_bytes(b"timestamp=1 level=2 event=3\n"),
        lambda path: path.write_bytes(b"x" * 100_000),
        lambda path: path.symlink_to("/dev/null"),
    ],
)
def test_what_is_no_log_is_an_error_at_once_and_stays_as_it_is(tmp_path: Path, made: Callable[[Path], object]) -> None:
    path = tmp_path / "swipefl.log"
    made(path)
    before = path.lstat()
    with pytest.raises(UsageError) as error:
        LogFile(path)
    assert (error.value.code, str(path) in str(error.value)) == ("cannot-write-file", True)
    after = path.lstat()
    assert (after.st_mode, after.st_size, after.st_mtime) == (before.st_mode, before.st_size, before.st_mtime)


@pytest.mark.parametrize("line", [LINE % "one", "timestamp='1' level='info' event='one' run_id='0'"])
def test_a_log_whose_first_line_a_power_cut_tore_goes_on(tmp_path: Path, line: str) -> None:
    for size in range(len("timestamp=") + 1, len(line)):
        path = tmp_path / "swipefl.log"
        path.write_text(line[:size])
        LogFile(path).write(LINE % "two")
        LogFile(path).write(LINE % "three")


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    "made",
    [_folder, os.mkfifo, _link, lambda path: path.write_bytes(b"a thesis\n"), lambda path: path.write_bytes(GOOD[0])],
)
def test_what_has_the_name_of_an_older_log_and_is_none_stays(
    tmp_path: Path, made: Callable[[Path], object], number: int
) -> None:
    path = tmp_path / "swipefl.log"
    other = Path(f"{path}.{number}")
    made(other)
    with pytest.raises(UsageError, match=re.escape(str(other))):
        LogFile(path, kept=3)
    assert LogFile(path, kept=number - 1)


@pytest.mark.parametrize("name", ["", "nowhere/swipefl.log", "x" * 300, "file/swipefl.log"])
def test_where_no_file_can_be_is_an_error_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        LogFile(tmp_path / name)


def test_a_log_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.log"
    path.touch(0o644)
    LogFile(path).write(LINE % "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_takes_no_new_file_keeps_the_log_bounded(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.log"
    log = LogFile(path, most_bytes=100, kept=1)
    (tmp_path / "swipefl.log.1").mkdir()  # nothing can be moved there
    (tmp_path / "swipefl.log.1" / "x").touch()
    for number in range(50):
        log.write(LINE % number)
    assert path.stat().st_size <= 100
    assert path.read_text().splitlines()[-1] == LINE % 49


def test_who_was_stopped_while_it_wrote_keeps_nobody_waiting(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.log"
    log = LogFile(path, most_bytes=100)
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for number in range(20):
            log.write(LINE % number)
    assert 0 < path.stat().st_size <= 100
    log.write(LINE % "again")
    assert (path.read_text(), len(files(path))) == (LINE % "again" + "\n", 2)


def test_on_a_full_disk_lines_are_lost_and_nothing_else(disk: SmallDisk) -> None:
    def write(name: str, count: int) -> None:
        log = [sys.executable, "-c", WRITER.replace("2_000", "10**6"), str(disk.folder / "swipefl.log"), name]
        subprocess.run([*disk.inside, *log, str(count)], check=True, cwd=ROOT)

    write("before", 1)
    disk.fill(spare_kb=8)
    write("full", 2_000)
    full = disk.text("swipefl.log").splitlines()
    disk.free()
    write("after", 1)
    said = disk.text("swipefl.log").splitlines()
    assert said == [*full, LINE % "after 00000"]
    assert full == [LINE % "before 00000", *(LINE % f"full {n:05d}" for n in range(len(full) - 1))]  # no half a line
    assert 1 < len(full) < 2_000


def test_a_log_that_was_taken_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.log"
    log = LogFile(path)
    log.write(LINE % "one")
    path.unlink()
    log.write(LINE % "two")
    assert path.read_text() == LINE % "two" + "\n"

"""Backup and restore on a full disk, and killed outright: a file is whole or not there, and the store is as it was."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import swipefl as library
from tests.support.command import environment, swipefl
from tests.support.disk import SmallDisk, is_clear
from tests.support.people import write_people
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S, wait_until

# What is seen of a restore as it goes on: what is unpacked, what is set aside, and that it is there.
STEPS = (".swipefl.db.draft-*", ".swipefl.db.before-restore-*", "swipefl.db.before-restore-*", "swipefl.db-wal")


def test_on_a_full_disk_the_backup_of_before_and_the_store_stay(disk: SmallDisk) -> None:
    file, home = str(disk.folder / "file"), disk.folder / "home"
    disk.swipefl("ingest", "-", given=b"".join(GOOD[:60]))
    assert disk.swipefl("backup", file).code == 0
    disk.swipefl("ingest", "-", given=b"".join(GOOD[60:80]))
    disk.fill(spare_kb=100)
    assert is_clear(disk.swipefl("backup", file), Path(file))
    assert disk.swipefl("restore", "--yes", file).code == 5
    assert disk.good() == 80
    disk.free()
    assert disk.swipefl("restore", "--yes", file).code == 0
    assert disk.good() == 60
    assert "draft" not in disk._shell(f"ls -a {disk.folder} {home}")


def killed_at(home: Path, folder: Path, sign: str, *words: str) -> bool:
    """Starts the command and kills it outright once a file of such a name is there; whether that ended it."""
    before = set(folder.glob(sign))
    command = [sys.executable, "-m", "swipefl", *words]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_until(lambda: process.poll() is not None or set(folder.glob(sign)) - before)
        process.kill()
        return process.wait(LONG_S) == -signal.SIGKILL


def test_killed_at_any_moment_it_is_one_or_the_other(tmp_path: Path) -> None:
    """Two backups in turn, so that each try would change what is there; killed as it is seen to be at a step."""
    home, other, died = tmp_path / "home", tmp_path / "other", 0
    for count in (60, 80):
        swipefl(home, "ingest", "-", given=b"".join(GOOD[:count]))
        with library.open(home) as device:
            device.upkeep.backup(tmp_path / str(count))
    holds = 80
    for _ in range(2):
        for sign in STEPS:
            becomes = 140 - holds
            died += killed_at(home, home, sign, "restore", "--yes", str(tmp_path / str(becomes)))
            with library.open(home) as device:
                assert device.status().gestures["good"] in (holds, becomes)
                holds = device.status().gestures["good"]
        died += killed_at(home, tmp_path, ".other.draft-*", "backup", str(other))
        if other.exists():
            with library.open(tmp_path / "fresh") as fresh:
                assert fresh.upkeep.restore(other)
    assert died, "each of them was done before it was killed"
    with library.open(home) as device:
        report = device.upkeep.restore(tmp_path / "60")
        assert report
        assert report.aside
        device.upkeep.backup(other)
    assert not list(home.glob(".*draft*"))
    assert not list(tmp_path.glob(".*draft*"))


def test_settings_that_cannot_be_used_keep_nobody_from_a_backup(tmp_path: Path) -> None:
    home, file = tmp_path / "home", str(tmp_path / "file")
    swipefl(home, "ingest", "-", given=b"".join(GOOD[:5]))
    for broken in ("epochs = [\n", "epochs = -3\n"):
        (home / "config.toml").write_text(broken)
        assert swipefl(home, "status").code == 2
        done = swipefl(home, "backup", file)
        assert (done.code, "config.toml" in done.err) == (0, True)
        assert swipefl(home, "restore", "--yes", file).code == 0
        assert (home / "config.toml").read_text() == broken


@pytest.mark.parametrize("was", ["sound", "damaged", "newer"])
def test_what_is_set_aside_is_called_what_it_is(tmp_path: Path, was: str) -> None:
    """A backup only where it was read: of what was not it is the very file."""
    write_people(tmp_path / "swipes.jsonl", {1: 3})
    home, file = tmp_path / "home", str(tmp_path / "file")
    assert swipefl(home, "ingest", str(tmp_path / "swipes.jsonl")).code == 0
    assert swipefl(home, "backup", file).code == 0
    store = home / "swipefl.db"
    if was == "damaged":
        store.write_bytes(b"x" * 20_000)
    elif was == "newer":
        with closing(sqlite3.connect(store)) as conn:
            conn.execute("PRAGMA user_version = 999")
    done = swipefl(home, "restore", file, "--yes")
    assert (done.code, "and no backup" in done.err) == (0, was != "sound")
    (aside,) = home.glob("swipefl.db.before-restore-*")
    assert swipefl(tmp_path / "other", "restore", str(aside), "--yes").code == (0 if was == "sound" else 3)

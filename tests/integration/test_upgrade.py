"""An older swipefl and this one: as device and coordinator of one another, upgraded in place, and back."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHORT, Done, environment
from tests.support.processes import served
from tests.support.readme import blocks
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S

OLDER = "42d7651"  # has fewer steps of the store's schema
PAGE = ("examples/NIGHTS.md", "Back up, move, upgrade")


class Installed:
    """One swipefl, in a folder of its own or in this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command = [sys.executable, "-P", "-m", "swipefl"]

    def env(self, home: Path) -> dict[str, str]:
        return environment(home, PYTHONPATH=str(self.folder), **SHORT)

    def run(self, home: Path, *words: str, given: bytes = b"") -> Done:
        done = subprocess.run(
            [*self.command, *words], input=given, capture_output=True, env=self.env(home), timeout=LONG_S, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def good(self, home: Path, *words: str, given: bytes = b"") -> Done:
        done = self.run(home, *words, given=given)
        assert done.code == 0, done.err
        return done

    @contextmanager
    def serving(self, home: Path) -> Iterator[str]:
        """Its coordinator on that home; gives its address."""
        flags = ["--listen", "127.0.0.1:0", "--json", "--buffer", "1", "--least", "1"]
        with served([*self.command, "coordinator", "serve", *flags], self.env(home), home / "log") as (at, _):
            yield at["listening"]


@pytest.fixture(scope="session")
def older(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A wheel of an older commit, unpacked."""
    folder = tmp_path_factory.mktemp("older")
    archive = subprocess.run(["git", "archive", OLDER], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip("the history of this checkout does not reach back to the older swipefl")
    (folder / "source").mkdir()
    subprocess.run(["tar", "-x"], cwd=folder / "source", input=archive.stdout, check=True)
    command = [sys.executable, "-m", "pip", "wheel", str(folder / "source"), "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--quiet", "--no-deps", "--wheel-dir", str(folder)], check=True, cwd=folder)
    with zipfile.ZipFile(next(folder.glob("swipefl-*.whl"))) as wheel:
        wheel.extractall(folder / "unpacked")
    return Installed(folder / "unpacked")


@pytest.fixture(scope="session")
def newer() -> Installed:
    return Installed(ROOT)


@pytest.mark.parametrize("is_device_older", [True, False], ids=["older device", "older coordinator"])
def test_an_older_and_a_newer_swipefl_work_together_and_each_is_upgraded_in_place(
    older: Installed, newer: Installed, tmp_path: Path, is_device_older: bool
) -> None:
    device, coordinator = (older, newer) if is_device_older else (newer, older)
    home, theirs = tmp_path / "device", tmp_path / "coordinator"
    coordinator.good(theirs, "coordinator", "init")
    token = coordinator.good(theirs, "coordinator", "token").out.strip()
    device.good(home, "ingest", "-", given=b"".join(GOOD[:60]))
    with coordinator.serving(theirs) as address:
        device.good(home, "enroll", address, "--token", token)
        assert device.good(home, "cycle", "--json").json["rounds"][0]["push"] == "sent"
    port = address.rpartition(":")[2]
    with served(
        [*newer.command, "coordinator", "serve", "--listen", f"127.0.0.1:{port}", "--json", "--buffer", "1"],
        newer.env(theirs),
        theirs / "log",
    ):
        done = newer.good(home, "sync", "--json").json
        assert done["global_version"] >= 1
    upgraded = home if is_device_older else theirs
    if is_device_older:
        refused = older.run(home, "status")
        assert (refused.code, "newer" in refused.err) == (5, True)
    assert not list(upgraded.glob(".*draft*"))
    assert {path.stat().st_mode & 0o077 for path in upgraded.glob("*.db*")} == {0}


def test_the_lines_of_the_page_back_up_bring_back_and_go_back(
    older: Installed, newer: Installed, tmp_path: Path
) -> None:
    home, bin = tmp_path / ".local" / "share" / "swipefl", tmp_path / "bin"
    bin.mkdir()
    script = bin / "swipefl"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m swipefl "$@"\n')
    script.chmod(0o755)
    env = newer.env(home) | {"HOME": str(tmp_path), "PATH": f"{bin}:{os.environ['PATH']}"}
    device, back, coordinator = blocks(*PAGE)

    def shell(lines: str) -> None:
        subprocess.run(["sh", "-euc", lines], cwd=tmp_path, env=env, check=True)

    older.good(home, "ingest", "-", given=b"".join(GOOD[:30]))
    newer.good(home, "ingest", "-", given=b"".join(GOOD[30:40]))
    shell(device)
    assert newer.good(home, "status", "--json").json["gestures"]["good"] == 40
    shell(back)
    assert older.good(home, "status", "--json").json["gestures"]["good"] == 30
    newer.good(home, "coordinator", "init")
    shell(coordinator)
    assert newer.good(home, "coordinator", "status", "--json").json["versions"][-1]["version"] > 1000

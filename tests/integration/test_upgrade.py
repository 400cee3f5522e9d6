"""An older swipefl and this one: as device and coordinator of one another, upgraded in place, and back."""

import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHORT, Done, environment
from tests.support.processes import served
from tests.support.readme import blocks, lines
from tests.support.swipes import GOOD
from tests.support.systemd import Systemctl
from tests.support.waiting import LONG_S

OLDER = "42d7651"  # has fewer steps of the store's schema
PAGE = ("examples/NIGHTS.md", "Back up, move")
UPGRADE = ("examples/NIGHTS.md", "Upgrade, and the way back")


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


def test_the_lines_of_the_page_back_up_and_bring_back(newer: Installed, tmp_path: Path) -> None:
    home, bin = tmp_path / ".local" / "share" / "swipefl", tmp_path / "bin"
    bin.mkdir()
    script = bin / "swipefl"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m swipefl "$@"\n')
    script.chmod(0o755)
    env = newer.env(home) | {"HOME": str(tmp_path), "PATH": f"{bin}:{os.environ['PATH']}"}
    device, coordinator = blocks(*PAGE)
    newer.good(home, "ingest", "-", given=b"".join(GOOD[:40]))
    shell(device, tmp_path, env)
    assert newer.good(home, "status", "--json").json["gestures"]["good"] == 40
    newer.good(home, "coordinator", "init")
    shell(coordinator, tmp_path, env)
    assert newer.good(home, "coordinator", "status", "--json").json["versions"][-1]["version"] > 1000


def test_the_lines_of_the_page_upgrade_and_go_back(tmp_path: Path) -> None:
    """A clone of an older swipefl, installed by the README's line, pulled and installed anew, and back.

    Of all that is fetched nothing is; who has uv or pipx has other lines of the same kind.
    """
    clone, env = cloned(tmp_path), offline(tmp_path)
    *others, by_hand = lines("README.md", "How big it is, how to install it")
    shell(by_hand, clone, env)

    def stored() -> int:
        done = subprocess.run(["swipefl", "status", "--json"], env=env, capture_output=True, check=True, cwd=tmp_path)
        return int(json.loads(done.stdout)["gestures"]["good"])

    shell("swipefl ingest - < 30.jsonl", tmp_path, env)
    pull, *same, timer = lines(*UPGRADE)
    by_uv, by_pipx, by_pip = same
    assert [shlex.split(line)[0] for line in (by_uv, by_pipx)] == [shlex.split(line)[0] for line in others]
    for line in (pull, by_pip, timer):
        shell(line, clone, env)
    assert (tmp_path / ".config" / "systemd" / "user" / "swipefl-cycle.timer").exists()  # which the older one had not
    shell("swipefl ingest - < 40.jsonl", tmp_path, env)
    assert stored() == 40
    _, back, store = blocks(*UPGRADE)
    for line in (back, by_pip):
        shell(line, clone, env)
    refused = subprocess.run(["swipefl", "status"], env=env, capture_output=True, check=False, cwd=tmp_path)
    assert (refused.returncode, b"newer" in refused.stderr) == (5, True)
    shell(store, tmp_path, env)
    assert stored() == 30


def shell(script: str, folder: Path, env: dict[str, str]) -> None:
    """Some lines at a prompt in a folder, each of which has to succeed; what pip and git tell of it is left out."""
    quiet = re.sub(r"\b(pip install|git (?:checkout|pull))\b", r"\1 -q", script)
    subprocess.run(["sh", "-euc", quiet], cwd=folder, env=env, check=True)


def cloned(folder: Path) -> Path:
    """A clone whose origin has gone on since, from the older swipefl to this one."""
    origin, clone = folder / "origin", folder / "clone"
    git = ["git", "-c", "advice.detachedHead=false"]
    subprocess.run([*git, "clone", "-q", "--shared", "--no-checkout", str(ROOT), str(origin)], check=True)
    if subprocess.run([*git, "checkout", "-q", "-B", "main", OLDER], cwd=origin, check=False).returncode:
        pytest.skip("the history of this checkout does not reach back to the older swipefl")
    subprocess.run([*git, "clone", "-q", str(origin), str(clone)], check=True)
    subprocess.run([*git, "merge", "-q", "--ff-only", head()], cwd=origin, check=True)
    return clone


def head() -> str:
    """The commit that this checkout is at."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def offline(folder: Path) -> dict[str, str]:
    """Somebody's prompt, without a network, with files of swipes and what is needed to build and run swipefl."""
    for count in (30, 40):
        (folder / f"{count}.jsonl").write_bytes(b"".join(GOOD[:count]))
    packages = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # "0" is what pip means by yes
    path = f"{folder / 'swipefl' / 'bin'}:{Systemctl(folder / 'bin').path}"
    known = environment(Path("/nowhere"), HOME=str(folder), PATH=path, **pip, **SHORT)
    ours = ("SWIPEFL_HOME", "XDG_")
    return {name: value for name, value in known.items() if not name.startswith(ours)} | {"PYTHONPATH": str(packages)}

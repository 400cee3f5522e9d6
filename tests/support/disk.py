"""A real disk that can really be full."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command import ROOT, Done, swipefl

SMALL = 'mount -t tmpfs -o size={mb}m tmpfs "$0"'


@dataclass(frozen=True)
class SmallDisk:
    """A tmpfs that only processes started through `inside` see; it holds the home."""

    folder: Path
    inside: tuple[str, ...]

    @property
    def holder(self) -> int:
        """The process that sees it."""
        return int(self.inside[1].partition("=")[2])

    def swipefl(self, *words: str, given: bytes = b"") -> Done:
        return swipefl(self.folder / "home", *words, given=given, before=self.inside, SWIPEFL_EPOCHS="1")

    def joins_nobody(self) -> None:
        """Its device belongs to a federation from now on, whose coordinator is never visited."""
        code = "import pathlib, sys, tests.support.cycles as c; c.joins_nobody(pathlib.Path(sys.argv[1]))"
        subprocess.run([*self.inside, sys.executable, "-c", code, str(self.folder / "home")], check=True, cwd=ROOT)

    def fill(self, spare_kb: int = 0) -> None:
        """Leaves `spare_kb` of space."""
        self._shell(f"cat /dev/zero > filler; truncate -s -{spare_kb}K filler")

    def free(self) -> None:
        self._shell("rm filler")

    def good(self) -> int:
        return int(self.swipefl("status", "--json").json["gestures"]["good"])

    def text(self, name: str) -> str:
        """What a file there says."""
        return self._shell(f"cat {name}")

    def _shell(self, script: str) -> str:
        command = [*self.inside, "sh", "-c", f"cd {self.folder} && {script}"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


@contextmanager
def small_disk(folder: Path, mb: int = 16) -> Iterator[SmallDisk]:
    """One that is mounted at `folder`, a new one; the test is skipped where that may not be."""
    folder.mkdir()
    with mounted(SMALL.format(mb=mb), folder) as inside:
        yield SmallDisk(folder, inside)


@contextmanager
def mounted(mount: str, folder: Path) -> Iterator[tuple[str, ...]]:
    """The command before those that see what `mount` does to `folder`, its $0; skips the test where that may not be."""
    script = f"{mount} && echo ready && read -r end"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        if not holder.stdout.readline():
            pytest.skip("no file system may be mounted here")
        yield ("nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials")
        holder.stdin.close()


def is_clear(done: Done, place: Path) -> bool:
    """Whether it was said that there is no space, and where."""
    return done.code == 5 and f"no space left for {place}" in done.err and "free some space" in done.err

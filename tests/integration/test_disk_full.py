"""A real disk that is really full: exit 5, nothing that was stored is lost, and the next run finishes the work."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.test_kill import many_swipes
from tests.support.command import Done, swipefl
from tests.support.swipes import EXAMPLE

GOOD = EXAMPLE.read_bytes().splitlines(keepends=True)
MOUNT = 'mount -t tmpfs -o size=16m tmpfs "$0" && echo ready && read -r end'


@dataclass(frozen=True)
class SmallDisk:
    """A tmpfs of 16 MB that only processes started through `inside` see; it holds the home."""

    folder: Path
    inside: tuple[str, ...]

    def swipefl(self, *words: str, given: bytes = b"") -> Done:
        return swipefl(self.folder / "home", *words, given=given, before=self.inside, SWIPEFL_EPOCHS="1")

    def fill(self, spare_kb: int = 0) -> None:
        """Leaves `spare_kb` of space."""
        self._shell(f"cat /dev/zero > filler; truncate -s -{spare_kb}K filler")

    def free(self) -> None:
        self._shell("rm filler")

    def good(self) -> int:
        return int(self.swipefl("status", "--json").json["gestures"]["good"])

    def _shell(self, script: str) -> None:
        command = [*self.inside, "sh", "-c", f"cd {self.folder} && {script}"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        if not holder.stdout.readline():
            pytest.skip("no file system may be mounted here")
        namespace = ("nsenter", f"--target={holder.pid}", "--user", "--mount", "--preserve-credentials")
        yield SmallDisk(folder, namespace)
        holder.stdin.close()


def is_clear(done: Done, place: Path) -> bool:
    return done.code == 5 and f"no space left for {place}" in done.err and "free some space" in done.err


def test_ingest_keeps_what_was_stored_and_the_next_one_finishes(disk: SmallDisk, tmp_path: Path) -> None:
    path, store = tmp_path / "swipes.jsonl", disk.folder / "home" / "swipefl.db"
    count = many_swipes(path)
    assert disk.swipefl("ingest", "-", "--json", given=b"".join(GOOD[:20])).json["stored"] == 20
    disk.fill(spare_kb=1500)
    assert is_clear(disk.swipefl("ingest", str(path)), store)
    landed = disk.good()  # whole batches of 500
    assert 20 < landed < 20 + count
    assert (landed - 20) % 500 == 0
    disk.free()
    assert disk.swipefl("ingest", str(path), "--json").json["stored"] == 20 + count - landed
    assert disk.good() == 20 + count


def test_a_disk_without_a_single_byte_is_told_as_such(disk: SmallDisk) -> None:
    """With no store yet; with one, which then cannot even be read; and for what a command writes elsewhere."""
    store = disk.folder / "home" / "swipefl.db"
    disk.fill()
    assert disk.swipefl("ingest", "-", given=GOOD[0]).code == 5
    disk.free()
    assert disk.swipefl("ingest", "-", given=b"".join(GOOD[:20])).code == 0
    disk.fill()
    for words in (("ingest", "-"), ("cycle",)):
        assert is_clear(disk.swipefl(*words, given=GOOD[20]), store), words
    disk.free()
    assert disk.good() == 20


@pytest.mark.slow
def test_a_cycle_leaves_no_half_round(disk: SmallDisk) -> None:
    disk.swipefl("ingest", "-", given=b"".join(GOOD[:30]))
    disk.fill(spare_kb=120)  # less than a contribution
    assert is_clear(disk.swipefl("cycle"), disk.folder / "home" / "swipefl.db")
    status = disk.swipefl("status", "--json").json
    assert (status["checkpoints"], status["rounds"], status["outbox"]) == ([], [], [])
    disk.free()
    assert disk.swipefl("cycle", "--json").json["rounds"][0]["push"] == "queued"


def test_output_that_finds_no_space_is_exit_5_and_no_bug(disk: SmallDisk) -> None:
    disk.swipefl("ingest", "-", given=b"".join(GOOD[:20]))
    disk.fill(spare_kb=100)
    rejects = str(disk.folder / "rejects")
    done = disk.swipefl("ingest", "-", "--rejects", rejects, given=b"{" + b"x" * 200_000 + b"\n" + GOOD[20])
    assert (done.code, done.out) == (5, "")
    assert "no space left" in done.err
    disk.free()

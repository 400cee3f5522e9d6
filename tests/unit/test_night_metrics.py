"""What a night came to, in a file that node_exporter reads at any moment."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from swipefl.device.cycle import CycleReport, RoundReport
from swipefl.device.status import Status, status_of
from swipefl.errors import Ineligible, Interrupted, StoreBusy, StoreError, UsageError
from swipefl.operations.metrics import OUTCOMES, measured
from swipefl.store.nights import Night
from swipefl.store.store import Store
from tests.support.disk import SmallDisk

IDLE = CycleReport((RoundReport(1, 0, skipped="nothing new"),))
NOT_NOW = CycleReport((RoundReport(1, 0, skipped=Ineligible("on-battery", "on battery")),))


def samples(file: Path) -> dict[tuple[str, ...], float]:
    """The value of each line, by its name and the labels' values."""
    families = text_string_to_metric_families(file.read_text())
    return {
        (s.name.removeprefix("swipefl_device_"), *sorted(s.labels.values(), key=s.labels["name"].__ne__)): s.value
        for f in families
        for s in f.samples
    }


def night(file: Path, end: Callable[[], CycleReport], at: float = 100.0, known: Status | None = None) -> dict:
    """What stands there after a night that began ten seconds before `at`."""
    times = iter([at - 10, at])
    with measured(file, lambda: known, lambda: next(times)) as heard:
        heard(end())
    return samples(file)


def raising(error: BaseException) -> Callable[[], CycleReport]:
    def end() -> CycleReport:
        raise error

    return end


def test_each_end_of_a_night_is_one_outcome(tmp_path: Path) -> None:
    file = tmp_path / "anna.prom"
    ends: list[tuple[str, Callable[[], CycleReport]]] = [
        ("nothing-new", lambda: IDLE),
        ("ineligible", lambda: NOT_NOW),
        ("ineligible", raising(Ineligible("hot", "too warm"))),
        ("interrupted", raising(Interrupted(15))),
        ("interrupted", raising(KeyboardInterrupt())),
        ("failed", raising(StoreError("damaged", "the store is damaged"))),
        ("failed", raising(ZeroDivisionError())),
    ]
    for number, (outcome, end) in enumerate(ends):
        with suppress(BaseException):
            night(file, end, at=1000.0 + number)
        said = samples(file)
        assert {name: said["night_outcome", "anna", name] for name in OUTCOMES} == {
            name: float(name == outcome) for name in OUTCOMES
        }
        assert (said["night_ended_timestamp_seconds", "anna"], said["night_duration_seconds", "anna"]) == (
            1000.0 + number,
            10.0,
        )
        assert said["night_succeeded_timestamp_seconds", "anna"] == min(1000.0 + number, 1002.0)


def test_a_night_that_found_another_at_work_leaves_its_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "anna.prom"
    before = night(file, lambda: IDLE)
    with pytest.raises(StoreBusy):
        night(file, raising(StoreBusy("busy", "another run is at work")), at=500.0)
    assert samples(file) == before


def test_a_night_that_learned_says_of_how_many_how_many_are_right(tmp_path: Path, store: Store) -> None:
    learned = Night(50.0, 20, 20, 90, 60, 70, 75, 75, 5, 20, 0.1, True)
    store.nights.add(learned)
    report = CycleReport((RoundReport(1, 20),), night=learned, bytes_sent=552_000)
    said = night(tmp_path / "swipefl.prom", lambda: report, known=status_of(store))
    assert said["night_outcome", "swipefl", "learned"] == 1
    assert said["night_judged_swipes", "swipefl"] == learned.swipes
    assert said["night_right_swipes", "swipefl", "new"] == learned.right_new
    assert said["night_sent_bytes", "swipefl"] == 552_000
    assert said["learned_timestamp_seconds", "swipefl"] == 50.0
    assert said["stored_swipes", "swipefl", "train"] == 0
    assert said["store_bytes", "swipefl"] > 0


def test_it_is_for_others_to_read_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        night(tmp_path / "swipefl.prom", lambda: IDLE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "swipefl.prom").stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["swipefl.prom"]


def test_who_reads_meanwhile_reads_the_night_before_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "swipefl.prom"
    night(file, lambda: IDLE)
    before = file.read_text()
    with file.open() as opened:
        night(file, lambda: IDLE, at=5000.0)
        assert opened.read() == before
    assert file.read_text() != before


@pytest.mark.parametrize(
    "name", ["of 'two' \"quotes\" \\ and\nlines.prom", "приветище.prom", "half\udcff.prom", "none"]
)
def test_what_the_file_is_called_names_the_device(tmp_path: Path, name: str) -> None:
    night(tmp_path / name, lambda: IDLE)
    assert len(samples(tmp_path / name)) == 4 + len(OUTCOMES)


@pytest.mark.parametrize(
    "made",
    [
        Path.mkdir,
        os.mkfifo,
        lambda path: path.symlink_to("/dev/null"),
        lambda path: path.write_bytes(b"SQLite format 3"),
    ],
)
def test_what_is_no_such_file_is_an_error_before_the_night(tmp_path: Path, made: Callable[[Path], object]) -> None:
    made(tmp_path / "swipefl.prom")
    before = (tmp_path / "swipefl.prom").lstat()
    with pytest.raises(UsageError), measured(tmp_path / "swipefl.prom", lambda: None):
        pytest.fail("the night began")
    assert (tmp_path / "swipefl.prom").lstat().st_mtime == before.st_mtime


def test_a_folder_that_is_not_there_is_an_error_before_the_night(tmp_path: Path) -> None:
    with pytest.raises(UsageError), measured(tmp_path / "nowhere" / "swipefl.prom", lambda: None):
        pytest.fail("the night began")


def test_a_store_that_cannot_be_read_keeps_nothing_from_being_told(tmp_path: Path) -> None:
    def broken() -> Status:
        raise StoreError("damaged", "the store is damaged")

    with measured(tmp_path / "swipefl.prom", broken) as heard:
        heard(IDLE)
    assert samples(tmp_path / "swipefl.prom")["night_outcome", "swipefl", "nothing-new"] == 1


def test_what_a_killed_run_left_goes(tmp_path: Path) -> None:
    left = tmp_path / ".swipefl.prom.4711.new"
    left.touch()
    os.utime(left, (0, 0))
    night(tmp_path / "swipefl.prom", lambda: IDLE)
    assert not left.exists()


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here (Debian's prometheus)")
def test_promtool_finds_no_fault(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "swipefl.prom"
    night(file, lambda: IDLE, known=status_of(store))
    done = subprocess.run(["promtool", "check", "metrics"], input=file.read_bytes(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_on_a_full_disk_the_last_night_stays(disk: SmallDisk) -> None:
    file = disk.folder / "swipefl.prom"
    assert disk.swipefl("cycle", "--metrics-file", str(file)).code == 0
    before = disk.text("swipefl.prom")
    disk.fill()
    disk.swipefl("cycle", "--metrics-file", str(file))
    assert disk.text("swipefl.prom") == before

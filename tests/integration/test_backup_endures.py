"""Backup and restore on a full disk, and killed outright: a file is whole or not there, and the store is as it was."""

import random
from pathlib import Path

import swipefl as library
from tests.support.command import killed_after, swipefl
from tests.support.disk import SmallDisk, is_clear
from tests.support.swipes import GOOD

KILLS = 8


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


def test_killed_at_any_moment_it_is_one_or_the_other(tmp_path: Path) -> None:
    home, file, rng = tmp_path / "home", tmp_path / "file", random.Random(17)
    swipefl(home, "ingest", "-", given=b"".join(GOOD[:60]))
    with library.open(home) as device:
        device.upkeep.backup(file)
    swipefl(home, "ingest", "-", given=b"".join(GOOD[60:80]))
    for _ in range(KILLS):
        killed_after(home, rng.uniform(0.2, 1.2), "restore", "--yes", str(file))
        killed_after(home, rng.uniform(0.2, 1.2), "backup", str(tmp_path / "other"))
        with library.open(home) as device:
            assert device.status().gestures["good"] in (60, 80)
        if (tmp_path / "other").exists():
            with library.open(tmp_path / "fresh") as fresh:
                assert fresh.upkeep.restore(tmp_path / "other")
    with library.open(home) as device:
        report = device.upkeep.restore(file)
        assert report
        assert report.aside
        device.upkeep.backup(tmp_path / "other")
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

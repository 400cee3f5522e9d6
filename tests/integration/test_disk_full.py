"""A real disk that is really full: exit 5, nothing that was stored is lost, and the next run finishes the work."""

import json
from pathlib import Path

from tests.support.disk import SmallDisk, is_clear
from tests.support.swipes import GOOD, many_swipes


def test_ingest_keeps_what_was_stored_and_the_next_one_finishes(disk: SmallDisk, tmp_path: Path) -> None:
    path, store = tmp_path / "swipes.jsonl", disk.folder / "home" / "swipefl.db"
    count = many_swipes(path)
    assert disk.swipefl("ingest", "-", "--json", given=b"".join(GOOD[:20])).json["stored"] == 20
    disk.fill(spare_kb=1500)
    assert is_clear(disk.swipefl("ingest", "--json", str(path)), store)
    landed = disk.good()  # whole batches of 500
    assert 20 < landed < 20 + count
    assert (landed - 20) % 500 == 0
    disk.free()
    assert disk.swipefl("ingest", str(path), "--json").json["stored"] == 20 + count - landed
    assert disk.good() == 20 + count


def test_a_disk_without_a_single_byte_is_told_as_such(disk: SmallDisk) -> None:
    """With no store yet; with one, which can still be read; and for what a command writes elsewhere."""
    home = disk.folder / "home"
    disk.fill()
    assert disk.swipefl("ingest", "-", given=GOOD[0]).code == 5
    disk.free()
    assert disk.swipefl("ingest", "-", given=b"".join(GOOD[:20])).code == 0
    disk.fill()
    for words, file in ((("ingest", "-"), "swipefl.db"), (("cycle",), "lock"), (("words", "add", "Zu"), "swipefl.db")):
        assert is_clear(disk.swipefl(*words, given=GOOD[20]), home / file), words
    assert disk.good() == 20
    assert len(disk.swipefl("export").out.splitlines()) == 20
    assert disk.swipefl("predict", "-", given=GOOD[20]).code == 0
    disk.free()
    assert disk.good() == 20


def test_forget_on_a_full_disk_erases_says_what_may_remain_and_is_finished_later(
    disk: SmallDisk, tmp_path: Path
) -> None:
    path = tmp_path / "swipes.jsonl"
    count = many_swipes(path)
    assert disk.swipefl("ingest", str(path), "--json").json["stored"] == count
    disk.fill(spare_kb=2500)
    done = disk.swipefl("forget", "--word", "zuzanka")
    assert (done.code, "run the command again" in done.err) == (5, True), done.err
    assert f"what was erased is gone from {disk.folder}" in done.err
    disk.free()
    left = disk.good()
    assert left < count
    assert disk.swipefl("forget", "--word", "zuzanka", "--json").json["erased"] == 0
    assert disk.good() == left


def test_output_that_finds_no_space_is_exit_5_and_no_bug(disk: SmallDisk) -> None:
    disk.swipefl("ingest", "-", given=b"".join(GOOD[:20]))
    disk.fill(spare_kb=100)
    rejects = str(disk.folder / "rejects")
    done = disk.swipefl("ingest", "--json", "-", "--rejects", rejects, given=b"{" + b"x" * 200_000 + b"\n" + GOOD[20])
    assert (done.code, json.loads(done.out)["stored"]) == (5, 0)
    assert "no space left" in done.err
    disk.free()

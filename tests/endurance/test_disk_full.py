"""A cycle on a disk that is really full."""

from tests.support.disk import SmallDisk, is_clear
from tests.support.swipes import GOOD


def test_a_cycle_leaves_no_half_round(disk: SmallDisk) -> None:
    disk.swipefl("ingest", "-", given=b"".join(GOOD[:30]))
    disk.joins_nobody()
    disk.fill(spare_kb=120)  # less than a contribution
    assert is_clear(disk.swipefl("cycle", "--json"), disk.folder / "home" / "swipefl.db")
    status = disk.swipefl("status", "--json").json
    assert (status["checkpoints"], status["rounds"], status["outbox"]) == ([], [], [])
    disk.free()
    assert disk.swipefl("cycle", "--json").json["rounds"][0]["push"] == "queued"

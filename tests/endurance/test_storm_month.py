"""A coordinator with 300 devices for a simulated month in which 8 % of all calls fail: each update counts once.

Acknowledged is an update of which its device was told that it was taken: it is in exactly one version, or waits for the
next one. Nothing is lost; an update of which no answer came is sent again until one comes, and counts once.
"""

from pathlib import Path

from tests.support.federation_month import NIGHTS, RATE, every_accepted_update_is_in_exactly_one_version, month


def test_every_accepted_update_is_in_exactly_one_version(tmp_path: Path) -> None:
    told = month(tmp_path)
    lost = sum(count for name, count in told.lost.items() if name != "calls")
    assert 0.9 * RATE < lost / told.lost["calls"] < 1.1 * RATE
    assert len(told.taken) > 100 * NIGHTS
    every_accepted_update_is_in_exactly_one_version(tmp_path, told)

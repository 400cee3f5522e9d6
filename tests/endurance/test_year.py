"""A generated year of nights that nobody watches: the home stays small, and a night as short as it was."""

import statistics
from pathlib import Path

from swipefl.operations.retention import Keeping
from tests.support.year import SECOND_MONTH, year

MOST_MB = 100
LONGER = 1.1  # as equal nights may differ


def test_a_year_takes_less_than_100_mb_and_a_night_no_longer_than_in_its_second_month(tmp_path: Path) -> None:
    days = list(year(tmp_path))
    assert max(day.mb for day in days) < MOST_MB
    assert sum(day.again for day in days) == 0, "what a copy of an old log says is known"
    kept = Keeping()
    assert days[-1].swipes <= min(sum(day.came for day in days[-kept.days :]), kept.swipes)
    whole = [day for day in days if day.full]
    early = statistics.median(day.night_s for day in whole if day.day in SECOND_MONTH)
    late = statistics.median(day.night_s for day in whole if day.day not in SECOND_MONTH)
    assert late <= LONGER * early
    rows = days[-1].rows
    assert rows["updates"] <= 2
    assert rows["checkpoints"] <= 14
    assert rows["names"] <= rows["gestures"]

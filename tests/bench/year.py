"""`make year`: a generated person's year of nights (tests/support/year.py), and its curve as examples/year.png."""

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from matplotlib.figure import Figure

from tests.support.command import ROOT
from tests.support.year import DAYS, SECOND_MONTH, Day, year

TEAL, GREY, RED = "#0b7568", "#59616c", "#c22a2a"


def drawn(days: Sequence[Day], path: Path) -> None:
    """What the home takes on the disk and how long a night takes, day by day, as a PNG."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    size, nights = figure.subplots(2, 1, sharex=True)
    size.plot([day.day for day in days], [day.mb for day in days], color=TEAL, linewidth=2)
    size.axhline(100, color=RED, linewidth=1, linestyle="--")
    size.set_ylabel("the home, MB")
    size.set_ylim(0, 108)
    size.set_title(_about(days), loc="left", fontsize="medium", color=GREY)
    small, full = ([day for day in days if day.full is is_full] for is_full in (False, True))
    nights.plot([day.day for day in small], [day.night_s for day in small], ".", color=GREY, markersize=3)
    nights.plot([day.day for day in full], [day.night_s for day in full], "o", color=TEAL)
    nights.set_ylim(0)
    nights.set_ylabel("a night, s of a processor")
    nights.set_xlabel("day; large points are whole nights, small ones learn from 20 swipes and judge by 4")
    for axes in (size, nights):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(path, dpi=120)


def _about(days: Sequence[Day]) -> str:
    came, last = sum(day.came for day in days), days[-1]
    most = max(day.mb for day in days)
    return f"{came:,} swipes in {len(days)} days, {last.swipes:,} kept at the end; {most:.0f} MB at most"


def figures(days: Sequence[Day]) -> dict[str, float]:
    """What there is to say of a year."""
    month, end = [d for d in days if d.day in SECOND_MONTH], days[-30:]
    found = {
        "came": sum(day.came for day in days),
        "kept": days[-1].swipes,
        "most_mb": max(day.mb for day in days),
        "end_mb": days[-1].mb,
        "again": sum(day.again for day in days),
    }
    for name, is_full in (("full", True), ("small", False)):
        for when, some in (("second_month", month), ("end", end)):
            found[f"{name}_{when}_s"] = statistics.median(day.night_s for day in some if day.full is is_full)
    return found


def main() -> None:
    """Lives it, and draws it."""
    with tempfile.TemporaryDirectory() as folder:
        days = []
        for day in year(Path(folder)):
            days.append(day)
            if day.day % 10 == 0:
                print(f"day {day.day} of {DAYS}: {day.mb:.1f} MB, {day.night_s:.2f} s", file=sys.stderr, flush=True)
    (ROOT / ".bench").mkdir(exist_ok=True)
    (ROOT / ".bench" / "year.json").write_text(json.dumps([asdict(day) for day in days]) + "\n")
    drawn(days, ROOT / "examples" / "year.png")
    print(json.dumps(figures(days) | {"rows": dict(days[-1].rows)}))


if __name__ == "__main__":
    main()

"""A picture of a simulation: accuracy and bytes over rounds."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from swipefl.simulation.simulation import RoundResult


def plot(results: Sequence[RoundResult], start: tuple[float, float] | None, path: Path) -> None:
    """Draws top-1 and top-3, where they were evaluated, and the bytes of all rounds so far, as a PNG.

    `start` has the two of round 0.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    scored = [(0, *start)] if start else []
    scored += [(r.round, r.top1, r.top3) for r in results if r.top1 is not None and r.top3 is not None]
    if scored:
        rounds, top1, top3 = zip(*scored, strict=True)
        for scores, label, color in (
            (top3, "among the first three", "#9ecae1"),
            (top1, "first word right", "#2171b5"),
        ):
            left.plot(rounds, [100 * score for score in scores], "o-", color=color, label=label)
            for at, score in ((rounds[0], scores[0]), (rounds[-1], scores[-1])):
                left.annotate(f"{100 * score:.1f}", (at, 100 * score), (-8, 8), textcoords="offset points")
    left.set_xlabel("round")
    left.set_ylabel("swipes of people who took no part, %")
    total, sums = 0, []
    for result in results:
        total += result.bytes_up + result.bytes_down
        sums.append(total / 1e9)
    right.plot([result.round for result in results], sums, "--", color="#bdbdbd", label="sent and received")
    right.set_ylabel("GB, all clients together")
    right.set_ylim(bottom=0)
    handles = [*left.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    left.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=3, frameon=False)
    left.grid(alpha=0.3)
    figure.savefig(path, dpi=150)

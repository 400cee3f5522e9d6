"""A picture of a simulation: accuracy and bytes over rounds."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from swipefl.simulation.rounds import RoundResult


def plot(results: Sequence[RoundResult], path: Path) -> None:
    """Draws accuracy, where it was evaluated, and the bytes of all rounds so far, as a PNG."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    scored = [result for result in results if result.top1 is not None]
    rounds = [result.round for result in scored]
    left.plot(rounds, [100 * (r.top3 or 0) for r in scored], "o-", color="#9ecae1", label="among the first three")
    left.plot(rounds, [100 * (r.top1 or 0) for r in scored], "o-", color="#2171b5", label="first word right")
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

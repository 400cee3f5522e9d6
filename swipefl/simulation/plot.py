"""A picture of a simulation: accuracy and bytes over rounds."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.figure import Figure

from swipefl.decoder.evaluation import Top
from swipefl.simulation.simulation import RoundResult, Scores

COLOURS = {"all": "#9ecae1"}
OTHERS = ("#2171b5", "#41ab5d", "#e6550d", "#756bb1")


def plot(results: Sequence[RoundResult], start: Scores | None, path: Path) -> None:
    """Draws how often the first word is right, over all swipes and in groups, and the bytes of all rounds so far.

    A PNG; `start` has the scores of round 0.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    left = figure.add_subplot()
    right = left.twinx()
    for (name, curve), color in zip(_curves(results, start).items(), cycle(OTHERS)):
        rounds, scores = zip(*curve, strict=True)
        left.plot(rounds, scores, "o-", color=COLOURS.get(name, color), label=name)
        for at in (0, -1):
            left.annotate(f"{scores[at]:.1f}", (rounds[at], scores[at]), (-8, 8), textcoords="offset points")
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
    left.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=len(handles), frameon=False)
    left.margins(y=0.1)
    left.grid(alpha=0.3)
    figure.savefig(path, dpi=150)


def _curves(results: Sequence[RoundResult], start: Scores | None) -> dict[str, list[tuple[int, float]]]:
    """Percentages of first words that are right, by round: of each group, then of all."""
    curves: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    scored = [(0, start.all, start.by)] if start else []
    scored += [(r.round, Top(r.top1, r.top3), r.by) for r in results if r.top1 is not None and r.top3 is not None]
    for number, together, by in scored:
        parts = {**{name: top.top1 for name, top in by.items()}, "all": together.top1}
        if not by:
            parts = {"first word right": together.top1, "among the first three": together.top3}
        for name, value in parts.items():
            curves[name].append((number, 100 * value))
    return curves

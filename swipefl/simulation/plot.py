"""A picture of a simulation: accuracy over rounds, and small below it what was sent."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, cycle
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from swipefl.decoder.evaluation import Top
from swipefl.device.chance import wilson
from swipefl.simulation.simulation import RoundResult

ALL = "all"
COLOURS = {ALL: "#7a838e"}
OTHERS = ("#1f63d6", "#17803f", "#a15c00", "#756bb1")
GREY = "#59616c"
MOST_GROUPS = 6  # that a picture has room for

Curves = Mapping[str, Sequence[tuple[int, float, int | None]]]
"""By name: rounds, shares of words that are right, and of how many swipes."""


def plot(results: Sequence[RoundResult], path: Path) -> None:
    """Draws how often the first word is right, of all swipes and in groups, with 95 % intervals; and what was sent.

    A PNG. The intervals are those of shares of so many swipes (Wilson), where it is known of how many.
    """
    figure = Figure(figsize=(8, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
    curves = _curves(results)
    for (name, curve), colour in zip(curves.items(), cycle(OTHERS)):
        _draw(upper, name, curve, COLOURS.get(name, colour))
    upper.set_ylabel("first word right, %" if _has_groups(results) else "word right, %")
    upper.set_title(_told(results, curves), fontsize="medium", color=GREY, loc="left")
    upper.margins(x=0.03, y=0.12)
    _draw_sent(lower, results)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.savefig(path, dpi=150)


def _draw(axes: Axes, name: str, curve: Sequence[tuple[int, float, int | None]], colour: str) -> None:
    """A line with its band, and at its right end what it is."""
    rounds, shares = [number for number, _, _ in curve], [100 * share for _, share, _ in curve]
    axes.plot(rounds, shares, "o-", color=colour, linewidth=2, markersize=5)
    known = [(number, *wilson(round(share * swipes), swipes)) for number, share, swipes in curve if swipes]
    if known:
        numbers, lows, highs = zip(*known, strict=True)
        ends = ([100 * low for low in lows], [100 * high for high in highs])
        axes.fill_between(numbers, *ends, color=colour, alpha=0.15, linewidth=0)
        axes.vlines(numbers, *ends, color=colour, alpha=0.5, linewidth=1)
    if len(shares) > 1:
        axes.annotate(f"{shares[0]:.1f}", (rounds[0], shares[0]), (-4, 9), textcoords="offset points", color=colour)
    said = f"{shares[-1]:.1f}  {name[:32]}"  # a name may well have what begins a formula in it
    end = (rounds[-1], shares[-1])
    axes.annotate(said, end, (9, -4), textcoords="offset points", color=colour, parse_math=False)


def _draw_sent(axes: Axes, results: Sequence[RoundResult]) -> None:
    sums = list(accumulate((result.bytes_up + result.bytes_down) / 1e9 for result in results))
    numbers = [result.round for result in results]
    axes.fill_between(numbers, sums, color="#c5cbd3", linewidth=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("round")
    axes.set_ylabel("GB", color=GREY)
    if sums:
        axes.set_title(f"sent and received by all clients: {sums[-1]:.2g} GB", fontsize="small", color=GREY, loc="left")


def _told(results: Sequence[RoundResult], curves: Curves) -> str:
    """What the upper half shows."""
    judged = next((result.judged for result in reversed(results) if result.judged), None)
    if not curves:
        return "no round was judged: --eval FILE has swipes to judge by"
    if judged is None:
        return "swipes of people who took no part"
    return f"{judged:,} swipes of people who took no part; bands: 95 % intervals over these swipes"


def _has_groups(results: Sequence[RoundResult]) -> bool:
    return any(0 < len(result.by) <= MOST_GROUPS for result in results)


def _curves(results: Sequence[RoundResult]) -> Curves:
    """What is right, by round: of each group, then of all; without groups among the first three too."""
    curves: defaultdict[str, list[tuple[int, float, int | None]]] = defaultdict(list)
    for result in results:
        if result.top1 is not None and result.top3 is not None:
            for name, share, swipes in _shares(Top(result.top1, result.top3, result.judged), result.by):
                curves[name].append((result.round, share, swipes))
    return curves


def _shares(together: Top, by: Mapping[str, Top]) -> Iterator[tuple[str, float, int | None]]:
    if not 0 < len(by) <= MOST_GROUPS:
        yield "first", together.top1, together.swipes
        yield "of three", together.top3, together.swipes
        return
    for name, top in by.items():
        yield name, top.top1, top.swipes
    yield ALL, together.top1, together.swipes

"""What chance alone could have done: exact tests and intervals of counts."""

import math
from collections.abc import Sequence

Z95 = 1.959963984540054  # of a normal distribution, 95 % lie within so many standard deviations


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927, JASA); all that there is for nothing."""
    if not of:
        return 0.0, 1.0
    share, spread = right / of, Z95 * Z95 / of
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def more_than_others(missed: int, seen: int, all_missed: int, all_seen: int) -> float:
    """How likely so many of `seen` or more would be `missed` if these were any of all: Fisher's exact test, one-sided.

    0 <= missed <= all_missed and seen <= all_seen; both count these too.
    """
    ways = sum(
        math.comb(all_missed, k) * math.comb(all_seen - all_missed, seen - k)
        for k in range(missed, min(seen, all_missed) + 1)
    )
    return ways / math.comb(all_seen, seen)


def beyond_chance(chances: Sequence[float], level: float = 0.05) -> list[bool]:
    """Which of several tests found something, where all together err `level` of the time at most (Holm 1979)."""
    found = [False] * len(chances)
    for left, place in zip(
        range(len(chances), 0, -1), sorted(range(len(chances)), key=chances.__getitem__), strict=True
    ):
        if chances[place] > level / left:
            break
        found[place] = True
    return found

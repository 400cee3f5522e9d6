"""Exact tests and intervals, against counting every way there is."""

import math
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.chance import Z95, beyond_chance, more_than_others, wilson


@pytest.mark.parametrize(
    ("missed", "seen", "all_missed", "all_seen"),
    [(0, 0, 0, 5), (0, 3, 2, 8), (1, 3, 2, 8), (2, 3, 2, 8), (3, 4, 4, 9), (4, 4, 4, 9), (2, 5, 7, 9), (5, 5, 9, 9)],
)
def test_fisher_counts_every_way_to_draw(missed: int, seen: int, all_missed: int, all_seen: int) -> None:
    drawn = list(combinations([True] * all_missed + [False] * (all_seen - all_missed), seen))
    brute = sum(sum(one) >= missed for one in drawn) / len(drawn)
    assert more_than_others(missed, seen, all_missed, all_seen) == pytest.approx(brute)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_a_test_gives_a_probability_that_falls_with_what_is_missed(a: int, b: int, c: int, d: int) -> None:
    """Of a table of four counts."""
    chances = [more_than_others(missed, a + b, a + c, a + b + c + d) for missed in range(min(a + b, a + c) + 1)]
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances[0] == pytest.approx(1)
    assert all(more >= fewer for more, fewer in pairwise(chances))


@given(st.integers(0, 400), st.integers(0, 400))
def test_wilsons_ends_are_where_the_score_test_begins_to_doubt(right: int, wrong: int) -> None:
    of = right + wrong
    low, high = wilson(right, of)
    assert 0 <= low <= high <= 1
    if of:
        assert low - 1e-12 <= right / of <= high + 1e-12
        for end in (low, high):
            if 1e-9 < end < 1 - 1e-9:
                assert abs(right / of - end) / math.sqrt(end * (1 - end) / of) == pytest.approx(Z95)


def test_nothing_judged_may_be_anything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), max_size=6))
def test_holm_finds_what_its_steps_find(chances: list[float]) -> None:
    """From the smallest on, each against what is left, until one is too large."""
    found = beyond_chance(chances)
    order = sorted(range(len(chances)), key=chances.__getitem__)
    steps = [chances[place] <= 0.05 / (len(chances) - i) for i, place in enumerate(order)]
    first = steps.index(False) if False in steps else len(steps)
    assert [found[place] for place in order] == [i < first for i in range(len(order))]
    assert all(chances[i] <= 0.05 for i, is_found in enumerate(found) if is_found)

"""The small pictures of `status`: within their columns, whatever was measured, and readable without colour."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from swipefl.cli.curves import BARS, ROWS, bars, bars_say, curve
from swipefl.device.daily import Day
from swipefl.device.gain import Standing

NIGHTS = st.lists(
    st.integers(20, 400).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n)).map(lambda one: Standing(1.0, *one))
    ),
    min_size=2,
    max_size=90,
)


@given(NIGHTS, st.integers(42, 100_000))
def test_a_curve_stays_within_its_columns_and_says_its_scale(nights: list[Standing], columns: int) -> None:
    lines = curve(nights, columns).plain.split("\n")
    assert len(lines) == ROWS
    assert max(map(len, lines)) <= min(columns, 60)
    high, low = (float(lines[row].split("%")[0]) / 100 for row in (0, -1))
    shares = [right / night.swipes for night in nights for right in (night.right_base, night.right_yours)]
    assert low <= min(shares) + 0.006
    assert high >= max(shares) - 0.006
    assert 0 <= low < high <= 1


def test_two_models_are_told_apart_without_colour() -> None:
    def drawn(base: int, yours: int) -> int:
        text = curve([Standing(1.0, 100, base, yours)] * 2, 60).plain
        return sum(bin(ord(c) - 0x2800).count("1") for c in text if 0x2800 <= ord(c) < 0x2900)

    both, alike = drawn(90, 95), drawn(95, 95)
    assert alike == 110, "a line, and the dots on it"
    assert both - alike == 37, "and a third as many dots"


@given(st.lists(st.integers(0, 10_000), min_size=7, max_size=30))
def test_bars_are_as_long_as_days_and_rise_with_them(counts: list[int]) -> None:
    days = [Day(date(2026, 11, 1) + timedelta(i), count) for i, count in enumerate(counts)]
    drawn = bars(days)
    assert len(drawn) == len(days)
    heights = [BARS.find(bar) for bar in drawn]
    assert [height < 0 for height in heights] == [count == 0 for count in counts]
    assert all(
        a <= b for (x, a) in zip(counts, heights, strict=True) for (y, b) in zip(counts, heights, strict=True) if x <= y
    )
    assert bars_say(days) == f"swipes a day since 2026-11-01, at most {max(counts)}"

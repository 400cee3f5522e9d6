"""A generated month: one person's habits, the same by the same seed, and swipes that say what stood before."""

from itertools import pairwise

import numpy as np

from tests.support.months import DAYS, Day, draw_habits, month, sentence_of, table


def test_a_seed_is_a_person_whose_days_are_of_so_many_swipes() -> None:
    first, again, other = month(1, days=2, swipes_a_day=12), month(1, days=2, swipes_a_day=12), month(2, 1, 12)
    assert [len(day) for day in first] == [12, 12]
    traces = [[example.gesture.trace_hash() for day in days for example in day] for days in (first, again, other)]
    assert traces[0] == traces[1]
    assert not set(traces[0]) & set(traces[2])
    assert all(example.gesture.before is not None for day in first for example in day)


def test_each_word_stands_behind_those_of_its_sentence() -> None:
    (day,) = month(3, days=1, swipes_a_day=40)
    befores = [example.gesture.before for example in day]
    assert befores[0] is not None
    assert befores[0].is_start
    for example, before in zip(day, befores[1:], strict=False):
        assert before is not None
        assert before.is_start or before.words[-1] == example.word
        assert example.word[0].isupper() or not example.gesture.before.is_start  # type: ignore[union-attr]


def test_a_person_repeats_themselves_and_has_subjects_of_a_week() -> None:
    rng = np.random.default_rng(0)
    habits = draw_habits(rng)
    said = [sentence_of(habits, day, rng) for day in range(DAYS) for _ in range(20)]
    assert len({tuple(words) for words in said}) > len(said) / 3
    pairs = [pair for words in said for pair in pairwise(words)]
    assert len(set(pairs)) < len(pairs) / 2
    of_week = set(habits.of_weeks[0]["name"]) - set(habits.of_weeks[1]["name"]) - set(habits.of_always["name"])
    assert of_week & {word for words in said[: 7 * 20] for word in words}


def test_a_table_has_a_row_a_week_and_the_last_seven_days() -> None:
    days = [Day((False, True), (False, True), (True, True)) for _ in range(30)]
    rows = list(table(days))[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["1 to 7", "8 to 14", "15 to 21", "22 to 28", "24 to 30"]
    assert all("| 50.0 | 50.0 | 100.0 | +50.0" in row for row in rows)

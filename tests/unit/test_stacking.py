"""Tables and sentences at any width: nothing is cut, and no word breaks."""

import io
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from swipefl.cli.rendering import console, facts, number, prose, table
from swipefl.cli.stacking import ENDLESS, Rows
from swipefl.printable import JOINERS

WORD = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=45)
SENTENCE = st.lists(WORD, max_size=6).map(" ".join)


def shown(width: int, *objects: object) -> list[str]:
    """What a terminal that wide is given, line by line."""
    screen = console()
    screen.file, screen.width = io.StringIO(), width
    screen.print(*objects, sep="\n")
    return screen.file.getvalue().splitlines()


def is_whole(text: str, lines: list[str]) -> bool:
    """Whether the words stand in one line or in several, in their order, and none is broken."""
    found = iter(word for line in lines for word in line.split())
    return all(word in found for word in text.split())


def fits(lines: list[str], width: int) -> bool:
    """Whether each line has room, or is a single word that has none anywhere."""
    return all(cell_len(line) <= width or len(line.split()) == 1 for line in lines)


@given(st.lists(st.tuples(WORD, SENTENCE, WORD), min_size=1, max_size=4), st.integers(10, 130))
def test_every_cell_is_there_whole_at_any_width(rows: list[tuple[str, str, str]], width: int) -> None:
    shape = table("gesture", prose("meaning"), number("count"))
    for row in rows:
        shape.add_row(*map(Text, row))
    lines = shown(width, shape)
    assert fits(lines, width)
    for row in rows:
        assert all(is_whole(cell, lines) for cell in row)


@given(st.lists(st.tuples(WORD, SENTENCE), min_size=1, max_size=4), st.integers(10, 130))
def test_every_fact_is_there_whole_at_any_width(rows: list[tuple[str, str]], width: int) -> None:
    lines = shown(width, facts(rows))
    assert fits(lines, width)
    assert all(is_whole(value, lines) for _, value in rows)


@given(st.lists(st.text(max_size=20), min_size=2, max_size=4), st.integers(10, 130))
def test_nothing_that_is_shown_moves_the_cursor_or_ends_a_line(texts: list[str], width: int) -> None:
    shape = table(*map(str, range(len(texts))))
    shape.add_row(*texts)
    for lines in (shown(width, shape), shown(width, facts([(texts[0], texts[1])])), shown(width, texts[0])):
        assert all(c.isprintable() or c in JOINERS for line in lines for c in line)
    assert shown(ENDLESS, "one\ntwo") == ["one", "two"]


@given(SENTENCE, st.integers(1, 130))
def test_a_sentence_breaks_between_words_only(sentence: str, width: int) -> None:
    lines = shown(width, sentence)
    assert " ".join(lines).split() == sentence.split()
    assert fits(lines, width)


@given(st.lists(st.lists(WORD, min_size=3, max_size=3), min_size=1, max_size=4))
def test_in_a_pipe_a_row_is_one_line(rows: list[list[str]]) -> None:
    shape = table("one", prose("two"), "three")
    for row in rows:
        shape.add_row(*map(Text, row))
    _, *lines = shown(ENDLESS, shape)
    assert [line.split() for line in lines] == rows
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            42,
            [
                "device: 3f2b8c6e9d1a4f5b8e7c6d5a4b3c2d1e",
                "seen: 2026-11-26 04:35",
                "why: it said nothing for longer than the",
                "  coordinator waits",
                "",
                "device: a",
                "seen: 2026-01-01 00:00",
            ],
        ),
        (
            90,
            [
                "device                            seen              why",
                "3f2b8c6e9d1a4f5b8e7c6d5a4b3c2d1e  2026-11-26 04:35  it said nothing for longer than the",
                "                                                    coordinator waits",
                "a                                 2026-01-01 00:00",
            ],
        ),
    ],
)
def test_rows_stack_where_they_do_not_fit(width: int, lines: list[str]) -> None:
    shape = table("device", "seen", prose("why"))
    reason = "it said nothing for longer than the coordinator waits"
    shape.add_row("3f2b8c6e9d1a4f5b8e7c6d5a4b3c2d1e", "2026-11-26 04:35", reason)
    shape.add_row("a", "2026-01-01 00:00", "")
    assert isinstance(shape, Rows)
    for got, wanted in zip_longest(shown(width, shape), lines):
        assert got == wanted

"""What `swipefl show` draws with: dots, lines and marks in cells."""

from swipefl.cli.drawing import Canvas


def test_dots_fill_a_cell_as_unicode_numbers_them() -> None:
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    for bit, (x, y) in enumerate(places):
        canvas = Canvas(2, 1)
        canvas.dot(2 + x, y)
        assert canvas.text().plain == " " + chr(0x2800 + (1 << bit))


def test_a_line_has_no_gap_and_both_ends() -> None:
    canvas = Canvas(3, 1)
    canvas.line(0, 0, 5, 0)
    assert canvas.text().plain == "⠉⠉⠉"
    canvas = Canvas(2, 2)
    canvas.line(3, 7, 0, 0)
    assert [bin(ord(c) & 0xFF).count("1") for c in canvas.text().plain if c.isprintable() and c != " "] == [4, 4]


def test_what_lies_outside_is_lost() -> None:
    canvas = Canvas(2, 1)
    canvas.line(-50, -50, 50, 50)
    canvas.dot(-1, 0)
    canvas.dot(0, 4)
    canvas.mark(100, 0, "x")
    assert canvas.text().plain == "⠑⢄"


def test_a_mark_gives_way_to_marks_but_not_to_dots() -> None:
    canvas = Canvas(3, 1)
    canvas.line(0, 0, 5, 0)
    canvas.mark(2, 0, "a")
    assert canvas.text().plain == "⠉a⠉"
    canvas.mark(2, 0, "L", over="l")
    assert canvas.text().plain == "⠉aL"
    canvas.mark(2, 0, "A", over="a")
    assert canvas.text().plain == "⠉AL"
    canvas.mark(2, 0, "b")
    canvas.mark(2, 0, "c")
    assert canvas.text().plain == "bAL"


def test_a_wide_mark_takes_two_cells() -> None:
    canvas = Canvas(4, 1)
    canvas.mark(2, 0, "한")
    canvas.mark(4, 0, "a")
    assert canvas.text().plain == " 한a"
    canvas.mark(2, 0, "글", over="한")
    assert canvas.text().plain == " 글a"

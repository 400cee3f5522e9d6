"""Pictures on a terminal: Braille dots, eight to a cell, and characters among them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

DOTS_ACROSS, DOTS_DOWN = 2, 4  # of a cell; a cell is about twice as tall as wide, so dots lie on a square grid
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode's numbering, by row and column
_BRAILLE = 0x2800


class Canvas:
    """A picture of `columns` by `rows` cells; what lies outside is lost.

    Places are x, y in dots from the top left.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._dots: dict[tuple[int, int], int] = {}
        self._marks: dict[tuple[int, int], tuple[str, str]] = {}

    def dot(self, x: float, y: float) -> None:
        """Set one dot."""
        (column, right), (row, down) = divmod(round(x), DOTS_ACROSS), divmod(round(y), DOTS_DOWN)
        self._dots[column, row] = self._dots.get((column, row), 0) | _BITS[down][right]

    def line(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Set the dots of a straight line, both ends included."""
        steps = max(1, round(max(abs(to_x - x), abs(to_y - y))))
        for step in range(steps + 1):
            share = step / steps
            self.dot(x + share * (to_x - x), y + share * (to_y - y))

    def mark(self, x: float, y: float, character: str, style: str = "", over: str = "") -> None:
        """Put a character over the dots, in the nearest cell that is free or shows the character `over`.

        Where none near is free it is left out.
        """
        from rich.cells import cell_len

        column, row = round(x) // DOTS_ACROSS, round(y) // DOTS_DOWN
        for across, down in _NEAREST:
            first, *others = [(column + across + i, row + down) for i in range(max(1, cell_len(character)))]
            same = self._marks.get(first, ("", ""))[0] == over != ""
            if same or all(self._is_free(cell) for cell in (first, *others)):
                self._marks.update({first: (character, style), **dict.fromkeys(others, ("", ""))})
                return

    def text(self) -> "Text":
        """The picture, a line a row."""
        from rich.text import Text

        return Text("\n").join(self._line(row) for row in range(self._rows))

    def _is_free(self, cell: tuple[int, int]) -> bool:
        return 0 <= cell[0] < self._columns and 0 <= cell[1] < self._rows and cell not in self._marks

    def _line(self, row: int) -> "Text":
        from rich.text import Text

        line = Text()
        for column in range(self._columns):
            dots = self._dots.get((column, row), 0)
            line.append(*self._marks.get((column, row), (chr(_BRAILLE + dots) if dots else " ", "")))
        return line


def _by_distance() -> list[tuple[int, int]]:
    """Cells around one, the nearest first as the eye sees it, and to the right before to the left."""
    around = [(across, down) for down in range(-2, 3) for across in range(-4, 5)]
    return sorted(around, key=lambda cell: (cell[0] ** 2 + (2 * cell[1]) ** 2, -cell[0]))


_NEAREST = _by_distance()

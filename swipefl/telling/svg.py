"""Pictures as SVG: shapes and words in, one self-contained text out, in light and dark colours, with no script.

A picture is WIDE units wide, of which a narrow phone's screen has 360: SMALL letters are still legible there. What
stands in it is said in words too, for who cannot see it.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from swipefl.printable import printable

Shape = ElementTree.Element
Number = int | float

WIDE, MARGIN = 400, 16
ROOM = WIDE - 2 * MARGIN  # across, between the margins
LARGE, MIDDLE, SMALL = 16, 13.5, 12.5  # letters
FAMILY = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"

# What a class looks like: a property of CSS, by day, and by night. resvg knows neither variables nor `light-dark()`.
COLOURS = {
    "ground": ("fill", "#ffffff", "#17191d"),
    "ink": ("fill", "#1b1f24", "#eceef1"),
    "quiet": ("fill", "#59616c", "#a6aeb8"),
    "key": ("fill", "#f1f3f6", "#23272d"),
    "faint": ("fill", "#f8f9fa", "#1c1f24"),
    "letter": ("fill", "#646d79", "#929ba6"),
    "edge": ("stroke", "#dde1e7", "#373d45"),
    "grid": ("stroke", "#e4e7ec", "#2d3239"),
    "mark": ("stroke", "#8b94a0", "#757e8a"),
    "yours": ("fill", "#0b7568", "#5cc8b6"),
    "yours-line": ("stroke", "#0b7568", "#5cc8b6"),
    "base": ("fill", "#7a838e", "#98a1ac"),
    "base-line": ("stroke", "#7a838e", "#98a1ac"),
    "sure": ("fill", "#17803f", "#5fd38a"),
    "sure-line": ("stroke", "#17803f", "#5fd38a"),
    "less-sure": ("fill", "#a15c00", "#f5bf4f"),
    "unsure": ("fill", "#c22a2a", "#ff8a80"),
    "on-colour": ("fill", "#ffffff", "#14161a"),
    "halo": ("stroke", "#ffffff", "#17191d"),
}
PLAIN = (
    f"text{{font-family:{FAMILY};unicode-bidi:isolate}}"
    ".line{fill:none;stroke-linejoin:round}.bold{font-weight:600}"
    ".middle{text-anchor:middle}.end{text-anchor:end}"
)


def shape(tag: str, look: str = "", *children: Shape, **attributes: Number | str) -> Shape:
    """An element of the classes `look`; `stroke_width=2` is the attribute stroke-width. Raises ValueError for NaN."""
    element = ElementTree.Element(tag, {name.replace("_", "-"): _value(value) for name, value in attributes.items()})
    if look:
        element.set("class", look)
    element.extend(children)
    return element


def words(x: Number, y: Number, said: str, look: str = "ink", size: Number = MIDDLE) -> Shape:
    """A line of text that begins at x, or ends there (`end`), or has its middle there (`middle`)."""
    element = shape("text", look, x=x, y=y, font_size=size)
    element.text = printable(said)
    return element


def path(points: Iterable[tuple[Number, Number]], look: str, **attributes: Number | str) -> Shape:
    """Straight lines from point to point."""
    return shape("polyline", look, points=" ".join(f"{_value(x)},{_value(y)}" for x, y in points), **attributes)


def paragraph(y: Number, said: str, look: str = "quiet", size: Number = SMALL) -> list[Shape]:
    """Lines of text across the picture, the first at height y, each LEADING below the other."""
    lines = broken(said, int(ROOM / (size * 0.53)))
    return [words(MARGIN, y + LEADING * i, line, look, size) for i, line in enumerate(lines)]


LEADING = 17


def picture(title: str, said: str, height: Number, shapes: Sequence[Shape]) -> str:
    """The text of a picture on a ground of its own; `said` says in words what it shows."""
    names = {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-labelledby": "title",
        "aria-describedby": "desc",
    }
    size = {"viewBox": f"0 0 {WIDE} {_value(height)}", "width": str(WIDE), "height": _value(height)}
    root = ElementTree.Element("svg", names | size)
    for tag, text in (("title", printable(title)), ("desc", printable(said))):
        ElementTree.SubElement(root, tag, {"id": tag}).text = text
    ElementTree.SubElement(root, "style").text = _style()
    root.append(shape("rect", "ground", width=WIDE, height=height, rx=12))
    root.extend(shapes)
    return ElementTree.tostring(root, "unicode") + "\n"


def notice(title: str, said: str) -> str:
    """A calm picture that says why there is nothing to see yet."""
    lines = paragraph(MARGIN + 48, said)
    return picture(title, said, MARGIN + 48 + LEADING * len(lines), [heading(title), *lines])


def heading(title: str) -> Shape:
    """What a picture is called, at its top."""
    return words(MARGIN, MARGIN + 14, title, "ink bold", LARGE)


def quoted(said: str) -> str:
    """A word in a sentence, of whatever direction."""
    return f"“{said}”"


def wide(said: str) -> int:
    """About how many letters' width a text takes."""
    return sum(_wide(c) for c in said)


def cut(said: str, room: int) -> str:
    """`said`, or so much of its beginning as is not wider than `room` letters, and three dots."""
    if wide(said) <= room:
        return said
    kept, left = "", room - 1
    for c in said:
        left -= _wide(c)
        if left < 0:
            break
        kept += c
    return kept + "…"


def broken(said: str, room: int) -> list[str]:
    """Lines of words, none wider than `room` letters; a word that is gets cut."""
    lines: list[str] = []
    for word in said.split():
        if lines and wide(lines[-1]) + 1 + wide(word) <= room:
            lines[-1] += " " + word
        else:
            lines.append(cut(word, room))
    return lines


def _wide(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def _value(value: Number | str) -> str:
    if isinstance(value, str):
        return printable(value)
    if not math.isfinite(value):
        raise ValueError("a picture has no place for what is no number")
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _style() -> str:
    day, night = ("".join(f".{name}{{{rule[0]}:{rule[which]}}}" for name, rule in COLOURS.items()) for which in (1, 2))
    return f"{PLAIN}{day}@media (prefers-color-scheme:dark){{{night}}}"

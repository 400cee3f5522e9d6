"""One gesture: its path over the keys, where the model thinks that the finger was meant to be, and the words."""

from itertools import pairwise

from swipefl.decoder.search import Candidate
from swipefl.decoder.sight import SeenFrame
from swipefl.device.prediction import Shown
from swipefl.telling.pictures.board import Board, board
from swipefl.telling.svg import MARGIN, SMALL, WIDE, Shape, cut, heading, path, picture, quoted, shape, words

SURE, UNSURE = 0.9, 0.6
LOOKS = {"sure": "surely", "less-sure": "less surely", "unsure": "unsurely"}
SHADES = 12  # that a path darkens by from its beginning to its end
MOST_POINTS = 400  # of a path that are drawn
END = 12.5  # the ring and the disc at its ends, which are seen around a letter
NEAR = 0.6  # key widths: two letters of a kind that are nearer are drawn once
ROW = 24
TOP = MARGIN + 46


def gesture_picture(shown: Shown) -> str:
    """The picture of one stored gesture."""
    gesture, title = shown.example.gesture, f"The swipe of {quoted(shown.example.word)}"
    points = _points(shown)
    emitted = list(shown.sight.emissions())
    places = [(x, y) for x, y, _ in points] + [(frame.meant_x, frame.meant_y) for frame in emitted]
    keys = board(gesture.keyboard, gesture.width, gesture.height, TOP, places)
    about = f"{points[-1][2]:.1f} seconds on {cut(gesture.keyboard.name, 24)}"
    shapes = [heading(cut(title, 40)), words(MARGIN, MARGIN + 34, about, "quiet", SMALL)]
    shapes += [*keys.drawn(), *_path(keys, points), *_letters(keys, emitted)]
    at = keys.bottom + 22
    shapes += _legend(at)
    rows = _rows(shown)
    for i, row in enumerate(rows):
        shapes += _row(row, at + 14 + ROW * i)
    return picture(title, _said(shown, emitted), at + 14 + ROW * len(rows) + MARGIN, shapes)


def _points(shown: Shown) -> list[tuple[float, float, float]]:
    """x, y in key widths and seconds, at most MOST_POINTS of them, the last one among them."""
    gesture = shown.example.gesture
    scale = shown.sight.layout.scale
    points = [(x, y, t) for x, y, t in (gesture.points * [*scale, 1.0]).tolist()]
    every = -(-len(points) // MOST_POINTS)
    return [*points[:-1:every], points[-1]]


def _path(keys: Board, points: list[tuple[float, float, float]]) -> list[Shape]:
    """The path, the surer the later, from a ring to a dot."""
    places, seconds = [keys.at(x, y) for x, y, _ in points], max(points[-1][2], 1e-3)
    runs: dict[int, list[tuple[float, float]]] = {}
    for (here, there), (_, _, t) in zip(pairwise(places), points[1:], strict=True):
        runs.setdefault(min(int(SHADES * max(t, 0.0) / seconds), SHADES - 1), [here]).append(there)
    shapes = [
        path(run, "line yours-line", stroke_width=4.0, stroke_opacity=0.22 + 0.7 * shade / (SHADES - 1))
        for shade, run in sorted(runs.items())
    ]
    (x, y), (end_x, end_y) = places[0], places[-1]
    shapes.append(shape("circle", "ground yours-line", cx=x, cy=y, r=END, stroke_width=2.5))
    shapes.append(shape("circle", "yours halo", cx=end_x, cy=end_y, r=END + 1, stroke_width=1.5))
    return shapes


def _letters(keys: Board, emitted: list[SeenFrame]) -> list[Shape]:
    """A line from where the finger was to where it was meant to be, and there the letter on a colour of its own."""
    lines: list[Shape] = []
    marks: list[Shape] = []
    radius = min(max(0.24 * keys.scale, 7.0), 10.0)
    for number, frame in enumerate(emitted):
        (x, y), (to_x, to_y) = keys.at(frame.x, frame.y), keys.at(frame.meant_x, frame.meant_y)
        lines.append(path([(x, y), (to_x, to_y)], "line mark", stroke_width=1.5))
        if any(_are_near(frame, other) for other in emitted[:number]):
            continue
        look = certainty(frame.probability)
        marks.append(shape("circle", f"{look} halo", cx=to_x, cy=to_y, r=radius, stroke_width=1.5))
        marks.append(words(to_x, to_y + 0.42 * radius, frame.letter or "", "on-colour middle bold", 1.25 * radius))
    return [*lines, *marks]


def _are_near(one: SeenFrame, other: SeenFrame) -> bool:
    apart = max(abs(one.meant_x - other.meant_x), abs(one.meant_y - other.meant_y))
    return one.letter == other.letter and apart < NEAR


def certainty(probability: float) -> str:
    """The look of a letter that is so probable."""
    return "sure" if probability >= SURE else "less-sure" if probability >= UNSURE else "unsure"


def _legend(y: float) -> list[Shape]:
    shapes = [
        shape("circle", "ground yours-line", cx=MARGIN + 5, cy=y - 4, r=4.0, stroke_width=2),
        words(MARGIN + 14, y, "start", "quiet", SMALL),
        shape("circle", "yours", cx=MARGIN + 58, cy=y - 4, r=5.0),
        words(MARGIN + 67, y, "end", "quiet", SMALL),
    ]
    x = MARGIN + 108
    for look, (said, room) in {
        "sure": ("surely read", 94),
        "less-sure": ("less so", 70),
        "unsure": ("guessed", 0),
    }.items():
        shapes += [shape("circle", look, cx=x, cy=y - 4, r=5.0), words(x + 9, y, said, "quiet", SMALL)]
        x += room
    return shapes


Row = tuple[str, float | None, bool]  # a word, how sure the model is, whether it was meant


def _rows(shown: Shown) -> list[Row]:
    rows: list[Row] = [(c.word, c.probability, _is_meant(c, shown)) for c in shown.candidates]
    if not any(meant for _, _, meant in rows):
        rows.append((shown.example.word, None, True))
    return rows


def _is_meant(candidate: Candidate, shown: Shown) -> bool:
    return candidate.spelled == shown.example.spelled


def _row(row: Row, y: float) -> list[Shape]:
    """A word, a bar as long as the model is sure, and how sure that is."""
    word, probability, meant = row
    start, end = MARGIN + 150.0, WIDE - MARGIN - 100.0
    name = words(MARGIN, y + 16, cut(word, 18), "ink bold" if meant else "ink")
    if probability is None:
        return [name, words(start, y + 16, "what was meant: not among these", "unsure", SMALL)]
    length = (end - start) * min(max(probability, 0.0), 1.0)
    shapes = [
        name,
        shape("rect", "key", x=start, y=y + 6, width=end - start, height=11, rx=5.5),
        shape(
            "rect",
            "sure" if meant else "base",
            x=start,
            y=y + 6,
            width=max(length, 3.0),
            height=11,
            rx=min(5.5, max(length, 3.0) / 2),
        ),
        words(end + 40, y + 16, percent(probability), "ink end"),
    ]
    return [*shapes, *_tick(end + 49, y + 12), words(end + 62, y + 16, "meant", "sure", SMALL)] if meant else shapes


def _tick(x: float, y: float) -> list[Shape]:
    """Drawn, as not every font has one."""
    return [path([(x, y), (x + 3, y + 3.5), (x + 9, y - 4)], "line sure-line", stroke_width=2)]


def percent(share: float) -> str:
    """A fraction in whole percents; nothing that is possible is none."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _said(shown: Shown, emitted: list[SeenFrame]) -> str:
    gesture = shown.example.gesture
    letters = ", ".join(f"{frame.letter} {percent(frame.probability)}" for frame in emitted)
    listed = ", ".join(
        f"{quoted(c.word)} {percent(c.probability)}{' (meant)' if _is_meant(c, shown) else ''}"
        for c in shown.candidates
    )
    missing = "" if any(_is_meant(c, shown) for c in shown.candidates) else " What was meant is not among them."
    return (
        f"A swipe of {quoted(shown.example.word)} on the keyboard {gesture.keyboard.name}, "
        f"{gesture.points[-1, 2]:.1f} seconds long. Letters as the model read them along the path: "
        f"{letters or 'none'}. Words that it thinks of: {listed or 'none'}.{missing}"
    )

"""How We Swipe logs (Leiva 2021, MobileHCI): a touch event a line, separated by spaces, times in epoch ms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.lines import Line
from swipefl.gesture.formats.reading import Reading, Rejected
from swipefl.gesture.gesture import Gesture, checked_points, checked_word
from swipefl.gesture.keyboard import Keyboard, built_in

HEADER = b"sentence timestamp keyb_width keyb_height event"
FIELDS = 12


@dataclass
class _Trace:
    line: int
    word: str
    size: tuple[float, float]
    error: bool
    times: list[float] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)


def read(lines: Iterable[Line], name: str, keyboard: Keyboard | None) -> Iterator[Reading | Rejected]:
    """A gesture from each touchstart to its touchend; those that the log marks as errors are suspect."""
    trace: _Trace | None = None
    for line in lines:
        if line.text.startswith(HEADER) or not line.text.strip():
            continue
        try:
            event, word, time, x, y, size, error = _fields(line)
        except RejectedLine as rejected:
            yield Rejected(line.number, rejected.reason, str(rejected), line.text)
            continue
        if trace is None or event == "touchstart" or word != trace.word:
            if trace is not None:
                yield _gesture(trace, name, keyboard)
            trace = _Trace(line.number, word, size, error)
        trace.times.append(time)
        trace.xs.append(x)
        trace.ys.append(y)
        if event == "touchend":
            yield _gesture(trace, name, keyboard)
            trace = None
    if trace is not None:
        yield _gesture(trace, name, keyboard)


def _fields(line: Line) -> tuple[str, str, float, float, float, tuple[float, float], bool]:
    parts = line.checked().decode("utf-8", "replace").split()
    if len(parts) != FIELDS:
        raise RejectedLine("broken-line", f"a log line has {FIELDS} fields")
    try:
        time, width, height = (float(parts[i]) for i in (1, 2, 3))
        x, y = float(parts[5]), float(parts[6])
    except ValueError:
        raise RejectedLine("not-a-number", "times, sizes and positions must be numbers") from None
    if not (width > 0 and height > 0):
        raise RejectedLine("bad-size", "the keyboard's width and height must be above 0")
    return parts[4], parts[10], time, x, y, (width, height), parts[11] != "0"


def _gesture(trace: _Trace, name: str, keyboard: Keyboard | None) -> Reading | Rejected:
    try:
        known = keyboard or built_in("qwerty")
        points = checked_points(trace.xs, trace.ys, [(t - trace.times[0]) / 1000 for t in trace.times])
        identity = f"{name}-{trace.times[0]:.0f}"
        gesture = Gesture(identity, points, known, *trace.size, user=name)
        return Reading(trace.line, gesture, checked_word(trace.word, known), trace.error)
    except RejectedLine as error:
        return Rejected(trace.line, error.reason, str(error))

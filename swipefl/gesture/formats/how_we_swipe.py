"""How We Swipe logs (Leiva 2021, MobileHCI): a touch event a line, separated by spaces, times in epoch ms.

Each says of which sentence its word was, `are_you_going_to_call`: what stood before it is known if it is there once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from swipefl.errors import RejectedLine
from swipefl.gesture.before import Before, before_in
from swipefl.gesture.formats.lines import Line
from swipefl.gesture.formats.reading import Private, Reading, Rejected
from swipefl.gesture.gesture import MAX_POINTS, Gesture, checked_points, checked_size, checked_word
from swipefl.gesture.keyboard import Keyboard, built_in

HEADER = b"sentence timestamp keyb_width keyb_height event"
EVENTS = (b"event", b"touchstart", b"touchmove", b"touchend")  # the first is the header's
FIELDS = 12


@dataclass
class _Trace:
    line: int
    start: int
    word: str
    size: tuple[float, float]
    error: bool
    before: Before | None
    times: list[float] = field(default_factory=list)
    xs: list[float] = field(default_factory=list)
    ys: list[float] = field(default_factory=list)

    @property
    def endless(self) -> bool:
        """Whether there are more points than a gesture has: no more of them are kept."""
        return len(self.times) > MAX_POINTS

    def add(self, time: float, x: float, y: float) -> None:
        """Takes a point."""
        if not self.endless:
            self.times.append(time)
            self.xs.append(x)
            self.ys.append(y)


def is_event(text: bytes) -> bool:
    """Whether this is a line of such a log: its header or a touch event."""
    parts = text.split(maxsplit=5)
    return len(parts) > 4 and parts[4] in EVENTS


def read(lines: Iterable[Line], name: str, keyboard: Keyboard | None) -> Iterator[Reading | Rejected | Private]:
    """A gesture from each touchstart to its touchend; those that the log marks as errors are suspect.

    A touchend may be missing: the next touchstart, another word or the end of the log ends a gesture too. One that only
    the end of the log ends can be read on from (`resume`): its keyboard may be writing still.
    """
    trace: _Trace | None = None
    for line in lines:
        if (line.whole and line.text.startswith(HEADER)) or not line.text.strip():
            continue
        try:
            event, word, time, x, y, size, error, before = _fields(line)
        except RejectedLine as rejected:
            broken = Rejected(line.number, rejected, line.text, None if line.whole else line.start)
            yield Private(broken) if line.private else broken
            continue
        if trace is None or event == "touchstart" or word != trace.word:
            if trace is not None:
                yield _gesture(trace, name, keyboard)
            trace = _Trace(line.number, line.start, word, size, error, before)
        trace.add(time, x, y)
        if event == "touchend":
            yield _gesture(trace, name, keyboard)
            trace = None
    if trace is not None:
        last = _gesture(trace, name, keyboard)
        yield last if trace.endless else replace(last, resume=trace.start)


def _fields(line: Line) -> tuple[str, str, float, float, float, tuple[float, float], bool, Before | None]:
    parts = line.checked().decode("utf-8", "replace").split()
    if len(parts) != FIELDS:
        raise RejectedLine("broken-line", "a log line has {fields} fields", fields=FIELDS)
    try:
        time, width, height = (float(parts[i]) for i in (1, 2, 3))
        x, y = float(parts[5]), float(parts[6])
    except ValueError:
        raise RejectedLine("not-a-number", "times, sizes and positions must be numbers") from None
    size, before = checked_size(width, height), _before(parts[10], parts[0].split("_"))
    return parts[4], parts[10], time, x, y, size, parts[11] != "0", before


def _before(word: str, sentence: list[str]) -> Before | None:
    return before_in(" ".join(sentence[: sentence.index(word)])) if sentence.count(word) == 1 else None


def _gesture(trace: _Trace, name: str, keyboard: Keyboard | None) -> Reading | Rejected:
    try:
        known = keyboard or built_in("qwerty")
        points = checked_points(trace.xs, trace.ys, [(t - trace.times[0]) / 1000 for t in trace.times])
        identity = f"{name}-{trace.times[0]:.0f}"
        gesture = Gesture(identity, points, known, *trace.size, user=name, before=trace.before)
        return Reading(trace.line, gesture, checked_word(trace.word, known), trace.error)
    except RejectedLine as error:
        return Rejected(trace.line, error)

"""Lines that fit no format, until it is known whether their file has one: one refusal says it where it has none."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from swipefl.gesture.formats import Rejected, unknown_format

MOST_TEXT = 4 << 20  # bytes of them that are kept


@dataclass
class _Span:
    first: Rejected
    last: int


class Refusals:
    """What was rejected at the head of a file; of its text as much as is kept, of neighbours the lines' numbers."""

    def __init__(self) -> None:
        self._spans: list[_Span] = []
        self._text = 0

    def add(self, rejected: Rejected) -> None:
        """Takes one more, which stands behind the others."""
        last = self._spans[-1] if self._spans else None
        self._text += len(rejected.text)
        if self._text <= MOST_TEXT or last is None:
            self._spans.append(_Span(rejected, rejected.line))
        elif last.last + 1 == rejected.line and last.first.fault.code == rejected.fault.code:
            last.last = rejected.line
        else:
            self._spans.append(_Span(replace(rejected, text=b""), rejected.line))

    def one_by_one(self) -> Iterator[Rejected]:
        """All of them: what came behind was understood."""
        for span in self._spans:
            yield span.first
            yield from (replace(span.first, line=line, text=b"") for line in range(span.first.line + 1, span.last + 1))
        self._spans.clear()

    def as_one(self) -> Iterator[Rejected]:
        """The one that stands for all: no line of the file was understood. None where there were none."""
        if self._spans:
            first, *others = self._spans
            is_alone = not others and first.last == first.first.line
            says_it = is_alone or first.first.fault.code == "utf-16"
            yield first.first if says_it else replace(first.first, fault=unknown_format())
        self._spans.clear()

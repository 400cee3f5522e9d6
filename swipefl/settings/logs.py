"""Log lines on standard error and in a file, as text or as JSON."""

import logging
import re
import sys
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from swipefl.jsonline import json_line
from swipefl.settings.log_file import LogFile
from swipefl.settings.runs import this_run

MOST_A_MINUTE = 10  # lines of one library's logger
MOST_LETTERS = 100  # of one of its messages
VALUE = re.compile(r"""\bb(?=['"])|['"`%<\[{(/=:\\\d]|[^ -~]""")  # where a value may begin


def configure_logging(as_json: bool, file: Path | None = None, is_shown: bool = True) -> None:
    """Log lines of this run, JSON or key=value: on standard error, which loses what it cannot take, and in `file`.

    Without `is_shown` they are in the file alone. Raises UsageError for a file that cannot be written.
    """
    import structlog

    run, lines = this_run(), Lines(sys.stderr if is_shown else None, LogFile(file) if file else None, as_json)

    def name(logger: object, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["run_id"] = run  # last: nothing that is told of takes its place
        return line

    renderer: Any = structlog.processors.JSONRenderer(lambda line, **given: json_line(line))
    if not as_json:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,  # whose call it is
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            name,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lines,
    )
    logging.captureWarnings(True)
    logging.basicConfig(handlers=[_OfLibraries()])


def log_line(level: int, event: str, **facts: object) -> bool:
    """A line of a command, where they are wanted; whether it stands on standard error, as JSON for no person."""
    import structlog

    lines = structlog.get_config()["logger_factory"]
    if not isinstance(lines, Lines):
        return False
    is_shown = lines.as_json and lines.stream is not None and not sys.stderr.isatty()
    if is_shown:
        structlog.get_logger().log(level, event, **facts)
    elif lines.file:
        structlog.wrap_logger(Lines(None, lines.file)).log(level, event, **facts)
    return is_shown


class Lines:
    """Where lines go: a stream, a file, or both. It makes loggers for structlog, and is each of them."""

    def __init__(self, stream: TextIO | None, file: LogFile | None, as_json: bool = False) -> None:
        self.stream = stream
        self.file = file
        self.as_json = as_json

    def __call__(self, *given: object) -> "Lines":
        return self

    def msg(self, line: str) -> None:
        """Writes a line."""
        if self.stream is not None:
            self.stream.write(f"{line}\n")  # at once: other threads write, too
            self.stream.flush()
        if self.file is not None:
            self.file.write(line)

    debug = info = warning = error = critical = msg


class _OfLibraries(logging.Handler):
    """What libraries log, such as gRPC and asyncio: lines of the same shape, without traceback, and not too many.

    Their messages hold what strangers sent, and credentials: a line has the words before any value, and of one logger
    there are `MOST_A_MINUTE`, then one that says how many more there were. One that has no words before, and warns of
    nothing, is none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._minutes: dict[str, _Minute] = {}

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        words = _words(record)
        if not words and record.levelno < logging.WARNING and not record.exc_info:
            return
        now = self._clock()
        minute = self._minutes.setdefault(record.name, _Minute(now))
        if now - minute.began >= 60:
            minute = self._end(record.name, now)
        minute.count += 1
        if minute.count > MOST_A_MINUTE:
            return
        kind = record.exc_info[0] if record.exc_info else None
        facts = {"error": kind.__name__} if kind else {}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # one that has a name
        structlog.get_logger().log(level, words or "a library's message", logger=record.name, **facts)

    def _end(self, name: str, now: float) -> "_Minute":
        """Says how much was left out of a logger's minute; the next begins."""
        import structlog

        if (left_out := self._minutes[name].count - MOST_A_MINUTE) > 0:
            structlog.get_logger().warning("more of a library was left out", logger=name, left_out=left_out)
        self._minutes[name] = _Minute(now)
        return self._minutes[name]

    def close(self) -> None:
        """Ends every minute: nothing is left out unsaid."""
        for name in self._minutes:
            self._end(name, self._clock())
        super().close()


@dataclass
class _Minute:
    """How many lines a logger had since then."""

    began: float
    count: int = 0


def _words(record: logging.LogRecord) -> str:
    """The words that a message begins with, up to what may be a value; a warning is of code alone, and whole."""
    if record.name == "py.warnings":
        return record.getMessage()
    return VALUE.split(str(record.msg)[:MOST_LETTERS], maxsplit=1)[0].strip()

"""Log lines on standard error, as text or as JSON."""

import logging
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


def configure_logging(as_json: bool) -> None:
    """Log lines on standard error: JSON, or key=value."""
    import structlog

    renderer: Any = structlog.processors.JSONRenderer()
    if not as_json:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Log(sys.stderr))),
    )
    logging.captureWarnings(True)
    logging.basicConfig(handlers=[_OfLibraries()])


class _OfLibraries(logging.Handler):
    """What libraries log, such as gRPC and asyncio: lines of the same shape, and no traceback in them."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        kind = record.exc_info[0] if record.exc_info else None
        facts = {"error": kind.__name__} if kind else {}
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, **facts)


class _Log:
    """A file to log to; where it takes no more, as on a full disk, the line is lost and the work goes on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


def logs_json() -> bool:
    """Whether log lines were asked to be JSON."""
    import structlog

    return isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer)

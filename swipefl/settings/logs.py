"""Log lines on standard error, as text or as JSON."""

import logging
import sys
from typing import Any

from swipefl.jsonline import json_line


def configure_logging(as_json: bool) -> None:
    """Log lines on standard error, which loses those that it cannot take: JSON, or key=value."""
    import structlog

    renderer: Any = structlog.processors.JSONRenderer(lambda line, **given: json_line(line))
    if not as_json:
        renderer = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.captureWarnings(True)
    logging.basicConfig(handlers=[_OfLibraries()])


class _OfLibraries(logging.Handler):
    """What libraries log, such as gRPC and asyncio: lines of the same shape, and no traceback in them."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        kind = record.exc_info[0] if record.exc_info else None
        facts = {"error": kind.__name__} if kind else {}
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # one that has a name
        structlog.get_logger().log(level, _message(record), logger=record.name, **facts)


def _message(record: logging.LogRecord) -> str:
    """What a library says; where its parts do not fit together, what they were to be put into."""
    try:
        return record.getMessage()
    except Exception:  # whatever the __str__ of a part raises
        return str(record.msg)


def logs_json() -> bool:
    """Whether log lines were asked to be JSON."""
    import structlog

    return isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer)

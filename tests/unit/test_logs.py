"""What of a library's messages gets into the log: no value that a stranger chose, and not without end."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from swipefl.settings.logs import MOST_A_MINUTE, MOST_LETTERS, _OfLibraries

SECRET = "7f" * 32


def said(
    handler: logging.Handler,
    message: str,
    *args: object,
    name: str = "grpc._cython.cygrpc",
    level: int = logging.ERROR,
) -> list[dict]:
    """The lines that a message comes to."""
    with capture_logs() as lines:
        handler.handle(logging.LogRecord(name, level, "", 0, message, args, None))
    return list(lines)


@pytest.mark.parametrize(
    ("message", "args", "event"),
    [
        ("Invalid encoding on %s", (SECRET,), "Invalid encoding on"),
        (f"Invalid encoding on b'{SECRET}'", (), "Invalid encoding on"),
        (f"Invalid encoding on {SECRET}", (), "Invalid encoding on"),
        (f"Unexpected [{SECRET}] raised", (), "Unexpected"),
        (SECRET, (), "a library's message"),
        ("%s", (SECRET,), "a library's message"),
        ("Task exception was never retrieved\nfuture: " + SECRET, (), "Task exception was never retrieved"),
    ],
)
def test_a_message_has_the_words_before_any_value(message: str, args: tuple[object, ...], event: str) -> None:
    (line,) = said(_OfLibraries(), message, *args)
    assert (line["event"], line["log_level"]) == (event, "error")
    assert SECRET not in str(line)


@pytest.mark.parametrize(("level", "count"), [(logging.INFO, 0), (logging.WARNING, 1), (logging.ERROR, 1)])
@pytest.mark.parametrize("message", ["", "[RUN 12, ROUND 3]", "%s", " \n"])
def test_a_message_without_words_is_a_line_only_where_it_warns(message: str, level: int, count: int) -> None:
    handler = _OfLibraries()
    for _ in range(2 * MOST_A_MINUTE if not count else 1):
        assert len(said(handler, message, level=level)) == count
    assert len(said(handler, "with words", level=level)) == 1  # of which no place was taken


@given(st.text(), st.binary(min_size=1))
def test_a_line_is_short_and_has_no_bytes(text: str, value: bytes) -> None:
    for message, args in ((f"{text} {value!r}", ()), ("about %s", (value,))):
        (line,) = said(_OfLibraries(), message, *args)
        assert len(line["event"]) <= MOST_LETTERS
        assert "b'" not in line["event"]


def test_of_one_logger_there_are_few_lines_a_minute_and_it_is_said_how_many_were_left_out() -> None:
    now = [0.0]
    handler = _OfLibraries(clock=lambda: now[0])
    lines = [line for _ in range(1000) for line in said(handler, "again")]
    assert len(lines) == MOST_A_MINUTE
    assert len(said(handler, "of another", name="asyncio")) == 1
    now[0] = 60.0
    left, again = said(handler, "again")
    assert (left["left_out"], again["event"]) == (1000 - MOST_A_MINUTE, "again")
    for _ in range(MOST_A_MINUTE):
        said(handler, "again")
    with capture_logs() as last:
        handler.close()
    assert [(line["logger"], line["left_out"]) for line in last] == [("grpc._cython.cygrpc", 1)]

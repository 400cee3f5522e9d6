"""No test waits for ever: one that hangs fails, where it stands, and those after it run."""

import signal
import threading
from collections.abc import Iterator

import pytest

from tests.support.waiting import LONG_S

MOST_S = 20 * LONG_S  # of one test and what it is given; each wait has a shorter limit, where it can have one
AGAIN_S = 30.0  # until what goes on waiting, as it ends, is told once more


def _ends(*_: object) -> None:
    __tracebackhide__ = True
    pytest.fail(f"it waits here, and has not ended within {MOST_S:.0f} s")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The long campaigns take as long as they take."""
    if item.get_closest_marker("slow") or threading.current_thread() is not threading.main_thread():
        return (yield)
    before = signal.signal(signal.SIGALRM, _ends)
    signal.setitimer(signal.ITIMER_REAL, MOST_S, AGAIN_S)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

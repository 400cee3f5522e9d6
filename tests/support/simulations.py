"""Simulations without other processes."""

from concurrent.futures import Executor, Future
from typing import Any


class Here(Executor):
    """Runs what it is given in this process, at once."""

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*given, **named))
        return future

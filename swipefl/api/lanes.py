"""How much is done at once: work waits its turn in a lane, and for so long at most."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
from anyio import to_thread

from swipefl.api.problems import Busy

MOST_WAIT_S = 10.0

Given = ParamSpec("Given")
Done = TypeVar("Done")


class Lane:
    """Threads for one kind of work, `width` at once: what waits for the disk keeps no prediction waiting."""

    def __init__(self, width: int) -> None:
        self._turns = anyio.Semaphore(width)
        self._threads = anyio.CapacityLimiter(width)

    async def run(self, work: Callable[Given, Done], *given: Given.args, **named: Given.kwargs) -> Done:
        """What `work` gives, in a thread. Raises Busy where it was not its turn for so long."""
        try:
            with anyio.fail_after(MOST_WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy("too-busy", "too much is waiting to be done") from None
        try:
            return await to_thread.run_sync(partial(work, *given, **named), limiter=self._threads)
        finally:
            self._turns.release()

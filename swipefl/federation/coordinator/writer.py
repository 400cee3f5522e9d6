"""Group commit: updates that arrive together become durable together, and each is answered after that."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from swipefl.federation.coordinator.admission import Verdict, admit
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received

MOST_IN_A_COMMIT = 32
Answer = TypeVar("Answer")


class StateThread:
    """One thread with a connection of its own, opened at once: later there may be no descriptor. Raises StoreError."""

    def __init__(self, path: Path, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._state = self._thread.submit(State, path).result()  # SQLite wants the thread that will use it

    async def do(self, work: Callable[[State], Answer]) -> Answer:
        """What `work` says, after its turn in the thread. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._state)

    async def close(self) -> None:
        """Waits for what is being done."""
        await self.do(State.close)
        self._thread.shutdown()


class Writer:
    """All that a serving coordinator writes is written in one thread. Raises StoreError."""

    def __init__(self, path: Path, policy: Policy) -> None:
        self._policy = policy
        self._thread = StateThread(path, "writer")
        self._arrived: asyncio.Queue[tuple[Received, asyncio.Future[Verdict]]] = asyncio.Queue(MOST_IN_A_COMMIT)
        self.do, self.close = self._thread.do, self._thread.close

    async def take(self, update: Received) -> Verdict:
        """Waits until `update` is committed; what `admit` says of it. Raises StoreError."""
        answer: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        await self._arrived.put((update, answer))
        return await answer

    async def run(self) -> None:
        """Commits what arrives, until cancelled."""
        while True:
            together = [await self._arrived.get()]
            while not self._arrived.empty() and len(together) < MOST_IN_A_COMMIT:
                together.append(self._arrived.get_nowait())
            await self._commit(together)

    async def _commit(self, together: list[tuple[Received, asyncio.Future[Verdict]]]) -> None:
        updates = [update for update, _ in together]
        try:
            verdicts = await self.do(lambda state: admit(state, self._policy, updates))
        except Exception as error:  # disk full, for one: nobody is told that it was kept
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), verdict in zip(together, verdicts, strict=True):
            if not answer.done():  # its call may have gone
                answer.set_result(verdict)

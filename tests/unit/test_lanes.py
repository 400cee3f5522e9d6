"""Work that waits its turn."""

import asyncio
import threading

import pytest

from swipefl.api import lanes
from swipefl.api.lanes import Lane
from swipefl.api.problems import Busy


def test_so_many_work_at_once_and_all_get_their_turn() -> None:
    lane, now, most = Lane(2), [], 0
    meet = threading.Barrier(2)

    def work(number: int) -> int:
        nonlocal most
        now.append(number)
        meet.wait(60)  # two of them, whatever the machine
        most = max(most, len(now))
        meet.wait(60)
        now.remove(number)
        return number

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(lane.run(work, number) for number in range(10)))

    assert asyncio.run(all_of_them()) == list(range(10))
    assert most == 2


def test_nobody_waits_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_WAIT_S", 0.01)
    lane, over = Lane(1), threading.Event()

    async def one_too_many() -> None:
        first = asyncio.create_task(lane.run(over.wait, 60))
        await asyncio.sleep(0)
        with pytest.raises(Busy, match="too much"):
            await lane.run(over.is_set)
        over.set()
        assert await first
        assert await lane.run(over.is_set)  # a turn that was not taken is nobody's

    asyncio.run(one_too_many())


def test_what_fails_gives_its_turn_back() -> None:
    lane = Lane(1)

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await lane.run(lambda: 1 // 0)

    asyncio.run(twice())

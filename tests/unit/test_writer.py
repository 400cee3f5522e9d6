"""The writer of a coordinator: what arrives together is committed together."""

import asyncio
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.coordinator import writer
from swipefl.federation.coordinator.admission import Verdict
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from tests.support.states import enrolled


def test_updates_that_arrive_together_are_committed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sizes, admit = tmp_path / "coordinator.db", [], writer.admit
    monkeypatch.setattr(writer, "admit", lambda *all_of: sizes.append(len(all_of[-1])) or admit(*all_of))
    with State(path) as state:
        state.create(base_checkpoint())
        devices = [enrolled(state) for _ in range(50)]

    async def all_at_once() -> list[Verdict]:
        group = writer.Writer(path, Policy())
        running = asyncio.create_task(group.run())
        updates = [Received("u", device, 1, 1, b"x") for device in devices]
        answers = await asyncio.gather(*map(group.take, [*updates, *updates]))
        running.cancel()
        await group.close()
        return answers

    assert asyncio.run(all_at_once()) == [Verdict("accepted")] * 50 + [Verdict("duplicate")] * 50
    assert len(sizes) < 10

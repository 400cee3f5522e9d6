"""The writer of a coordinator: what arrives together is committed together."""

import asyncio
import secrets
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.coordinator.records import Received
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.writer import Writer


def test_updates_that_arrive_together_are_committed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sizes, take = tmp_path / "coordinator.db", [], State.take
    monkeypatch.setattr(State, "take", lambda state, updates: sizes.append(len(updates)) or take(state, updates))
    with State(path) as state:
        state.create(base_checkpoint())
        devices = [state.enroll(state.new_token(60).secret, secrets.token_bytes(32)) for _ in range(50)]

    async def all_at_once() -> list[str]:
        writer = Writer(path)
        running = asyncio.create_task(writer.run())
        updates = [Received("u", device or "", 1, 1, b"x") for device in devices]
        answers = await asyncio.gather(*map(writer.take, [*updates, *updates]))
        running.cancel()
        await writer.close()
        return answers

    assert asyncio.run(all_at_once()) == ["accepted"] * 50 + ["duplicate"] * 50
    assert len(sizes) < 10

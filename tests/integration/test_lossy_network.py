"""A device and a coordinator with a network of real packets between them, some of which get lost."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import pytest

from tests.support.command import ROOT, Done, environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.phones import Phone, aggregate
from tests.support.waiting import LONG_S, wait_until


@dataclass(frozen=True)
class Wire:
    """What runs a command at the coordinator's end and at the device's; `settings` may be changed at any moment."""

    coordinator: tuple[str, ...]
    device: tuple[str, ...]
    settings: IO[bytes]

    def change(self, loss: float, delay_s: float = 0.0) -> None:
        self.settings.write(f"{loss} {delay_s}\n".encode())
        self.settings.flush()


@pytest.fixture
def wire() -> Iterator[Wire]:
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-m", "tests.support.packets", "0", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdin
        assert process.stdout
        holders = process.stdout.readline().split()
        if len(holders) != 2:
            pytest.skip("no network namespace with a tun device may be made here")
        ends = [("nsenter", f"--target={int(pid)}", "--user", "--net", "--preserve-credentials") for pid in holders]
        yield Wire(ends[0], ends[1], process.stdin)
        process.stdin.close()


@contextmanager
def serving(home: Path, wire: Wire) -> Iterator[Coordinator]:
    assert swipefl(home, "coordinator", "init").code == 0
    command = ["coordinator", "serve", "--listen", "10.9.0.1:8443", "--insecure", "--buffer", "100", "--json"]
    with (
        (home / "log").open("wb") as log,
        subprocess.Popen(
            [*wire.coordinator, sys.executable, "-m", "swipefl", *command],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        assert process.stdout
        try:
            at = json.loads(process.stdout.readline())
            yield Coordinator(home, at["listening"], "", process)
        finally:
            process.terminate()
            process.wait(LONG_S)


def test_a_visit_succeeds_over_loss_and_delay_and_after_a_partition(wire: Wire, tmp_path: Path) -> None:
    home = tmp_path / "device"
    with serving(tmp_path / "coordinator", wire) as coordinator, Phone(home, coordinator) as device:

        def sync(deadline_s: float) -> Done:
            return swipefl(home, "sync", "--json", before=wire.device, SWIPEFL_SYNC_DEADLINE_S=str(deadline_s))

        device.store.memberships.set(replace(device.member, insecure=True))
        device.queue(1)
        wire.change(loss=0.03, delay_s=0.02)
        done = sync(LONG_S)
        assert done.json["pushed"] == 1, done.err
        aggregate(coordinator, 0.5)
        wire.change(loss=1.0)
        assert sync(1).code == 6
        wire.change(loss=0.03, delay_s=0.02)
        assert sync(LONG_S).json["pulled"]
        second = device.queue(2)
        command = [*wire.device, sys.executable, "-m", "swipefl", "sync", "--json"]
        with subprocess.Popen(command, env=environment(home), stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: all(update.attempted for update in device.store.outbox.waiting()))
            wire.change(loss=1.0)  # in the middle of an upload
            time.sleep(0.5)
            wire.change(loss=0.0)
            assert process.wait(LONG_S) == 0
        assert device.store.outbox.waiting() == []
        assert device.member.residual == second.residual
        with coordinator.state() as state:
            assert [update.version for update in state.updates.waiting()] == [2]

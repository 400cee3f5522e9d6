"""A disk that is really full, the coordinator's and a device's: nothing is acknowledged that is not durable."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from swipefl.federation.protocol.token import Token
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.command import environment
from tests.support.coordinator import Device, coordinator
from tests.support.disk import SmallDisk
from tests.support.phones import publish
from tests.support.updates import update
from tests.support.waiting import LONG_S, wait_until


@dataclass(frozen=True)
class Remote:
    """A coordinator on the small disk; its files are seen through `disk` only."""

    disk: SmallDisk
    address: str

    def status(self) -> dict[str, object]:
        return self.disk.swipefl("coordinator", "status", "--json").json

    def log(self) -> str:
        return self.disk.text("home/log")

    def token(self) -> bytes:
        return Token.parse(self.disk.swipefl("coordinator", "token").out.strip()).secret


@contextmanager
def serving(disk: SmallDisk, *flags: str) -> Iterator[Remote]:
    home = disk.folder / "home"
    assert disk.swipefl("coordinator", "init").code == 0
    command = [
        *disk.inside,
        sys.executable,
        "-m",
        "swipefl",
        "coordinator",
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
    ]
    script = ["sh", "-c", f'exec "$@" 2>>{home}/log', "sh"]
    with subprocess.Popen(
        [*disk.inside, *script, *command[len(disk.inside) :], "--json", *flags],
        env=environment(home),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        try:
            yield Remote(disk, json.loads(process.stdout.readline())["listening"])
        finally:
            process.terminate()
            process.wait(LONG_S)


def enrolled(remote: Remote, token: bytes) -> Device:
    credential = secrets.token_bytes(32)
    with Device(remote.address, None).stub() as stub:
        answer = stub.Enroll(wire.EnrollRequest(token=token, credential=credential), timeout=LONG_S)
    return Device(remote.address, f"{answer.device_id}:{credential.hex()}")


def test_a_full_coordinator_acknowledges_nothing_and_goes_on_when_there_is_space(disk: SmallDisk) -> None:
    with serving(disk, "--buffer", "4", "--optimizer", "fedavg") as remote:
        tokens = [remote.token() for _ in range(6)]
        devices = [enrolled(remote, token) for token in tokens[:5]]
        assert devices[0].upload(update(0)).outcome == wire.OUTCOME_ACCEPTED
        disk.fill()
        for seed, device in enumerate(devices[1:4], 1):
            with pytest.raises(grpc.RpcError) as told:
                device.upload(update(seed), update_id=f"update {seed}")
            assert told.value.code() == grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError) as told:
            enrolled(remote, tokens[5])
        assert told.value.code() == grpc.StatusCode.UNAVAILABLE
        with devices[4].client(deadline_s=LONG_S) as client:
            assert not client.check_in(1, "").contributed
        disk.free()
        assert remote.status()["waiting"] == 1
        for seed, device in enumerate(devices[1:4], 1):
            if seed == 3:
                disk.fill(spare_kb=1600)  # enough for an update, not for a version with its master weights
            answer = device.upload(update(seed), update_id=f"update {seed}")
            assert answer.outcome == wire.OUTCOME_ACCEPTED
        wait_until(lambda: remote.log().count("round failed") >= 2)  # one after the other
        with devices[4].client(deadline_s=LONG_S) as client:
            assert wire.Manifest.FromString(client.check_in(1, "").newest.manifest).version == 1
        disk.free()
        wait_until(lambda: not remote.status()["waiting"])
        first, second = remote.status()["versions"]
        assert (first["version"], second["version"], second["updates"]) == (1, 2, 4)
        assert enrolled(remote, tokens[5]).authorization


def test_a_device_that_is_full_keeps_what_it_downloaded(disk: SmallDisk, tmp_path: Path) -> None:
    with coordinator(tmp_path / "coordinator", "--buffer", "9") as coordinating:
        publish(coordinating, 0.5)
        token = coordinating.token()
        assert disk.swipefl("enroll", coordinating.address, "--token", token).code == 0
        disk.fill(spare_kb=700)
        done = disk.swipefl("sync", "--json")
        assert (done.code, "what was downloaded so far is kept" in done.err) == (5, True)
        assert disk.swipefl("sync", "--json").code == 5
        disk.free()
        assert disk.swipefl("sync", "--json").json["pulled"]
        assert disk.swipefl("status", "--json").json["checkpoints"][0]["kind"] == "global"

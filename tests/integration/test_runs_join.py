"""The logs of both ends are held together by the id of a run; what a caller says is believed of nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.waiting import LONG_S

JSON = {"SWIPEFL_LOG": "json"}
RUN = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    home = tmp_path_factory.mktemp("coordinator")
    (home / "coordinator.toml").write_text('log = "json"\n')
    with coordinator(home, "--buffer", "1000") as serving:
        yield serving


def said(serving: Coordinator, **facts: object) -> list[dict[str, object]]:
    """The lines of its log that have these."""
    lines = [json.loads(line) for line in serving.log().splitlines()]
    return [line for line in lines if facts.items() <= line.items()]


def test_each_visit_is_a_line_at_both_ends_with_the_id_of_its_run(serving: Coordinator, tmp_path: Path) -> None:
    joined = swipefl(tmp_path, "enroll", serving.address, "--yes", SWIPEFL_TOKEN=serving.token(), **JSON)
    assert joined.code == 0, joined.err
    runs = []
    for _ in range(2):
        (line,) = [json.loads(line) for line in swipefl(tmp_path, "sync", **JSON).err.splitlines()]
        runs.append(line["run_id"])
    assert len(set(runs)) == 2  # nothing of a night is told the next one
    (enrolled,) = said(serving, event="device enrolled")
    visits = [said(serving, event="visit", caller_run_id=run) for run in runs]
    assert [len(lines) for lines in visits] == [1, 1]
    assert {lines[0]["device"] for lines in visits} == {enrolled["device"]}
    assert enrolled["caller_run_id"] not in runs
    assert len({line["run_id"] for line in said(serving)}) == 1  # its own


@pytest.mark.parametrize(
    "claimed",
    [
        ["x" * 32],
        [RUN + "0"],
        [RUN.upper()],
        ['", "event": "stopped"'],
        ["a" * 4000],
        [""],
        [RUN, RUN],
        ["swipefl.db"],
        [r"\u000a"],
    ],
)
def test_what_is_no_id_comes_into_no_line(serving: Coordinator, claimed: list[str]) -> None:
    device = serving.device()
    metadata = (*device.metadata, *(("run-id", each) for each in claimed))
    with device.stub() as stub:
        stub.CheckIn(wire.CheckInRequest(), metadata=metadata, timeout=LONG_S)
    (line,) = said(serving, event="visit", device=device.id)
    assert "caller_run_id" not in line


def test_no_caller_names_the_run_of_the_coordinator(serving: Coordinator) -> None:
    (own,) = {line["run_id"] for line in said(serving)}
    device = serving.device()
    with device.stub() as stub:
        stub.CheckIn(wire.CheckInRequest(), metadata=(*device.metadata, ("run-id", RUN)), timeout=LONG_S)
        with pytest.raises(grpc.RpcError):
            stub.CheckIn(wire.CheckInRequest(), metadata=(("run_id", RUN), ("event", RUN)), timeout=LONG_S)
    (line,) = said(serving, event="visit", device=device.id)
    assert (line["run_id"], line["caller_run_id"]) == (own, RUN)


def test_one_device_writes_few_lines_however_often_it_calls(serving: Coordinator) -> None:
    device = serving.device()
    for _ in range(20):
        device.check_in()
    assert 1 <= len(said(serving, event="visit", device=device.id)) <= 5

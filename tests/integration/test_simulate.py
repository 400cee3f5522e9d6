"""`swipefl simulate`."""

import hashlib
import json
from pathlib import Path

from tests.support.command import swipefl

KEYS = ["round", "version", "clients", "examples", "top1", "top3", "bytes_up", "bytes_down", "seconds"]


def test_the_command_prints_a_line_a_round_and_draws_a_plot(swipes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["simulate", str(swipes), "--clients-per-round", "2", "--eval", str(swipes), "--out", str(out), "--json"]
    done = swipefl(tmp_path, *command, "--rounds", "2")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert rows[0]["top1"] is None
    assert 0 <= rows[1]["top1"] <= rows[1]["top3"] <= 1
    assert (out / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert not (out / "people").exists()
    first = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    again = swipefl(tmp_path, *command, "--rounds", "2")
    assert (again.code, "--resume" in again.err) == (2, True)
    more = swipefl(tmp_path, *command, "--rounds", "3", "--resume")
    assert [json.loads(line)["round"] for line in more.out.splitlines()] == [3]
    assert hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest() != first
    other = swipefl(tmp_path, *command, "--rounds", "3", "--resume", "--clip", "9")
    assert (other.code, "begun otherwise" in other.err) == (2, True)

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


def test_a_simulation_of_an_earlier_version_is_left_alone(swipes: Path, tmp_path: Path) -> None:
    """It has rounds, and does not say by which scenario."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "rounds.jsonl").write_text("{}\n")
    for flags in ((), ("--resume",)):
        done = swipefl(tmp_path, "simulate", str(swipes), "--out", str(out), *flags)
        assert (done.code, "earlier swipefl; --out names another folder" in done.err) == (2, True)
    assert [file.name for file in out.iterdir()] == ["rounds.jsonl"]


def test_a_file_of_nobodys_swipes_begins_no_simulation(swipes: Path, tmp_path: Path) -> None:
    nobodys, out = tmp_path / "nobodys.jsonl", tmp_path / "out"
    nobodys.write_text("".join(json.dumps(line) + "\n" for line in map(_without_user, swipes.open())))
    rounds = ("--rounds", "1", "--clients-per-round", "1", "--out", str(out), "--json")
    assert swipefl(tmp_path, "simulate", str(nobodys), *rounds).code == 3
    assert swipefl(tmp_path, "simulate", str(swipes), *rounds).code == 0


def _without_user(line: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(line).items() if name != "user"}

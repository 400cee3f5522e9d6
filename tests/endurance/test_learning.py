"""`make learning`, on a few generated people and a round of each simulation."""

import shlex
import subprocess
import sys
from pathlib import Path

from tests.support.command import ROOT, environment
from tests.support.people import write_people
from tests.support.readme import blocks


def test_the_line_of_the_page_simulates(tmp_path: Path) -> None:
    write_people(tmp_path / "swipes.jsonl", dict.fromkeys(range(3), 24))
    write_people(tmp_path / "others.jsonl", dict.fromkeys(range(3, 5), 24))
    (line,) = blocks("examples/SIMULATION.md", "With your own file")
    words = shlex.split(line, comments=True)
    done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, env=environment(tmp_path), check=False)
    assert done.returncode == 0
    rounds = (tmp_path / "simulation" / "rounds.jsonl").read_text().splitlines()
    assert sum('"top1": null' not in line for line in rounds) == 4
    assert (tmp_path / "simulation" / "plot.png").exists()


def test_the_tables_and_the_plot_are_made_and_a_second_call_makes_no_round_again(tmp_path: Path) -> None:
    write_people(tmp_path / "clients.jsonl", dict.fromkeys(range(4), 24))
    write_people(tmp_path / "judged.jsonl", dict.fromkeys(range(4, 6), 24))
    files = ("--clients", str(tmp_path / "clients.jsonl"), "--judged", str(tmp_path / "judged.jsonl"))
    command = [sys.executable, "-m", "tests.bench.learning", *files, "--out", str(tmp_path), "--most-rounds", "1"]
    first = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, check=True)
    table = (tmp_path / "learning.md").read_text()
    for row in (
        "before",
        "all their swipes in one place",
        "a fifth send ten times the reverse: plain mean, no bound",
        "FedAdam",
        "federated",
        "10,",
    ):
        assert f"\n| {row}" in table
    assert (tmp_path / "federated.png").read_bytes().startswith(b"\x89PNG")
    again = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, check=True)
    assert b"simulate" in first.stderr
    assert b"simulate" not in again.stderr
    next(tmp_path.rglob("plot.png")).unlink()  # as if it had been cut
    cut = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, check=True)
    assert b"--resume" in cut.stderr

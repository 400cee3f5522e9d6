"""`make learning`, on a few generated people and a round of each simulation."""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson

from swipefl.gesture.formats.own import to_line
from tests.support.command import ROOT, environment
from tests.support.people import examples
from tests.support.readme import readme_blocks


def people(file: Path, seeds: range) -> None:
    with file.open("wb") as out:
        for seed in seeds:
            for example in examples(24, seed):
                theirs = replace(example, gesture=replace(example.gesture, user=f"person-{seed}"))
                out.write(orjson.dumps(to_line(theirs)) + b"\n")


def test_the_line_of_the_readme_simulates(tmp_path: Path) -> None:
    people(tmp_path / "swipes.jsonl", range(3))
    people(tmp_path / "others.jsonl", range(3, 5))
    _, line = readme_blocks("What it gives")
    words = shlex.split(line, comments=True)
    done = subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, env=environment(tmp_path), check=False)
    assert done.returncode == 0
    rounds = (tmp_path / "simulation" / "rounds.jsonl").read_text().splitlines()
    assert sum('"top1": null' not in line for line in rounds) == 4
    assert (tmp_path / "simulation" / "plot.png").exists()


def test_the_tables_and_the_plot_are_made_and_a_second_call_makes_no_round_again(tmp_path: Path) -> None:
    people(tmp_path / "clients.jsonl", range(4))
    people(tmp_path / "judged.jsonl", range(4, 6))
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

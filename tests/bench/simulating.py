"""What a simulation costs beside the training in it."""

import multiprocessing
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import orjson

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example
from swipefl.learning.trainer import train
from swipefl.learning.training import TrainingConfig
from swipefl.simulation.participants import participants_of
from swipefl.simulation.scenario import Scenario
from swipefl.simulation.simulation import Simulation
from tests.support.command import measured

ROUNDS = 4  # the first, which loads torch, does not count


def simulating(people: Sequence[Sequence[Example]], folder: Path) -> dict[str, float]:
    """Swipes/s of rounds of forty clients against the trainer alone, in as many processes; memory against clients."""
    file = folder / "people.jsonl"
    write(people, file)
    scenario, parallel = Scenario(ROUNDS, 40), os.cpu_count() or 1
    with ProcessPoolExecutor(parallel, multiprocessing.get_context("spawn")) as processes:
        clients = participants_of(file, folder / "people")
        simulation = Simulation(clients, scenario, base_checkpoint(), folder, processes, parallel)
        rates = []
        for result in simulation.rounds():
            alone = [processes.submit(trainer_alone, people[part:40:parallel], scenario) for part in range(parallel)]
            whole = scenario.plan.epochs * result.examples / result.seconds
            rates.append((whole, sum(speed.result() for speed in alone)))
    few, many = folder / "few.jsonl", folder / "many.jsonl"
    write(people[:20], few)
    write(people[:20] * 40, many)
    small, large = (peak_mb(path, folder) for path in (few, many))
    return {
        "swipes_per_s": statistics.median(whole for whole, _ in rates[1:]),
        "trainer_swipes_per_s": statistics.median(alone for _, alone in rates[1:]),
        "of_trainer": statistics.median(whole / alone for whole, alone in rates[1:]),
        "mb_20_clients": small,
        "mb_growth": large / small,
    }


def trainer_alone(people: Sequence[Sequence[Example]], scenario: Scenario) -> float:
    """What the trainer says of its own speed on these people, one after the other."""
    asked, swipes, seconds = scenario.plan, 0.0, 0.0
    plan = TrainingConfig(asked.epochs, asked.batch_size, asked.learning_rate, device="cpu", measured=False)
    for person in people:
        trained = train(base_checkpoint(), person, plan)
        swipes += plan.epochs * trained.examples
        seconds += plan.epochs * trained.examples / trained.swipes_per_s
    return swipes / seconds


def write(people: Sequence[Sequence[Example]], file: Path) -> None:
    """A file of swipes where each person is somebody else."""
    with file.open("wb") as out:
        for number, person in enumerate(people):
            for example in person:
                theirs = replace(example, gesture=replace(example.gesture, user=f"person-{number}"))
                out.write(orjson.dumps(to_line(theirs)) + b"\n")


def peak_mb(file: Path, folder: Path) -> float:
    """The most memory that the parent of a simulation takes."""
    out = folder / f"peak-{file.stem}"
    flags = ("--rounds", "1", "--clients-per-round", "8", "--out", str(out), "--json")
    done, peak = measured(folder, "simulate", str(file), *flags)
    if done.code:
        raise RuntimeError(done.err)
    return peak

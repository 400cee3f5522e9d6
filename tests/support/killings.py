"""kill -9 of commands at random moments: half of them at some time, half of them at some call that changes the disk."""

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from tests.support.shim import ALL, KILLS, Plan
from tests.support.trials import Place, Trial

MARGIN = 1.05  # of the time that a command took: some are killed just behind their end


@dataclass
class Ground:
    """Where trials are made: what was prepared is copied for each, and gone after it, unless it failed."""

    folder: Path
    took: dict[str, tuple[float, int]] = field(default_factory=dict)  # seconds and calls that change the disk

    def prepared(self, name: str, trial: Trial) -> Place:
        place = Place(self.folder / "prepared" / name)
        if not place.folder.exists():
            place.disk.mkdir(parents=True)
            trial.prepare(place)
        return place

    @contextmanager
    def copied(self, name: str, trial: Trial, seed: int) -> Iterator[Place]:
        place = Place(self.folder / "trials" / f"{name}-{seed}")
        shutil.copytree(self.prepared(name, trial).folder, place.folder)
        trial.start(place, seed)
        yield place
        shutil.rmtree(place.folder)

    def measured(self, name: str, trial: Trial) -> tuple[float, int]:
        """How long the command takes, undisturbed, and how often it changes the disk."""
        if name not in self.took:
            with self.copied(name, trial, -1) as place:
                began = time.monotonic()
                forked = trial.begin(place, Plan((place.disk,)))
                trial.meanwhile(place, forked)
                done = forked.ended()
                assert done.code == 0, done.err
                self.took[name] = time.monotonic() - began, forked.calls()
        return self.took[name]


def survives(ground: Ground, name: str, trial: Trial, seed: int) -> None:
    """The trial's command is killed at a moment that the seed says."""
    rng, (seconds, calls) = random.Random(f"{name} {seed}"), ground.measured(name, trial)
    with ground.copied(name, trial, seed) as place:
        at_call = Plan((place.disk,), rng.randint(1, calls), rng.choice(KILLS), ALL) if seed % 2 else None
        forked = trial.begin(place, at_call)
        meanwhile = Thread(target=trial.meanwhile, args=(place, forked))
        meanwhile.start()
        done = forked.ended() if at_call else forked.killed_after(rng.uniform(0, MARGIN * seconds))
        meanwhile.join()
        assert done.code in (0, -9), done.err
        trial.survived(place, done)

"""Disks that fail while a command writes to them: some call at random, or one that is really full."""

import ctypes
import errno
import os
import random
import shutil
from functools import partial
from pathlib import Path
from threading import Thread

from tests.support.disk import small_disk
from tests.support.forks import within
from tests.support.killings import Ground
from tests.support.shim import CHANGES, FAIL, FAIL_ON, SHORT, Plan, built
from tests.support.trials import Place, Trial

ENDS = (0, 5)  # what examples/COMMANDS.md promises where the store cannot be written; 0 where it was not needed
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT)
MOST_SPARE_KB = 8_192
DISK_MB = 40


def endures(ground: Ground, name: str, trial: Trial, seed: int) -> None:
    """Once, or from then on, what the trial's command writes fails, at a call that the seed says."""
    built()
    rng, (_, calls) = random.Random(f"{name} {seed}"), ground.measured(name, trial)
    with ground.copied(name, trial, seed) as place:
        action, error = rng.choice((FAIL, FAIL, FAIL_ON, SHORT)), rng.choice(ERRORS)
        plan = Plan((place.disk,), rng.randint(1, calls), action, CHANGES, error)
        forked = trial.begin(place, plan)
        meanwhile = Thread(target=trial.meanwhile, args=(place, forked))
        meanwhile.start()
        done = forked.ended()
        meanwhile.join()
        assert done.code in ENDS, (plan, done.code, done.err)
        trial.survived(place, done)


def endures_full_disk(ground: Ground, folder: Path, name: str, trial: Trial, seed: int) -> None:
    """The trial's command finds so much room on its disk as the seed says, which is too little for most."""
    place, prepared = Place(folder), ground.prepared(name, trial)
    spare_kb = int(4 * (MOST_SPARE_KB / 4) ** random.Random(f"full {name} {seed}").random()) - 4
    with small_disk(place.disk, DISK_MB) as disk:
        work = partial(_on_full_disk, place, prepared, trial, spare_kb)
        within(partial(_enter, disk.holder), work, told=folder / "told")


def _enter(holder: int) -> None:
    """This process sees from now on what that one does."""
    for kind, number in (("user", 0x10000000), ("mnt", 0x00020000)):
        space = os.open(f"/proc/{holder}/ns/{kind}", os.O_RDONLY)
        if ctypes.CDLL(None, use_errno=True).setns(space, number):
            raise OSError(ctypes.get_errno(), f"no way into its {kind} namespace")
        os.close(space)


def _on_full_disk(place: Place, prepared: Place, trial: Trial, spare_kb: int) -> None:
    shutil.copytree(prepared.disk, place.disk, dirs_exist_ok=True)
    trial.start(place, 0)
    filler = place.disk / "filler"
    _fill(filler, spare_kb)
    done = trial.begin(place).ended()
    assert done.code in ENDS, (spare_kb, done.code, done.err)
    filler.unlink()
    trial.survived(place, done)


def _fill(filler: Path, spare_kb: int) -> None:
    """Leaves so much of the disk."""
    with filler.open("wb", buffering=0) as file:
        free = os.statvfs(filler.parent)
        room = free.f_bavail * free.f_frsize - spare_kb * 1024
        while room > 0:
            room -= file.write(bytes(min(room, 1 << 20)))

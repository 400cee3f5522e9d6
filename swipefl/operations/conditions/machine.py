"""How the machine is: how warm, how busy, how much room there is; None where that cannot be found out."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from swipefl.database.files import nearest
from swipefl.operations.conditions.bus import Bus
from swipefl.operations.conditions.network import Metered, metered
from swipefl.operations.conditions.power import Power, power, temperatures

# Chips that tell of a processor; others tell of disks and fans, or of nothing, as boards have inputs without a sensor.
PROCESSORS = ("core", "cpu", "soc", "k8temp", "k10temp", "zenpower", "x86_pkg", "acpitz", "tsens", "pvt")
LIKELY_C = (-40.0, 130.0)  # what lies beyond is no temperature
BYTES = 1_000_000


class Machine:
    """Where swipefl runs, and what it can be asked; `folder` is where the store is, or is to be."""

    def __init__(
        self,
        folder: Path,
        bus: Bus,
        clock: Callable[[], float] = time.time,
        sysfs: Path = Path("/sys"),
        proc: Path = Path("/proc"),
    ) -> None:
        self._folder = folder
        self._bus = bus
        self._sysfs = sysfs
        self._proc = proc
        self.clock = clock

    def power(self) -> Power:
        """Is it on power, and how full is its battery?"""
        return power(self._bus, self._sysfs)

    def metered(self) -> Metered:
        """Is what goes over its network counted?"""
        return metered(self._bus, self._proc)

    def processor_c(self) -> float | None:
        """How warm its processor is, in degrees Celsius."""
        return processor_c()

    def battery_c(self) -> float | None:
        """How warm its warmest battery is, in degrees Celsius."""
        return _warmest(temperatures(self._sysfs))

    def load(self, own: int) -> float | None:
        """How busy each core was in the last minute; without `own` threads that are busy for us."""
        return load(own)

    def free_disk_mb(self) -> float | None:
        """What may still be written where the store is."""
        return free_disk_mb(self._folder)

    def free_memory_mb(self, own: bool) -> float | None:
        """What may still be taken; with `own`, what this process has counts as free, being here already."""
        return free_memory_mb(own, self._sysfs, self._proc)


def processor_c() -> float | None:
    """The warmest of what tells of the processor, in degrees Celsius."""
    try:
        import psutil

        sensors = psutil.sensors_temperatures()
    except (ModuleNotFoundError, AttributeError, OSError, ValueError):  # another system than Linux; a driver that fails
        return None
    named = [(chip, reading.current) for chip, readings in sensors.items() for reading in readings]
    return _warmest(current for chip, current in named if any(name in chip.lower() for name in PROCESSORS))


def _warmest(readings: Iterator[float]) -> float | None:
    low, high = LIKELY_C
    return max((each for each in readings if low < each < high), default=None)


def load(own: int = 0) -> float | None:
    """How busy each core was in the last minute; without `own` threads that are busy for us."""
    try:
        busy = os.getloadavg()[0]
    except OSError:  # /proc is hidden
        return None
    return max(0.0, busy - own) / max(1, os.cpu_count() or 1)


def free_disk_mb(folder: Path) -> float | None:
    """What may still be written where `folder` is, or is to be; of some disks nothing is known."""
    try:
        disk = os.statvfs(nearest(folder))
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize / BYTES if disk.f_blocks else None


def free_memory_mb(own: bool = False, sysfs: Path = Path("/sys"), proc: Path = Path("/proc")) -> float | None:
    """What may still be taken, by this machine's count or by that of the group that we are in, whichever is less."""
    try:
        import psutil
    except ModuleNotFoundError:  # `doctor` says so
        return None
    try:
        free = float(psutil.virtual_memory().available)
        ours = float(psutil.Process().memory_info().rss) if own else 0.0
    except (OSError, ValueError, KeyError, psutil.Error):  # /proc is hidden
        return None
    return (min([free, *_left_in_groups(sysfs, proc)]) + ours) / BYTES


def _left_in_groups(sysfs: Path, proc: Path) -> Iterator[float]:
    """Bytes left within the bound of each control group (v2) that we are in, from ours up."""
    try:
        lines = (proc / "self" / "cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    root = sysfs / "fs" / "cgroup"
    ours = root / next((line[3:].lstrip("/") for line in lines if line.startswith("0::")), "")
    for group in (ours, *ours.parents):
        if not group.is_relative_to(root):
            return
        with suppress(OSError, ValueError):  # `max`: no bound; the first of all has none
            most, taken = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
            yield float(max(0, most - taken + _of_files(group)))


def _of_files(group: Path) -> int:
    """What the group holds of files and can give back."""
    rows = (line.split() for line in (group / "memory.stat").read_text().splitlines())
    return next((int(count) for name, count in rows if name == "inactive_file"), 0)

"""A person's nights put into systemd and taken out again, with all that belongs to them and nothing else."""

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkstemp
from typing import Literal

from swipefl.errors import Remedy, UsageError
from swipefl.operations.unit_texts import CYCLE, INGEST, TIMER, TRIAL, Night, is_edited, trial_text, unit_texts

UNITS = (INGEST, CYCLE, TIMER)
LINGERING = Path("/var/lib/systemd/linger")  # a file for each user whose services run while they are logged out
WAIT_S = 300.0  # for an answer of systemd's; its own waits are shorter
LOOK_S = 10.0  # where it is only asked how things are

Change = Literal["written", "renewed", "unchanged", "shown"]
Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a command; its exit code and what it said on standard error or output."""


@dataclass(frozen=True)
class Manager:
    """A service manager: where its units lie, and where it keeps when its timers last went off."""

    units: Path
    stamps: Path
    is_system: bool = False

    @property
    def systemctl(self) -> tuple[str, ...]:
        """The command that speaks to it."""
        return ("systemctl",) if self.is_system else ("systemctl", "--user")


@dataclass(frozen=True)
class Unit:
    """A unit, where it lies, and what became of it."""

    path: str
    change: Change
    text: str


@dataclass(frozen=True)
class Installed:
    """What became of each unit. `lingers` is None for a system's, whose nights need nobody logged in.

    `is_confined` says whether this systemd can show a unit no more of the disk than it needs.
    """

    units: tuple[Unit, ...]
    at: str
    is_confined: bool
    lingers: bool | None


@dataclass(frozen=True)
class Removed:
    """The files that are gone, and those of the person's own that stay."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]


def run(command: Sequence[str], wait_s: float = WAIT_S) -> tuple[int, str]:
    """Runs one of systemd's programs; 127 where it is missing, 124 where it does not answer."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=wait_s,
            check=False,
        )
    except FileNotFoundError:
        return 127, f"{command[0]} is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return 124, str(error)
    return done.returncode, (done.stderr if done.returncode else done.stdout).strip()


def shown(manager: Manager, night: Night) -> Installed:
    """What would be installed, where nothing is."""
    units = (Unit(str(manager.units / name), "shown", text) for name, text in unit_texts(night).items())
    return Installed(tuple(units), night.at, night.is_confined, None)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new file in the folder of `path`, which is gone after the block unless it was put in a place."""
    descriptor, name = mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


class Timer:
    """The nightly units of one service manager; `lingering` is where it says who needs not be logged in."""

    def __init__(self, manager: Manager, run: Run = run, lingering: Path = LINGERING) -> None:
        self.manager = manager
        self._run = run
        self._lingering = lingering

    def install(
        self, night: Night, user: str, also_edited: bool = False, prepare: Callable[[], None] = lambda: None
    ) -> Installed:
        """Writes the units, tries whether they can run here, and starts the timer; safe to repeat.

        `prepare` is called once systemd has answered, for what the units need and a machine without is not to get.
        Raises UsageError where systemd does not answer, where a unit is of the person's own (unless `also_edited`),
        and where the units cannot run here.
        """
        unit_texts(night)  # which says what no unit can name
        self._check_ours(also_edited)
        self._ask("daemon-reload", remedy=Remedy.WITHOUT_SYSTEMD)
        prepare()
        night = self._one_that_runs(night)
        units = tuple(
            Unit(str(self.manager.units / name), self._write(name, text), text)
            for name, text in unit_texts(night).items()
        )
        self._ask("daemon-reload")
        self._ask("enable", TIMER)
        self._ask("restart", TIMER)  # what runs goes on; another hour counts from now on
        return Installed(units, night.at, night.is_confined, self.lingers(user))

    def remove(self, also_edited: bool = False) -> Removed:
        """Stops the timer and removes what swipefl wrote; what a person edited only with `also_edited`.

        A night that runs is stopped, and keeps what it had. Raises UsageError where a file cannot be removed.
        """
        there = [name for name in UNITS if self.text(name) is not None]
        own = set(filter(self._is_own, there))
        going = [name for name in there if also_edited or name not in own]
        if TIMER in going or (TIMER in there and CYCLE in going):  # a timer of one's own goes on with what it starts
            self.ask("disable", "--now", TIMER)
        for name in (CYCLE, INGEST):
            if name in going:
                self.ask("stop", name)
        dropins = [folder for name in UNITS if (folder := self.manager.units / f"{name}.d").is_dir()]
        files = [self.manager.units / name for name in (*going, TRIAL)]
        if TIMER in going:
            files += [self.manager.units / "timers.target.wants" / TIMER, self.manager.stamps / f"stamp-{TIMER}"]
        removed: list[str] = []
        try:
            removed += (str(file) for file in files if self._unlink(file))
            removed += (str(folder) for folder in dropins if also_edited and self._unlink(folder, shutil.rmtree))
            self._tidy()
        finally:  # systemd is to know what is gone, also where something else could not be removed
            if removed:
                self.ask("daemon-reload")
                self.ask("reset-failed", *going)
        kept = [str(self.manager.units / name) for name in there if name not in going]
        return Removed(tuple(removed), (*kept, *(() if also_edited else map(str, dropins))))

    def text(self, name: str) -> str | None:
        """The text of a unit, None where there is none that can be read; empty of a pipe or a device."""
        try:
            descriptor = os.open(self.manager.units / name, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
                return file.read().decode("utf-8", "replace") if is_file else ""
        except OSError:  # of a folder, too
            return None

    def lingers(self, user: str) -> bool | None:
        """Whether a person's own units run while they are logged out; None of the system's, which always do."""
        return None if self.manager.is_system else (self._lingering / user).exists()

    def ask(self, *words: str) -> tuple[int, str]:
        """What systemd answers, and its exit code."""
        return self._run((*self.manager.systemctl, *words))

    def _check_ours(self, also_edited: bool) -> None:
        for name in UNITS:
            if not also_edited and self._is_own(name):
                path = self.manager.units / name
                raise UsageError("edited-unit", "{path} was edited, or is your own", Remedy.KEEP_EDITED, path=path)

    def _is_own(self, name: str) -> bool:
        """Whether a unit is a person's own, or was edited: masked ones are links, which nobody writes through."""
        text, path = self.text(name), self.manager.units / name
        return path.is_symlink() or (text is not None and is_edited(text))

    def _one_that_runs(self, night: Night) -> Night:
        """The night, or one whose units are shown the whole disk where a person's own systemd cannot hide any of it.

        Asked of systemd itself, as kernels and distributions differ. Raises UsageError where neither starts.
        """
        ways = [night] if night.person else [night, replace(night, is_confined=False)]
        for way in ways:
            try:
                self._write(TRIAL, trial_text(way))
                self._ask("daemon-reload")
                code, _ = self.ask("start", TRIAL)
            finally:
                self._unlink(self.manager.units / TRIAL)
            self.ask("reset-failed", TRIAL)
            if not code:
                return way
        journal = " ".join(("journalctl", *self.manager.systemctl[1:], "-u", TRIAL))
        raise UsageError("unit-does-not-run", "a trial of such a unit failed: `{journal}` says why", journal=journal)

    def _write(self, name: str, text: str) -> Change:
        """Puts a unit in its place, whole or not at all."""
        path = self.manager.units / name
        was = self.text(name)
        if was == text:
            return "unchanged"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _beside(path) as beside:
                beside.write_text(text, "utf-8")
                beside.chmod(0o644)
                os.replace(beside, path)
        except OSError as error:
            raise UsageError(
                "unit-not-written", "{path} cannot be written: {why}", path=path, why=error.strerror
            ) from error
        return "written" if was is None else "renewed"

    def _ask(self, *words: str, remedy: Remedy = Remedy.RUN_AGAIN) -> None:
        """Has systemd do something. Raises UsageError with what it says."""
        command = (*self.manager.systemctl, *words)
        code, said = self._run(command)
        if code:
            why = said.splitlines()[-1] if said else f"exit {code}"
            what = "`{command}` did not work: {why}"
            raise UsageError("no-systemd", what, remedy, command=" ".join(command), why=why)

    def _unlink(self, path: Path, erase: Callable[[Path], None] = Path.unlink) -> bool:
        """Whether it was there; of a link that alone goes. Raises UsageError."""
        try:
            (Path.unlink if path.is_symlink() else erase)(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UsageError(
                "unit-not-removed", "{path} cannot be removed: {why}", path=path, why=error.strerror
            ) from error
        return True

    def _tidy(self) -> None:
        """Removes the folders that were made for units, where nothing else came into them."""
        folders = [self.manager.units / "timers.target.wants"]
        if not self.manager.is_system:
            folders += [self.manager.units, self.manager.units.parent, self.manager.stamps, self.manager.stamps.parent]
        for folder in folders:
            with suppress(OSError):
                folder.rmdir()

"""`device.upkeep`: what keeps a device well that nobody watches."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from swipefl.errors import Remedy, UsageError
from swipefl.home import STORED
from swipefl.library.checks import path_of
from swipefl.library.part import Part
from swipefl.stopping import Stop, never

if TYPE_CHECKING:  # loaded by the call that needs it
    from swipefl.home import Home
    from swipefl.operations.backup import BackupReport, Planned, RestoreReport
    from swipefl.operations.doctor import Diagnosis
    from swipefl.operations.findings import Finding
    from swipefl.operations.outlook import Outlook
    from swipefl.operations.timer import Installed, Removed
    from swipefl.operations.unit_texts import Night


class Upkeep(Part):
    """What `device.upkeep` can do: each function is one of the command line's."""

    def doctor(
        self,
        fix: bool = False,
        on_finding: "Callable[[Finding], None]" = lambda finding: None,
        stop: Stop = never,
    ) -> "Diagnosis":
        """Looks whether all is well with this device, its home and its federation, and changes nothing.

        With `fix` it first mends what can be mended without any loss. Where it belongs to a federation its coordinator
        is asked for its certificate. `on_finding` hears of each finding at once. Raises what `stop` says.
        """
        with self._changing() as home:
            return home.doctor(stop).run(fix, on_finding)

    def outlook(self) -> "Outlook":
        """What a `cycle` would do now, and why: all that is asked of the world, and what was found. Changes nothing.

        Raises StoreError.
        """
        with self._opened() as home:
            return home.outlook()

    def timer_units(
        self,
        logs: "Iterable[str | PathLike[str]]" = (),
        at: str = "03:00",
        system: bool = False,
        run_as: str | None = None,
    ) -> dict[str, str]:
        """The systemd units that `install_timer` writes, as text, by their names; nothing is written.

        Takes and raises what that does, but needs no systemd and no root.
        """
        from swipefl.operations.unit_texts import unit_texts

        return unit_texts(self._night(logs, at, system, run_as))

    def install_timer(
        self,
        logs: "Iterable[str | PathLike[str]]" = (),
        at: str = "03:00",
        system: bool = False,
        run_as: str | None = None,
        also_edited: bool = False,
    ) -> "Installed":
        """Has systemd read `logs` and learn each night `at` that time, as your own units or the system's.

        `logs` are the files or folders that a keyboard writes, else the one of examples/NIGHTS.md. The `system`'s
        units run as the person `run_as`. Safe to repeat: what is as it should be stays. A unit that was edited is
        replaced only with `also_edited`. Raises UsageError, also where systemd does not answer.
        """
        from swipefl.library.nights import manager_of, user_name
        from swipefl.operations.timer import Timer

        timer = Timer(manager_of(system))
        night = self._night(logs, at, system, run_as)
        if not system:
            night.home.mkdir(mode=0o700, parents=True, exist_ok=True)  # a unit cannot make it: it is shown no more
        return timer.install(night, user_name(), also_edited)

    def remove_timer(self, system: bool = False, also_edited: bool = False) -> "Removed":
        """Takes the timer and its units out of systemd, and nothing else; a unit that was edited with `also_edited`.

        Raises UsageError where a file cannot be removed.
        """
        from swipefl.library.nights import manager_of
        from swipefl.operations.timer import Timer

        return Timer(manager_of(system)).remove(also_edited)

    def _night(self, logs: "Iterable[str | PathLike[str]]", at: str, system: bool, run_as: str | None) -> "Night":
        from swipefl.library.nights import night_of

        check_texts(at=at)
        check_texts(True, run_as=run_as)
        with self._opened() as home:
            return night_of(home.settings, [path_of(log) for log in logs], at, run_as, system)

    def backup(self, file: str | PathLike[str] | BinaryIO, stop: Stop = never) -> "BackupReport":
        """Writes all that the store holds, and the settings file, into one private file; others may write meanwhile.

        `file` is a path, or a binary stream. It is there whole or not at all, and may take the place of a backup of
        before, of nothing else. What was swiped is in it, and who this device is to its coordinator: keep it where only
        its owner can read. Raises UsageError, StoreError, and what `stop` says.
        """
        from swipefl.operations.backup import backup

        with self._opened() as home:
            return backup(*_files(home), _path_or_stream(file), stop=stop)

    def restore(
        self,
        file: str | PathLike[str] | BinaryIO,
        anyway: bool = False,
        agree: "Callable[[Planned], bool]" = lambda planned: True,
        stop: Stop = never,
    ) -> "RestoreReport | None":
        """Puts a backup in the place of what is in the store, which is set aside for a month; all of it or nothing.

        `agree` hears what it would do, and nothing is done where it says no: then this gives None. Raises UsageError
        where something was forgotten after the backup was made, unless it is wanted `anyway`; DataError for what is no
        whole backup, StoreError, StoreBusy, and what `stop` says.
        """
        from swipefl.operations.backup import restore

        def agreed(planned: "Planned") -> bool:
            if planned.forgotten_at is not None and not anyway:
                what = "{file} is older than the last time that something was forgotten here, and would bring it back"
                raise UsageError("forgotten-since", what, Remedy.SAY_YES, file=file)
            return agree(planned)

        with self._changing() as home:
            return restore(_path_or_stream(file), *_files(home), agreed, stop)


def _files(home: "Home") -> tuple[Path, Path]:
    """A home's store and settings."""
    return home.settings.home / STORED, home.settings.home / home.settings.file_name


def _path_or_stream(file: str | PathLike[str] | BinaryIO) -> Path | BinaryIO:
    return path_of(file) if isinstance(file, str | PathLike) else file

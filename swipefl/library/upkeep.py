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

    def backup(self, file: str | PathLike[str] | BinaryIO, stop: Stop = never) -> "BackupReport":
        """Writes all that the store holds, and the settings file, into one private file; others may write meanwhile.

        `file` is a path, or a binary stream. It is there whole or not at all, and may take the place of a backup of
        before, of nothing else. What was swiped is in it, and who this device is to its coordinator: keep it where only
        its owner can read. Raises UsageError, StoreError, and what `stop` says.
        """
        from swipefl.operations.backup import backup

        with self._opened() as home:
            report = backup(*_files(home), _path_or_stream(file), stop=stop)
            home.note_backup(report.made_at)
            return report

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
            report = restore(_path_or_stream(file), *_files(home), agreed, stop)
            if report is not None:
                home.note_backup(report.made_at)
            return report


def _files(home: "Home") -> tuple[Path, Path]:
    """A home's store and settings."""
    return home.settings.home / STORED, home.settings.home / home.settings.file_name


def _path_or_stream(file: str | PathLike[str] | BinaryIO) -> Path | BinaryIO:
    return path_of(file) if isinstance(file, str | PathLike) else file

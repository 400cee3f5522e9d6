"""Paths to the files that may hold swipes, and what of them could not be read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from swipefl.errors import DataError, Remedy
from swipefl.gesture.formats import archive, unreadable

SUFFIXES = (*archive.SUFFIXES, ".zip")
TOLD = 10  # files that could not be read, each with its reason


class Unreadable:
    """Files and folders that could not be read: how many, and of the first why."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[DataError] = []

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Inside, a DataError is noted, and ends the block alone."""
        try:
            yield
        except DataError as error:
            self.count += 1
            if len(self._first) < TOLD:
                self._first.append(error)

    def raise_if_any(self) -> None:
        """Raises DataError with all that was noted."""
        if self.count > 1:
            whys = "; ".join(map(str, self._first)) + ("; ..." if self.count > TOLD else "")
            raise DataError(
                "some-unreadable",
                "{count} of the files and folders could not be read ({whys})",
                Remedy.CHECK_PERMISSIONS,
                count=self.count,
                whys=whys,
            )
        for error in self._first:
            raise error


def name_of(source: Path | BinaryIO) -> str:
    """What errors call a file, or a stream that has a name of its own; any other is standard input."""
    name = source if isinstance(source, Path) else getattr(source, "name", None)
    return str(name) if isinstance(name, str | Path) and name != "<stdin>" else "standard input"


def files_of(path: Path, noted: Unreadable) -> Iterator[Path]:
    """A file itself; of a folder those in it and below that may hold swipes, and those that cannot be looked at."""
    if not os.path.isdir(path):
        yield path
        return
    waiting, found, before = [path], False, noted.count
    while waiting:
        folder = waiting.pop()
        with noted.noting():
            names, folders = _listed(folder)
            for file in filter(_may_be_read, (folder / name for name in names)):
                found = True
                yield file
            waiting += [folder / name for name in reversed(folders)]
    if not found and noted.count == before:
        with noted.noting():
            raise DataError(
                "empty-folder",
                "the folder {path} holds no swipes: no file that ends in {suffixes} (or these with .gz)",
                path=path,
                suffixes=", ".join(SUFFIXES),
            )


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """The names in a folder that files of swipes have, and those of its folders, in order. Raises DataError."""
    names, folders = [], []
    try:
        with os.scandir(folder) as inside:
            for entry in inside:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.name.lower().removesuffix(".gz").endswith(SUFFIXES):
                    names.append(entry.name)
    except OSError as error:
        raise unreadable(str(folder), error) from error
    return sorted(names), sorted(folders)


def _may_be_read(path: Path) -> bool:
    """Whether it is a file, and no pipe that may never end; where that cannot be seen, opening it says why."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True

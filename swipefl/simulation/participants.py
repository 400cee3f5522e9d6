"""The people of a file of swipes, one file each, so that no more than one of them at a time is in memory."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import orjson

from swipefl.database.files import make_folder, open_private
from swipefl.errors import DataError
from swipefl.gesture.formats import read_examples
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example


@dataclass(frozen=True)
class Participant:
    """One person: a number, and the file with the swipes."""

    number: int
    path: Path

    @property
    def size(self) -> int:
        """The bytes of the person's swipes."""
        return self.path.stat().st_size

    def examples(self) -> list[Example]:
        """The person's swipes in the order of the file that they came from."""
        return list(read_examples(self.path))


def participants_of(source: Path, folder: Path) -> list[Participant]:
    """The people of `source` as files in `folder`, in the order in which they come; whoever was there before is gone.

    Both are their owner's alone. Raises DataError where no gesture says whose it is.
    """
    if folder.exists():
        shutil.rmtree(folder)
    make_folder(folder)
    numbers: dict[str, int] = {}
    for example in read_examples(source):
        if (user := example.gesture.user) is None:
            continue
        number = numbers.setdefault(user, len(numbers))
        with open(open_private(_path(folder, number), os.O_WRONLY | os.O_APPEND), "wb") as file:
            file.write(orjson.dumps(to_line(example)) + b"\n")
    if not numbers:
        raise DataError(
            "no-users", "no gesture in {path} says whose it is; each needs a `user` to be somebody's", path=source
        )
    return [Participant(number, _path(folder, number)) for number in numbers.values()]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.jsonl"

"""Many clients out of few people: each one's swipes in pieces, again and again under new names, until there are enough.

python -m examples.flower.many train.jsonl.gz 10000 > many.jsonl
"""

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

import orjson

from swipefl.gesture.formats import read_examples
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example

PIECE = 12  # swipes of a client


def pieces(examples: Iterable[Example]) -> Iterator[list[Example]]:
    """Twelve swipes of one person after the other; what is left over of a person is left out."""
    begun: dict[str | None, list[Example]] = {}
    for example in examples:
        piece = begun.setdefault(example.gesture.user, [])
        piece.append(example)
        if len(piece) == PIECE:
            yield begun.pop(example.gesture.user)


def many(file: Path, clients: int) -> Iterator[Example]:
    """The swipes of so many clients, one client after the other."""
    found = list(islice(pieces(read_examples(file)), clients))
    for number, piece in enumerate(islice(cycle(found), clients)):
        for example in piece:
            yield dataclasses.replace(example, gesture=dataclasses.replace(example.gesture, user=f"client-{number}"))


def main() -> None:
    """Write them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("file", type=Path)
    asked.add_argument("clients", type=int)
    given = asked.parse_args()
    lines = (orjson.dumps(to_line(example)) + b"\n" for example in many(given.file, given.clients))
    sys.stdout.buffer.writelines(lines)


if __name__ == "__main__":
    main()

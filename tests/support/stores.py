"""Stores that a test fills."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from swipefl.gesture.gesture import GOOD, Example
from swipefl.store.gestures import HELD_OUT, TRAIN, Judged
from swipefl.store.store import Store
from tests.support.people import examples

RARE = "zyzzogeton"


def put(store: Store, some: list[Example], verdict: str = GOOD) -> int:
    with store.transaction():
        return store.gestures.add([Judged(example, verdict) for example in some]).stored


def renamed(example: Example, id: str) -> Example:
    return replace(example, gesture=replace(example.gesture, id=id))


def side(example: Example) -> str:
    return HELD_OUT if int.from_bytes(example.gesture.trace_hash()[:8], "big") % 5 == 0 else TRAIN


def train_uses(word: str, count: int, seed: int = 0) -> list[Example]:
    found = (e for e in examples(40 * count, seed=seed, words=(word,)) if side(e) == TRAIN)
    return list(itertools.islice(found, count))


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob("swipefl.db*"))


@contextmanager
def fresh_store() -> Iterator[tuple[Store, Path]]:
    """A store and the folder it lies in."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "swipefl.db") as store:
        yield store, Path(folder)

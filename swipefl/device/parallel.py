"""Many swipes decoded in several processes, each of which has the decoder once, in the order in which they came."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from swipefl.decoder.decoder import Decoder
from swipefl.errors import Remedy, WorkerLost
from swipefl.processes import in_order, workers

BATCH = 16  # swipes that travel together: a process waits 0.1 s for the next ones at most, and rarely
AHEAD = 2  # batches for each process

Item = TypeVar("Item")
Done = TypeVar("Done")
_held: dict[str, Any] = {}  # what this process was given to work with, if it is one of several


def spread(work: Callable[[Decoder, Item], Done], decoder: Decoder, items: Iterable[Item], jobs: int) -> Iterator[Done]:
    """What `work` makes of each item with the decoder, in order, in so many processes.

    No more is read ahead than keeps them busy. Raises what `work` does, and WorkerLost where a process was killed.
    """
    try:
        with workers(jobs, _take_up, partial(work, decoder)) as processes:
            for done in in_order(processes, _each, _batches(items), AHEAD * jobs):
                yield from done
    except BrokenProcessPool as error:
        killed = "one of {jobs} processes was killed, maybe for want of memory"
        raise WorkerLost("job-lost", killed, Remedy.FEWER_JOBS, jobs=jobs) from error


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _take_up(work: Callable[[Any], object]) -> None:
    _held["work"] = work


def _each(batch: list[Any]) -> list[Any]:
    return [_held["work"](item) for item in batch]

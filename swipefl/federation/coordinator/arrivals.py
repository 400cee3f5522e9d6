"""Updates that wait, as they are combined: read one at a time, and dropped where they fit the model no longer."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from swipefl.errors import BadUpdate, VersionConflict
from swipefl.federation.aggregation import Arrived
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Waiting
from swipefl.federation.update import Delta, Shapes, decode_update


class _UnfitError(Exception):
    """A waiting update that is none of the model that there is now."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(number, reason)
        self.number, self.reason = number, reason


def arrival(state: State, update: Waiting, newest: int, shapes: Shapes) -> Arrived:
    """An update that waits, late as seen from version `newest`; what reads it stands in a `dropping_unfit` block."""

    def read(only: str | None) -> Delta:
        try:
            return decode_update(state.updates.blob(update), shapes, only)
        except BadUpdate as error:
            raise _UnfitError(update.number, error.code) from error

    return Arrived(update.examples, newest - update.version, read)


@contextmanager
def dropping_unfit(state: State) -> Iterator[None]:
    """An update that is read inside and fits no longer is dropped, and VersionConflict raised.

    It fitted when it came; the others do not wait for one that never will again.
    """
    try:
        yield
    except _UnfitError as unfit:
        state.updates.drop(unfit.number)
        structlog.get_logger().warning("update dropped", number=unfit.number, reason=unfit.reason)
        raise VersionConflict("unfit-update", "an update of this round fits no longer") from unfit

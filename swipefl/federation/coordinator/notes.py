"""What is remembered of calls until it is written down, so that no number of calls keeps the writer busy."""

from collections.abc import Callable
from dataclasses import dataclass, field

from swipefl.federation.coordinator.devices import Calls
from swipefl.federation.coordinator.judged import Judgement, together


@dataclass(frozen=True)
class Noted:
    """What there is to write down: of devices by their ids, and of versions."""

    calls: dict[str, Calls] = field(default_factory=dict)
    judgements: tuple[Judgement, ...] = ()


class Notes:
    """Notes of one coordinator, in memory; `clock` gives unix seconds.

    A kill takes a few moments' counts. Any restart takes what fewer than `LEAST_DEVICES` said of a version, which they
    do not say again: on disk it would tell of each of them.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: dict[str, Calls] = {}
        self._judgements: dict[tuple[str, int], Judgement] = {}

    def called(self, device: str, taken: int = 0, refused: int = 0, stale: int = 0) -> None:
        """A device called, and maybe an update of it was taken, refused or stale."""
        self._calls[device] = _sum(self._calls.get(device), Calls(self._clock(), taken, refused, stale))

    def judged(self, judgement: Judgement) -> None:
        """A device that may said whether a version helped; what it said first of it counts."""
        self._judgements.setdefault((judgement.device, judgement.version), judgement)

    def taken(self) -> Noted:
        """What is to be written down now, and is here no longer.

        What fewer devices than are added together said of a version waits for others, here alone.
        """
        enough = together(self._judgements.values())
        noted = Noted(self._calls, tuple(j for spoken in enough.values() for j in spoken))
        self._calls = {}
        self._judgements = {key: j for key, j in self._judgements.items() if j.version not in enough}
        return noted

    def given_back(self, noted: Noted) -> None:
        """What was not written down waits on."""
        for device, calls in noted.calls.items():
            self._calls[device] = _sum(self._calls.get(device), calls)
        self._judgements |= {(j.device, j.version): j for j in noted.judgements}  # said before whatever came since


def _sum(some: Calls | None, more: Calls) -> Calls:
    if some is None:
        return more
    return Calls(
        max(some.seen_at, more.seen_at),
        some.taken + more.taken,
        some.refused + more.refused,
        some.stale + more.stale,
    )

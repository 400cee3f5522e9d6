"""`/api/v1/stats`: what is in the store, and what was gained."""

from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter

from swipefl.device.status import Status
from swipefl.errors import StoreBusy
from swipefl.library.device import Device
from swipefl.store.nights import Night
from swipefl.telling.sentences import night, said


@dataclass(frozen=True)
class ToldNight(Night):
    """A night, and what it did in a sentence without its full stop, as the journal has it."""

    said: str = ""


@dataclass(frozen=True)
class Stats(Status):
    """What `swipefl status --json` has, and the sentences that it begins with.

    `busy` says whether a training, a night or another change of this kind is under way, of whatever process.
    """

    busy: bool = False
    nights: tuple[ToldNight, ...] = ()
    said: tuple[str, ...] = ()


def routes(device: Device) -> APIRouter:
    """What `swipefl status` shows."""
    router = APIRouter(tags=["models"])

    @router.get("/stats", response_model=Stats)
    def stats() -> dict[str, Any]:
        """Swipes, models, nights, what was gained, what is shared."""
        status = device.status()
        nights = [asdict(one) | {"said": night(one)} for one in status.nights]
        return asdict(status) | {"nights": nights, "said": said(status), "busy": _is_busy(device)}

    return router


def _is_busy(device: Device) -> bool:
    try:
        device.check_free()
    except StoreBusy:
        return True
    return False

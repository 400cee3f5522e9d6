"""`/api/v1/stats`: what is in the store, and what was gained."""

from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter

from swipefl.device.status import Status
from swipefl.library.device import Device


@dataclass(frozen=True)
class Stats(Status):
    """What `swipefl status --json` has, and the sentences that it begins with."""

    said: tuple[str, ...] = ()


def routes(device: Device) -> APIRouter:
    """What `swipefl status` shows."""
    router = APIRouter(tags=["models"])

    @router.get("/stats", response_model=Stats)
    def stats() -> dict[str, Any]:
        """Swipes, models, nights, what was gained, what is shared."""
        return asdict(device.status()) | {"said": ()}

    return router

"""`/api/v1/stats`: what is in the store, and what was gained."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from swipefl.library.device import Device


def routes(device: Device) -> APIRouter:
    """What `swipefl status` shows."""
    router = APIRouter()

    @router.get("/stats")
    def stats() -> dict[str, Any]:
        """Swipes, models, nights, what was gained, what is shared."""
        return asdict(device.status())

    return router

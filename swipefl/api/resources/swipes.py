"""`/api/v1/swipes`: swipes with their words into the store, corrections and deletions too."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from swipefl.library.device import Device


def routes(device: Device) -> APIRouter:
    """What a keyboard hands over."""
    router = APIRouter()

    @router.post("/swipes", status_code=202)
    def add(swipe: dict[str, Any]) -> dict[str, Any]:
        """Stores one swipe; answered when it is on the disk."""
        return asdict(device.ingest([swipe]))

    return router

"""`/api/v1/lexicons`: the languages that there are words of."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from swipefl.api.schemas.answers import Lexicons
from swipefl.library.device import Device


def routes(device: Device) -> APIRouter:
    """The word lists of languages."""
    router = APIRouter(tags=["keyboards"])

    @router.get("/lexicons", response_model=Lexicons)
    def every() -> dict[str, Any]:
        """Every word list that is in use, by language."""
        return {"lexicons": [asdict(known) for known in device.lexicons.list()]}

    return router

"""`/health`: whether the server answers, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter

from swipefl.api.problems import problem_response
from swipefl.errors import SwipeflError
from swipefl.library.device import Device

SWIPE = {
    "keyboard": "qwerty",
    "width": 10,
    "height": 4,
    "coords": [{"x": 1.5, "y": 0.5, "t": 0.0}, {"x": 2.5, "y": 0.5, "t": 0.2}],
}


def routes(device: Device) -> APIRouter:
    """For whoever watches over it."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> dict[str, bool]:
        """It answers."""
        return {"live": True}

    @router.get("/ready", responses={200: {"model": dict[str, bool]}})
    def ready() -> Any:
        """The store opens and can be written to, and a model predicts; else what is wrong."""
        try:
            device.check_writable()
            device.keyboards.list()
            device.predict(SWIPE, top=1)
        except SwipeflError as error:
            return problem_response(error, 503)
        return {"ready": True}

    return router

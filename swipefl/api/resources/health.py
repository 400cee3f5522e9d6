"""`/health`: whether the server answers, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter, Request

from swipefl.api.guards.tokens import KNOWN
from swipefl.api.openapi import PROBLEM
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

    @router.get("/ready", responses={200: {"model": dict[str, bool]}, 503: {"content": PROBLEM}})
    def ready(request: Request) -> Any:
        """The store opens and can be written to, and a model predicts; else what is wrong, for who has the token."""
        try:
            device.check_writable()
            device.keyboards.list()
            device.predict(SWIPE, top=1)
        except SwipeflError as error:
            if not request.scope.get(KNOWN, True):  # it names the home, and with that the person
                error = type(error)("not-ready", "it cannot do its work just now; who has the token is told why")
            return problem_response(error, 503)
        return {"ready": True}

    return router

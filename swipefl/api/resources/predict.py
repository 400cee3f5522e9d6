"""`/api/v1/predict`: a gesture in, words out; nothing of it is kept."""

from typing import Any

from fastapi import APIRouter

from swipefl.library.device import Device
from swipefl.telling.plain import plain_candidates


def routes(device: Device) -> APIRouter:
    """The words that a gesture may mean."""
    router = APIRouter()

    @router.post("/predict")
    def predict(swipe: dict[str, Any], top: int = 5) -> dict[str, Any]:
        """The likeliest words for one gesture, also while the finger is still down."""
        return {"gesture_id": swipe.get("gesture_id"), "candidates": plain_candidates(device.predict(swipe, top=top))}

    return router

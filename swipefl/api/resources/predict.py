"""`/api/v1/predict`: a gesture in, words out; nothing of it is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import TypeAdapter

from swipefl.api.bodies import Described, LineRoute, fault_of
from swipefl.api.lanes import Lane
from swipefl.api.schemas.answers import Predicted
from swipefl.api.schemas.swipes import Asked
from swipefl.library.device import Device
from swipefl.telling.plain import plain_candidates, plain_frames

AT_ONCE = 2  # more would take each other's turns in one interpreter
MOST_TOP = 100
ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)


def routes(device: Device) -> APIRouter:
    """The words that a gesture may mean."""
    router = APIRouter(route_class=LineRoute, tags=["swipes"])
    lane = Lane(AT_ONCE)

    @router.post("/predict", response_model=Predicted, response_model_exclude_unset=True)
    async def predict(
        swipe: Annotated[Any, Body(), Described(Asked)],
        top: Annotated[int, Query(ge=1, le=MOST_TOP, description="How many words at most.", examples=[3])] = 5,
        explain: Annotated[bool, Query(description="Say what each score is the sum of.", examples=[True])] = False,
        sight: Annotated[bool, Query(description="Say what the model saw, frame by frame.", examples=[True])] = False,
    ) -> dict[str, Any]:
        """The likeliest words for one gesture, also while the finger is still down."""
        return await lane.run(_answer, device, swipe, top, explain, sight)

    return router


def _answer(device: Device, swipe: Any, top: int, explain: bool, sight: bool) -> dict[str, Any]:
    """Raises RejectedLine: what the reader of lines says is wrong, else what the schema does."""
    fault = fault_of(ASKED, swipe)
    if not isinstance(swipe, dict):
        raise fault
    looked = device.look(swipe, top=top) if sight else None
    candidates = looked.candidates if looked else device.predict(swipe, top=top)
    if fault:
        raise fault
    answer = {"gesture_id": swipe.get("gesture_id"), "candidates": plain_candidates(candidates, explain)}
    if looked is None:
        return answer
    seen = {"frames": plain_frames(looked.sight), "greedy": looked.sight.spelling}
    return answer | {"sight": seen | {"key_width": looked.key_width * _drawn(swipe, looked.gesture.width)}}


def _drawn(swipe: dict[str, Any], width: float) -> float:
    """How many of the units that were sent are one of those that the gesture was read in: both are pixels, mostly."""
    return (swipe.get("width") or width) / width

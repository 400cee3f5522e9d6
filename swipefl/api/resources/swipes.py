"""`/api/v1/swipes`: swipes with their words into the store, corrections and deletions too."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from swipefl.api.bodies import Described, LineRoute, fault_of
from swipefl.api.lanes import Lane
from swipefl.api.problems import problem_response
from swipefl.api.schemas.answers import Taken
from swipefl.api.schemas.swipes import MOST_BATCH, Deletion, Swipe
from swipefl.errors import DataError, RejectedLine
from swipefl.library.device import Device

SWIPE: TypeAdapter[Swipe] = TypeAdapter(Swipe)
DELETION: TypeAdapter[Deletion] = TypeAdapter(Deletion)
Batch = Annotated[list[Any], Field(min_length=1, max_length=MOST_BATCH, description="Each is judged on its own.")]
BATCH: TypeAdapter[list[Any]] = TypeAdapter(Batch)


def routes(device: Device) -> APIRouter:
    """What a keyboard hands over."""
    router = APIRouter(route_class=LineRoute, tags=["swipes"])
    lane = Lane(1)  # one writer at a time, as the store has it

    @router.post("/swipes", status_code=202, response_model=Taken)
    async def add(swipes: Annotated[Any, Body(), Described(Swipe | Deletion | Batch)]) -> Any:
        """Stores swipes with their words, takes back those that are deleted; answered when it is on the disk.

        The same swipe again is known, and with another word corrected. Private and partial ones are not stored. One
        that cannot be used keeps no other from being stored.
        """
        given = swipes if isinstance(swipes, list) else [swipes]
        if fault := fault_of(BATCH, given, DataError):
            raise fault
        report = await lane.run(device.hand_over, given, _fault)
        rejected = [{"index": one.index, "code": one.fault.code, "detail": str(one.fault)} for one in report.rejected]
        counts = {name: getattr(report, name) for name in Taken.model_fields if name != "rejected"}
        if len(rejected) == len(given):
            return _all_rejected(report.rejected[0].fault, counts | {"rejected": rejected})
        return counts | {"rejected": rejected}

    return router


def _fault(swipe: Any) -> RejectedLine | None:
    """What the schema says is wrong with what could be read."""
    is_deletion = "delete" in swipe and "coords" not in swipe
    fault: RejectedLine | None = fault_of(DELETION if is_deletion else SWIPE, swipe)
    return fault


def _all_rejected(first: RejectedLine, counts: dict[str, Any]) -> Response:
    return problem_response(first, 422, more=counts)

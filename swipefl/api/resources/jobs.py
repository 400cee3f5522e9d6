"""`/api/v1/train`, `/cycle` and `/jobs`: work in the background, its progress, and its end."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, HTTPException, Path
from starlette.responses import StreamingResponse

from swipefl.api.bodies import JsonRoute
from swipefl.api.jobs import Job, Jobs
from swipefl.api.schemas.jobs import JOB, MaybeJob, OneJob
from swipefl.api.schemas.requests import Rounds
from swipefl.jsonline import json_line

Id = Annotated[str, Path(pattern="^[0-9a-f]{16}$", examples=[JOB["id"]])]
STREAM = "text/event-stream"
EVENTS = {
    "description": "Events `progress`, `round` and `end`, each with the whole job as it is then; the last is `end`.",
    "content": {
        STREAM: {
            "schema": {"type": "string"},
            "examples": {"1": {"value": f"event: progress\ndata: {json_line(JOB)}\n\n"}},
        }
    },
}
AT_REST = ": still here\n\n"


def routes(jobs: Jobs) -> APIRouter:
    """Training, whole nights, and what became of them."""
    router = APIRouter(route_class=JsonRoute, tags=["jobs"])

    @router.post("/train", status_code=202, response_model=OneJob, responses={409: {}})
    def train() -> dict[str, Any]:
        """Trains a personal model, which is used only if it is better on swipes that are held out from training."""
        return {"job": asdict(jobs.start("train"))}

    @router.post("/cycle", status_code=202, response_model=OneJob, responses={409: {}})
    def cycle(rounds: Rounds) -> dict[str, Any]:
        """A night's work: trains, keeps what is better, and in a federation sends what it learned and fetches news."""
        return {"job": asdict(jobs.start("cycle", rounds.rounds))}

    @router.get("/jobs/current", response_model=MaybeJob)
    def current() -> dict[str, Any]:
        """The job that runs, or was the last one."""
        job = jobs.current()
        return {"job": asdict(job) if job else None}

    @router.delete("/jobs/current", include_in_schema=False)
    def cancel_which() -> None:
        """It is to be said which: the one that was meant may be over, and another one run."""
        raise HTTPException(405, headers={"Allow": "GET"})

    @router.get("/jobs/{id}", response_model=OneJob, responses={404: {}})
    def one(id: Id) -> dict[str, Any]:
        """One of the last jobs."""
        return {"job": asdict(jobs.get(id))}

    @router.delete("/jobs/{id}", status_code=202, response_model=OneJob, responses={404: {}})
    def cancel(id: Id) -> dict[str, Any]:
        """Ends a job; what it had finished is kept. One that is over stays as it is."""
        return {"job": asdict(jobs.cancel(id))}

    @router.get("/jobs/{id}/events", response_class=StreamingResponse, responses={200: EVENTS, 404: {}})
    async def events(id: Id) -> StreamingResponse:
        """What happens in a job, as it happens, to any number of watchers."""
        jobs.get(id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_lines(jobs.events(id)), media_type=STREAM, headers=headers)

    return router


async def _lines(events: AsyncIterator[tuple[str, Job] | None]) -> AsyncIterator[str]:
    async for event in events:
        yield AT_REST if event is None else f"event: {event[0]}\ndata: {json_line(asdict(event[1]))}\n\n"
        await anyio.sleep(0)  # whoever goes away is let go of, however fast events come

"""The application: every resource of a device under /api/v1, and the page."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from swipefl import __version__
from swipefl.api import openapi, problems
from swipefl.api.jobs import Jobs
from swipefl.api.metrics import Metrics
from swipefl.api.resources import (
    data,
    health,
    jobs,
    keyboards,
    lexicons,
    metrics,
    models,
    pictures,
    practice,
    predict,
    stats,
    swipes,
    words,
)
from swipefl.library.device import Device

PAGE = Path(__file__).parent / "page"


def app_of(device: Device) -> FastAPI:
    """All that `swipefl serve` answers, of one device, which the caller closes."""
    app = FastAPI(
        title="swipefl",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page is made of scripts from a network
        redoc_url=None,
    )
    app.state.jobs = Jobs(device)
    app.include_router(jobs.routes(app.state.jobs), prefix="/api/v1")
    for resource in (data, keyboards, lexicons, models, pictures, practice, predict, stats, swipes, words):
        app.include_router(resource.routes(device), prefix="/api/v1")
    app.include_router(health.routes(device))
    app.state.metrics = Metrics()
    app.include_router(metrics.routes(app.state.metrics, lambda: _job_state(app.state.jobs)))
    app.openapi = openapi.told(app.openapi)  # type: ignore[method-assign]
    problems.install(app)
    app.mount("/", _Page(directory=PAGE, html=True))
    return app


class _Page(StaticFiles):
    """The page's files, each whole: they are small, and a wrong range would be answered by no problem."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [field for field in scope["headers"] if field[0] != b"range"]
        if scope["method"] not in ("GET", "HEAD"):  # as starlette does it, which once did not say what it takes
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        await super().__call__({**scope, "headers": headers}, receive, send)


def _job_state(jobs_here: Jobs) -> str | None:
    return job.state if (job := jobs_here.current()) else None

"""`/metrics`: what was counted, for Prometheus."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from swipefl.api.metrics import Metrics


def routes(metrics: Metrics, job_state: Callable[[], str | None]) -> APIRouter:
    """What `metrics` counted, and what the last job does."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    def exposed() -> Response:
        """Prometheus' text."""
        metrics.show_job(job_state())
        return Response(generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return router

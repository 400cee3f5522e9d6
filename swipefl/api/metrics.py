"""What a server counts, for Prometheus: requests by their route, predictions, swipes. Never a word, a name or an id."""

import time
from collections.abc import Iterable

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STATES = ("running", "done", "failed", "cancelled")
PREDICT, SWIPES = "/api/v1/predict", "/api/v1/swipes"


class Metrics:
    """Counters of one server in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "swipefl_requests", "Requests by outcome.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "swipefl_request_seconds",
            "Seconds until an answer begins.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.predictions = Counter("swipefl_predictions", "Swipes that words were found for.", registry=self.registry)
        self.swipes = Counter("swipefl_stored_swipes", "Swipes that were stored.", registry=self.registry)
        self.job = Gauge(
            "swipefl_job",
            "1 for what the last job of training does or has come to.",
            ("state",),
            registry=self.registry,
        )

    def show_job(self, state: str | None) -> None:
        """What the last job does, None where there was none."""
        for each in STATES:
            self.job.labels(each).set(each == state)


class Counting:
    """Counts each request that `app` is asked, by which of the `routes` its path fits (`/api/v1/keyboards/{name}`)."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Iterable[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = [(compile_path(route)[0], route) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status, route = time.perf_counter(), 0, self._route(scope["path"])

        async def counting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._count(scope["method"], route, status, time.perf_counter() - began)
            elif status == 202 and route == SWIPES:
                self._metrics.swipes.inc(orjson.loads(message["body"])["stored"])
            await send(message)

        await self._app(scope, receive, counting)

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if route == PREDICT and status == 200:
            self._metrics.predictions.inc()

    def _route(self, path: str) -> str:
        """The route of a path, and never the path: what stands there may be somebody's."""
        return next((route for pattern, route in self._routes if pattern.match(path)), "page")

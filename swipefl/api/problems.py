"""What is wrong, as every answer says it: RFC 9457's problem+json, with the kind of the exit code.

No problem and no line of a log has anything in it of what was sent: no word, no point, no value.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swipefl.api.schemas import NAMES
from swipefl.errors import RejectedLine, SwipeflError, UsageError
from swipefl.jsonline import json_line

PROBLEM = "application/problem+json"
KINDS = {
    1: "bug",
    2: "usage",
    3: "data",
    4: "checkpoint",
    5: "store",
    6: "unreachable",
    7: "refused",
    8: "busy",
}  # of the exit codes, as the README names them
RETRY_AFTER_S = 5
_OF_THE_HOME = (4, 5)  # a model's or a store's fault, and nobody's who asked
_STATUS = {
    "usage": 422,
    "data": 422,
    "checkpoint": 500,
    "store": 500,
    "unreachable": 502,
    "refused": 502,
    "busy": 503,
    "bug": 500,
}
_STATUS_OF_CODE = {  # where the kind alone does not tell
    "bad-json": 400,
    "broken-json": 400,
    "not-found": 404,
    "unknown-id": 404,
    "unknown-keyboard": 404,
    "unknown-checkpoint": 404,
    "no-global": 404,
    "method-not-allowed": 405,
    "name-taken": 409,
    "keyboard-in-use": 409,
    "job-runs": 409,
    "held": 409,
    "too-large": 413,
    "no-json": 415,
    "packed": 415,
    "disk-full": 507,
}


class Bug(SwipeflError):
    """What nobody foresaw, as whoever asked hears of it."""

    def __init__(self) -> None:
        super().__init__("bug", "swipefl has a bug here; what was stored before is intact")


class Busy(SwipeflError):
    """The server has too much to do to take this up now."""

    exit_code = 8


def plain_problem(error: SwipeflError, status: int | None = None) -> dict[str, Any]:
    """An error as an object of JSON."""
    remedy = error.remedy.name if error.remedy else None
    return plain(error.exit_code, error.code, str(error), remedy, status or status_of(error))


def plain(exit_code: int, code: str, detail: str, remedy: str | None, status: int | None = None) -> dict[str, Any]:
    """What is known of an error as an object of JSON; of a job the status is the one that its kind has."""
    kind = KINDS.get(exit_code, "bug")
    status = status or _STATUS[kind]
    title = HTTPStatus(status).phrase
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    return said | {"kind": kind, "exit_code": exit_code, "remedy": remedy}


def status_of(error: SwipeflError) -> int:
    """The HTTP status of an error: by its code where that has one of its own, else by its kind."""
    if isinstance(error, RejectedLine) and error.code != "broken-json":  # a swipe may be of an unknown keyboard, too
        return 422
    return _STATUS_OF_CODE.get(error.code) or _STATUS[KINDS.get(error.exit_code, "bug")]


def problem_response(
    error: SwipeflError,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """An error as an answer; `more` fields beside its own."""
    plain = plain_problem(error, status) | dict(more or {})
    said = dict(headers or {})
    if plain["status"] in (429, 503):
        said.setdefault("Retry-After", str(RETRY_AFTER_S))
    return Response(json_line(plain), plain["status"], said, PROBLEM)


def install(app: FastAPI) -> None:
    """Has every error of the application answered as a problem, bugs too; call it before the page is mounted."""
    app.add_exception_handler(SwipeflError, _of_swipefl)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_middleware(Bugs)
    app.mount("/api", _Nothing(app))


class Bugs:
    """Answers what nobody foresaw, and logs its kind and its place, and nothing of what it says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log_bug(error)
            if not has_begun and scope["type"] == "http":
                await problem_response(Bug())(scope, receive, send)


def log_bug(error: BaseException) -> None:
    """A line that says which kind of error came up where."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    logging.getLogger(__name__).error(f"a bug, {type(error).__name__} in {where}")


class _Nothing:
    """What no resource answers: another method than it has, or no resource at all."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        allowed = sorted(_methods(self._app, scope["path"]))
        if not allowed:
            answer = problem_response(UsageError("not-found", "there is nothing at this address"))
        else:
            error = UsageError("method-not-allowed", "this address takes {allowed}", allowed=", ".join(allowed))
            answer = problem_response(error, headers={"Allow": ", ".join(allowed)})
        await answer(scope, receive, send)


def _methods(app: FastAPI, path: str) -> set[str]:
    """What the resource of an address may be asked."""
    known = {app.openapi_url: ("get",), **app.openapi()["paths"]}
    found = known.get(path) or next((of for at, of in known.items() if compile_path(str(at))[0].match(path)), ())
    return {method.upper() for method in found}


async def _of_swipefl(request: Request, error: Exception) -> Response:
    if not isinstance(error, SwipeflError):
        return problem_response(Bug())
    if error.exit_code in _OF_THE_HOME:
        logging.getLogger(__name__).error(f"{KINDS[error.exit_code]}, {error.code}")  # ten a minute are written
    return problem_response(error)


async def _of_request(request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else ()
    return problem_response(invalid(errors))


async def _of_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return problem_response(Bug())
    if error.status_code == 404:
        wrong = UsageError("not-found", "there is nothing at this address")
    elif error.status_code == 405:
        wrong = UsageError("method-not-allowed", "this address takes another method")
    else:
        phrase = HTTPStatus(error.status_code).phrase
        wrong = UsageError("bad-request", "{phrase}", phrase=phrase)
    return problem_response(wrong, error.status_code, error.headers)


def invalid(faults: Sequence[Mapping[str, Any]], of: type[SwipeflError] = UsageError) -> SwipeflError:
    """The error for what does not fit its schema, of which the first fault is told: where it is, and what is wanted.

    Where names only those of swipefl's own fields: what was sent may have words for names.
    """
    first = _nearest(faults)[0]
    at = [part for part in first["loc"][1:] if isinstance(part, int) or part in NAMES]
    if "prior" in at:  # whose names are words
        at = ["prior"]
    return of("bad-field", "{at}: {why}", at=".".join(map(str, at)) or "the request", why=first["msg"])


def _nearest(faults: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Of what may be one thing or another the faults of that which it has the fewest of."""
    by_kind: dict[Any, list[Mapping[str, Any]]] = {}
    for fault in faults:
        by_kind.setdefault(fault["loc"][1] if len(fault["loc"]) > 1 else None, []).append(fault)
    kinds = [of_kind for kind, of_kind in by_kind.items() if kind not in NAMES and isinstance(kind, str)]
    return min(kinds, key=len) if kinds else faults

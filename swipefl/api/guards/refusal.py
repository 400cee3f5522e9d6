"""How a guard says no."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from swipefl.errors import SwipeflError

CLOSING = {"Connection": "close"}  # where it is not sure where the next request begins
KINDS = {2: "usage", 3: "data", 8: "busy"}


class Busy(SwipeflError):
    """The server has too much to do to take this up now."""

    exit_code = 8


def refusal(status: int, error: SwipeflError, headers: Mapping[str, str] | None = None) -> Response:
    """An answer (problem+json) that says why a request was not let in."""
    said = {
        "type": "about:blank",
        "title": error.code,
        "status": status,
        "detail": str(error),
        "code": error.code,
        "kind": KINDS[error.exit_code],
        "exit_code": error.exit_code,
        "remedy": error.remedy.name if error.remedy else None,
    }
    return Response(orjson.dumps(said), status, dict(headers or {}), "application/problem+json")

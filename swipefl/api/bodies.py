"""The body of a request: JSON as RFC 8259 has it, each name once, read as a line of a log is."""

import json
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ClassVar

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.responses import Response

from swipefl.api.lanes import Lane
from swipefl.api.problems import invalid
from swipefl.errors import RejectedLine, SwipeflError, UsageError
from swipefl.gesture.formats.reading import parsed

SMALL = 1 << 15  # bytes, which are read in a millisecond or two

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRoute(APIRoute):
    """A route whose body, where it has one, is JSON and nothing else, with objects of `most_names` names at most."""

    most_names: ClassVar[int] = 1_000  # FastAPI judges each of them while everybody else waits

    def get_route_handler(self) -> Handler:
        """The handler, which is given a body that was read; large ones are read one by one, beside all else."""
        handle = super().get_route_handler()
        lane = Lane(1)

        async def strict(request: Request) -> Response:
            if self.body_field is None:
                return await handle(request)
            check_type(request)
            body = await request.body()
            is_small = len(body) <= SMALL
            read = partial(json_of, body, self.most_names)
            return await handle(_Read(request, read() if is_small else await lane.run(read)))

        return strict


class LineRoute(JsonRoute):
    """One whose body is a line of swipes, or more of them: a `prior` has many words for names."""

    most_names = 1 << 15


class _Read(Request):
    """A request whose body was read."""

    def __init__(self, request: Request, value: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._body = getattr(request, "_body", b"")
        self._value = value

    async def json(self) -> Any:
        """The value of the body."""
        return self._value


class Described:
    """In `Annotated[Any, Described(T)]`: OpenAPI says T, the value comes as it was sent, `fault_of` judges it."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Takes anything."""
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """What is described."""
        return handler(TypeAdapter(self._of).core_schema)


def check_type(request: Request) -> None:
    """Raises UsageError for a body that does not say that it is JSON, or is packed; a field may come more than once."""
    types = [type_.partition(";")[0].strip().lower() for type_ in request.headers.getlist("content-type")]
    if types != ["application/json"]:
        raise UsageError("no-json", "the body has to be JSON, and its Content-Type application/json")
    if any(packing.strip().lower() != "identity" for packing in request.headers.getlist("content-encoding")):
        raise UsageError("packed", "the body must not be packed")


def json_of(body: bytes, most_names: int = LineRoute.most_names) -> Any:
    """The value of a body. Raises UsageError, `bad-json`, and never says what is in it."""
    if not body.strip():
        raise UsageError("bad-json", "the body is empty")
    try:
        value = parsed(body)
        json.loads(body, object_pairs_hook=partial(_check_names, most=most_names))
    except RejectedLine as error:
        why = "numbers must be finite" if error.code == "not-finite" else str(error).replace("the line", "the body")
        raise UsageError("bad-json", "{why}", why=why) from None
    except (ValueError, RecursionError):
        raise UsageError("bad-json", "the body is not valid JSON") from None
    return value


def _check_names(pairs: list[tuple[str, Any]], most: int) -> None:
    if len(pairs) > most:
        raise UsageError("bad-json", "an object may have {most} names at most", most=most)
    if len({name for name, _ in pairs}) < len(pairs):
        raise UsageError("bad-json", "a name stands twice in one object")


def fault_of(adapter: TypeAdapter[Any], value: Any, error: type[SwipeflError] = RejectedLine) -> Any:
    """What is wrong with a value that is to fit a schema; None where it does."""
    try:
        adapter.validate_python(value)
    except ValidationError as wrong:
        faults = wrong.errors(include_url=False, include_context=False, include_input=False)
        return invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in faults], error)
    return None

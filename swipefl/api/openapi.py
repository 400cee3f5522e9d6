"""What OpenAPI says of all operations alike: the problems that any may answer, and examples out of the schemas."""

from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from swipefl.api.schemas.answers import Problem

EVER = (400, 401, 403, 404, 421, 422, 429, 500, 503)
OF_BODIES = (413, 415, 507)
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
Plain = dict[str, Any]
_PLAIN = {"string": "text", "integer": 1, "number": 0.5, "boolean": False, "null": None, "object": {}, "array": []}


def told(made: Callable[[], Plain]) -> Callable[[], Plain]:
    """What makes the document of an application, with that in it; `made` is what FastAPI makes it with."""

    @cache
    def document() -> Plain:
        plain = made()
        schemas = plain.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = models_json_schema([(Problem, "validation")])[1]["$defs"]["Problem"]
        plain["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        for path, operations in plain["paths"].items():
            if path.startswith("/api/"):
                for operation in operations.values():
                    operation["security"] = [{"token": []}, {}]  # none where only this machine reaches it
                    _finish(operation, schemas)
        return plain

    return document


def _finish(operation: Plain, schemas: Plain) -> None:
    has_body = "requestBody" in operation
    answers = operation["responses"]
    for status in sorted({*map(int, answers), *EVER, *(OF_BODIES if has_body else ())}):
        if status >= 400:
            answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": PROBLEM}
    contents = [operation["requestBody"]["content"]] if has_body else []
    contents += [answer["content"] for status, answer in answers.items() if int(status) < 400 and "content" in answer]
    for content in contents:
        for media in content.values():
            found = list(_examples(media.get("schema", {}), schemas))
            if found and "examples" not in media:
                media["examples"] = {str(number): {"value": value} for number, value in enumerate(found, 1)}


def _examples(schema: Plain, schemas: Plain) -> Iterator[Any]:
    """The examples of a schema: its own, those of what it may be, or one put together of its parts'."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        schema = schemas[name]
    if "examples" in schema:
        yield from schema["examples"]
    elif "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from _examples(one, schemas)
    elif schema.get("items"):
        yield [next(_examples(schema["items"], schemas))]
    elif "properties" in schema:
        yield {name: next(_examples(one, schemas)) for name, one in schema["properties"].items()}
    elif schema.get("type") in _PLAIN:
        yield _PLAIN[schema["type"]]

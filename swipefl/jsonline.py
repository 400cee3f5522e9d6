"""JSON as swipefl writes it: one object on one line, of nothing that JSON and Unicode do not have."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

HALF = re.compile("[\ud800-\udfff]")  # of a character: what the bytes of a file name become that are not UTF-8


def json_line(data: Mapping[str, Any]) -> str:
    """`data` on one line; null for a number that is not finite, U+FFFD for half a character, its repr for an object."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError):  # which is rare, and looking for it costs more than writing
        return json.dumps(_plain(data), ensure_ascii=False, allow_nan=False)
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, int) else _plain(repr(value))


def _key(key: Any) -> Any:
    return _plain(key if isinstance(key, str | int | float | None) else repr(key))

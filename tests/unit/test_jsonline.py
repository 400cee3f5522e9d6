"""JSON lines: whatever they are made of, they are JSON, UTF-8 and one line."""

import json
import math
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.jsonline import json_line

OBJECTS = st.just(Path("a\udcff")) | st.binary() | st.sets(st.floats()) | st.builds(object) | st.complex_numbers()
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | OBJECTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner))


def no_json(constant: str) -> Any:
    raise AssertionError(constant)


@given(st.dictionaries(st.text(st.characters()), VALUES))
def test_every_line_is_json_that_any_reader_takes(data: dict[str, Any]) -> None:
    text = json_line(data)
    assert "\n" not in text
    text.encode()
    json.loads(text, parse_constant=no_json)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.booleans()))
def test_what_json_has_comes_back_as_it_was(data: dict[str, Any]) -> None:
    assert orjson.loads(json_line(data)) == data


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_null_wherever_it_stands(number: float) -> None:
    line = json_line({"a": number, "b": [1.5, number], "c": ({"d": number},)})
    assert json.loads(line) == {"a": None, "b": [1.5, None], "c": [{"d": None}]}
    assert json_line({"a\udcff": "b\udcff"}) == '{"a\ufffd": "b\ufffd"}'


def test_what_json_has_not_is_told_as_python_writes_it() -> None:
    data = {"error": ValueError("no\udcff"), "where": [Path("a")], ("a", 1): b"b"}
    line = json.loads(json_line(data))
    assert line == {"error": repr(ValueError("no\udcff")), "where": [repr(Path("a"))], "('a', 1)": "b'b'"}

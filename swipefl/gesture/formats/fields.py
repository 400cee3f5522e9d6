"""What a line says beside its gesture: what evaluations are grouped by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from swipefl.errors import Remedy, UsageError
from swipefl.gesture.gesture import Example

ABSENT = "(none)"  # the name of the group of lines that lack the field
MOST_NAME = 200  # characters


def facts_of(example: Example) -> dict[str, Any]:
    """What is known of an example whatever file it came from: the fields that held-out swipes have too."""
    gesture = example.gesture
    own = {"user": gesture.user, "keyboard": gesture.keyboard.name, "language": list(gesture.written_in)}
    return own | {"word": example.word, "width": gesture.width, "height": gesture.height}


def held_out_by(examples: Iterable[Example], name: str) -> Iterator[tuple[Example, str]]:
    """Examples, each with its group by one of the facts that are kept of all. Raises UsageError, `no-field`."""
    for example in examples:
        facts = facts_of(example)
        if name not in facts:
            known = ", ".join(facts)
            raise UsageError("no-field", "stored swipes are grouped by {known}; a file's by any field", known=known)
        yield example, group_of(facts, name)


def group_of(fields: Mapping[str, Any], name: str) -> str:
    """The group by field `name` of a line with these fields; ABSENT where it has none, or null.

    A keyboard that stands in the line counts by its name. Raises UsageError, `no-group`, for what is no text, number,
    yes or no, or list of texts.
    """
    value = fields.get(name)
    if isinstance(value, Mapping):
        value = value.get("name")
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = ",".join(value) or None
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise UsageError("no-group", "field {field!r} is no text, number or yes or no", Remedy.CHOOSE_FIELD, field=name)
    return str(value)[:MOST_NAME]

"""The keyboard that a flag names, or the many of a file of grids."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from swipefl.device.keyboards import MOST_FILE, keyboard_of
from swipefl.gesture.formats import OwnKeyboard, read_gestures
from swipefl.gesture.keyboard import Keyboard, content_name

Find = Callable[[str], Keyboard]


def keyboards_of(name_or_file: str | None, find: Find) -> tuple[Keyboard | None, Find]:
    """The keyboard of gestures that do not say, if one is named, and what finds those that they name.

    A file of grids, `{name: grid}`, has one for each name and none for gestures that name none. Raises UsageError.
    """
    if not name_or_file:
        return None, find
    grids = _grids(Path(name_or_file), find)
    return (None, lambda name: grids.get(name) or find(name)) if grids else (keyboard_of(name_or_file, find), find)


def _grids(path: Path, find: Find) -> dict[str, Keyboard]:
    """The keyboards of a file of grids, each called after its content: another file has others of the same names."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_FILE:
            return {}
        with path.open("rb") as stream:
            entries = list(read_gestures(stream, str(path), None, None, find))
    except OSError:  # which is told where it is read as a keyboard
        return {}
    known = [entry.keyboard for entry in entries if isinstance(entry, OwnKeyboard)]
    return {keyboard.name: replace(keyboard, name=content_name(keyboard)) for keyboard in known}

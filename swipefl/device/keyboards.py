"""The layouts that are known here."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from swipefl.errors import UsageError
from swipefl.gesture.keyboard import Keyboard, checked_keyboard, keyboard_from_json
from swipefl.gesture.language import Languages

if TYPE_CHECKING:  # to find a keyboard needs none
    from swipefl.store.store import Store

MOST_FILE = 1 << 20  # bytes; 200 keys take 40 KB


@dataclass(frozen=True)
class KeyboardReport:
    """A keyboard's name, its languages (none: the person's) and how many letter keys it has."""

    name: str
    languages: Languages
    keys: int


def known_keyboards(store: "Store") -> list[KeyboardReport]:
    """Every keyboard, those of the package first. Raises StoreError."""
    return [_report(keyboard) for keyboard in store.keyboards.all()]


def add_keyboard(store: "Store", file: Path, name: str | None = None) -> KeyboardReport:
    """Makes a keyboard known, by what its file or `name` calls it.

    Raises UsageError for a file that cannot be read or holds none, and for a name that is another's; StoreError.
    """
    keyboard = read_keyboard(file)
    if name is not None:
        keyboard = checked_keyboard(replace(keyboard, name=name))
    with store.transaction():
        store.keyboards.add(keyboard)
    return _report(keyboard)


def keyboard_of(name_or_file: str, find: Callable[[str], Keyboard]) -> Keyboard:
    """The keyboard of a name, or of a JSON file. Raises UsageError."""
    path = Path(name_or_file)
    return read_keyboard(path) if path.is_file() else find(name_or_file)


def read_keyboard(path: Path) -> Keyboard:
    """The keyboard in a JSON file, named after the file unless it says its name. Raises UsageError."""
    if not path.is_file():
        raise UsageError("no-such-file", "there is no file {path}", path=path)
    unreadable = "cannot read the keyboard file {path}: {why}"
    try:
        with path.open("rb") as file:
            text = file.read(MOST_FILE + 1)
        data = orjson.loads(text.removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise UsageError("unreadable-keyboard", unreadable, path=path, why=error.strerror) from error
    except orjson.JSONDecodeError as error:
        why = "it has more than 1 MB" if len(text) > MOST_FILE else f"it is not valid JSON ({error})"
        raise UsageError("unreadable-keyboard", unreadable, path=path, why=why) from error
    return keyboard_from_json(data, name=path.stem)


def _report(keyboard: Keyboard) -> KeyboardReport:
    return KeyboardReport(keyboard.name, keyboard.languages, len(keyboard.keys))

"""The layouts that are known here."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import (
    Given,
    Keyboard,
    checked_keyboard,
    content_name,
    given_keyboard,
    is_built_in,
    keyboard_of_rows,
)
from swipefl.gesture.keyboards.rows import rows_of_lines
from swipefl.gesture.language import Languages

if TYPE_CHECKING:  # to find a keyboard needs none
    from swipefl.store.store import Store

MOST_FILE = 1 << 20  # bytes; 200 keys take 40 KB


@dataclass(frozen=True)
class KeyboardReport:
    """A keyboard's name, its languages (none: the person's), how many letter keys it has, and whether it is one's own.

    `left_out` is what stands on keys that type no letter, where it has just been added.
    """

    name: str
    languages: Languages
    keys: int
    own: bool
    left_out: tuple[str, ...] | None = None


def known_keyboards(store: "Store") -> list[KeyboardReport]:
    """Every keyboard, those of the package first. Raises StoreError."""
    return [_report(keyboard) for keyboard in store.keyboards.all()]


def add_keyboard(store: "Store", file: Path, name: str | None = None, languages: Languages = ()) -> KeyboardReport:
    """Makes a keyboard known, by what its file or `name` calls it; `languages` count before the file's.

    Raises UsageError for a file that cannot be read or holds none, and for a name that is another's; StoreError.
    """
    return _add_named(store, _read(file), name, languages)


def add_given(store: "Store", data: Any, name: str | None = None, languages: Languages = ()) -> KeyboardReport:
    """Makes a keyboard known by what would stand in a file of it. Raises UsageError, StoreError."""
    return _add_named(store, given_keyboard(data), name, languages)


def add_rows(store: "Store", rows: str, name: str | None = None, languages: Languages = ()) -> KeyboardReport:
    """Makes a keyboard known by its rows of letters. Raises UsageError, StoreError.

    Without a name it is called after its letters, or if that is another's name after its content.
    """
    given = keyboard_of_rows(rows, languages, name or "")
    try:
        return _add(store, given, bool(languages))
    except UsageError as error:
        if name or error.code != "name-taken":
            raise
    return _add(
        store, replace(given, keyboard=replace(given.keyboard, name=content_name(given.keyboard))), bool(languages)
    )


def remove_keyboard(store: "Store", name: str) -> None:
    """Forgets a keyboard of one's own. Raises UsageError if it is the package's or swipes refer to it, StoreError."""
    with store.transaction():
        store.keyboards.remove(name)


def keyboard_of(name_or_file: str, find: Callable[[str], Keyboard]) -> Keyboard:
    """The keyboard of a name, or of a file. Raises UsageError."""
    path = Path(name_or_file)
    return _read(path).keyboard if path.is_file() else find(name_or_file)


def _add_named(store: "Store", given: Given, name: str | None, languages: Languages) -> KeyboardReport:
    keyboard = replace(
        given.keyboard, name=name or given.keyboard.name, languages=languages or given.keyboard.languages
    )
    return _add(store, replace(given, keyboard=keyboard), bool(languages))


def _add(store: "Store", given: Given, insist: bool) -> KeyboardReport:
    """Adds a keyboard, and where one insists on its languages gives them to a known one that is otherwise the same."""
    keyboard = checked_keyboard(given.keyboard)
    if keyboard.name in (".", "..") or not keyboard.name.strip() or not keyboard.name.isprintable():
        what = "a keyboard's name is a line of text, and neither . nor .."
        raise UsageError("bad-name", what, Remedy.CHOOSE_NAME)
    with store.transaction():
        known = store.keyboards.find(keyboard.name)
        if known and is_built_in(known) and known != replace(keyboard, languages=keyboard.languages or known.languages):
            why = "swipefl brings another keyboard named {name!r}"
            raise UsageError("name-taken", why, Remedy.CHOOSE_NAME, name=keyboard.name)
        if known and insist:
            store.keyboards.set_languages(keyboard)
        else:
            store.keyboards.add(keyboard)
        added = store.keyboards.get(keyboard.name)
    return replace(_report(added), left_out=given.left_out)


def _read(path: Path) -> Given:
    """The keyboard in a file, named after the file unless it says its name. Raises UsageError."""
    if not path.is_file():
        raise UsageError("no-such-file", "there is no file {path}", path=path)
    unreadable = "cannot read the keyboard file {path}: {why}"
    try:
        with path.open("rb") as file:
            text = file.read(MOST_FILE + 1)
        data = _parsed(text.removeprefix(codecs.BOM_UTF8), path.suffix)
    except OSError as error:
        raise UsageError("unreadable-keyboard", unreadable, path=path, why=error.strerror) from error
    except (orjson.JSONDecodeError, UnicodeDecodeError) as error:
        why = "it has more than 1 MB" if len(text) > MOST_FILE else f"it is not valid JSON ({error})"
        raise UsageError("unreadable-keyboard", unreadable, path=path, why=why) from error
    return given_keyboard(data, name=path.stem)


def _parsed(text: bytes, suffix: str) -> Any:
    """JSON, or rows with a label a line."""
    return rows_of_lines(text[:MOST_FILE].decode()) if suffix == ".txt" else orjson.loads(text)


def _report(keyboard: Keyboard) -> KeyboardReport:
    return KeyboardReport(keyboard.name, keyboard.languages, len(keyboard.keys), not is_built_in(keyboard))

"""`device.keyboards`: the layouts that are known."""

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from swipefl.errors import UsageError
from swipefl.library.checks import check_texts, path_of
from swipefl.library.part import Part

if TYPE_CHECKING:
    from swipefl.device.keyboards import KeyboardReport
    from swipefl.gesture.keyboard import Keyboard


class Keyboards(Part):
    """The keyboards of `device.keyboards`: key geometry, of any layout and alphabet."""

    def list(self) -> "tuple[KeyboardReport, ...]":
        """Every keyboard that is known, those of the package first. Raises StoreError."""
        from swipefl.device.keyboards import known_keyboards

        with self._opened() as home, home.store() as store:
            return tuple(known_keyboards(store))

    def show(self, name: str) -> "Keyboard":
        """One keyboard with its keys; `to_json()` of it is what `add` reads of a file.

        Raises UsageError for a name that is none's, StoreError.
        """
        with self._opened() as home, home.store() as store:
            return store.keyboards.get(name)

    def add(
        self,
        file: "str | PathLike[str] | Mapping[str, Any] | None" = None,
        rows: str | None = None,
        language: str | None = None,
        name: str | None = None,
    ) -> "KeyboardReport":
        """Makes a keyboard known: by the `file` of its keys, or by its `rows` of letters.

        A file is JSON with width, height and keys, each with letter, x, y, width, height; many other programs' files
        are read too; a dict of that is taken in place of a file. Rows are such as "azertyuiop qsdfghjklm wxcvbn".
        `language` says what is written on it, as "de" or "de,en", else what the person writes in; `name` is what it is
        called, else what its file or its letters say.
        The report names the keys that type no letter and were left out.
        Raises UsageError for what is no keyboard, and for a name that is another's; StoreError.
        """
        from swipefl.device.keyboards import add_given, add_keyboard, add_rows
        from swipefl.device.languages import said_languages

        check_texts(True, rows=rows, name=name)
        languages = said_languages(language)
        if isinstance(file, Mapping) and rows is None:
            with self._changing() as home, home.store() as store:
                return add_given(store, file, name, languages)
        if file is not None and not isinstance(file, Mapping) and rows is None:
            with self._changing() as home, home.store() as store:
                return add_keyboard(store, path_of(file), name, languages)
        if rows is not None and file is None:
            with self._changing() as home, home.store() as store:
                return add_rows(store, rows, name, languages)
        raise UsageError("file-or-rows", "give either a file with a keyboard's keys, or rows with its letters")

    def remove(self, name: str) -> None:
        """Forgets a keyboard of one's own. Raises UsageError where stored swipes were made on it, StoreError."""
        from swipefl.device.keyboards import remove_keyboard

        with self._changing() as home, home.store() as store:
            remove_keyboard(store, name)

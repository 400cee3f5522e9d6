"""The keyboards that are known here: those of the package and the person's own."""

import json
from dataclasses import replace

from swipefl.database.sql import Sql
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, built_in, is_built_in, remembered_keyboard

MOST = 500  # that are stored: each is read whenever gestures are
FIRST = ("qwerty", "jcuken")  # of the package since its first store: what lines without geometry mean

_PUT = """INSERT INTO keyboards (name, language, geometry) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET language = excluded.language, geometry = excluded.geometry"""


class Keyboards:
    """Keyboards by name. A name stands for one geometry for ever, since gestures refer to it.

    What is stored under a name counts, also where the package has got one of that name since.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._found: dict[str, Keyboard] = {}

    def get(self, name: str) -> Keyboard:
        """The keyboard `name`, stored or of the package. Raises UsageError if there is none, StoreError."""
        return self.find(name) or built_in(name)  # which raises the UsageError

    def find(self, name: str) -> Keyboard | None:
        """The keyboard `name`, stored or of the package, or None. Raises StoreError."""
        found = self._found.get(name)  # each line of a file may ask
        if found is None:
            found = self._stored(name) or (built_in(name) if name in BUILT_IN else None)
            if found is not None:
                self._found[name] = found
        return found

    def add(self, keyboard: Keyboard) -> None:
        """Remember `keyboard`; a known one gets at most keys that were left out of it before, and its first languages.

        Raises UsageError if its name is another's, or there are too many.
        """
        stored = self._stored(keyboard.name)
        known = built_in(keyboard.name) if stored is None and keyboard.name in FIRST else stored
        if stored is None and self._sql.rows("SELECT count(*) FROM keyboards")[0][0] >= MOST:
            raise UsageError("many-keyboards", "{most} keyboards are known already, and no more can be", most=MOST)
        both = keyboard if known is None else _both(known, keyboard)
        if both != stored:
            self._put(both)

    def set_languages(self, keyboard: Keyboard) -> None:
        """Remember a stored keyboard with other languages. Raises UsageError if its name is another's."""
        self._put(_both(replace(self.get(keyboard.name), languages=keyboard.languages), keyboard))

    def remove(self, name: str) -> None:
        """Forget a keyboard of the person's own. Raises UsageError if it is the package's, or gestures refer to it."""
        if is_built_in(self.get(name)):
            raise UsageError("keyboard-of-package", "{name} came with swipefl, and stays", name=name)
        uses = self._sql.rows("SELECT count(*) FROM gestures WHERE keyboard = ?", (name,))[0][0]
        if uses:
            raise UsageError(
                "keyboard-in-use", "{uses} stored swipes were made on {name!r}, which stays", uses=uses, name=name
            )
        self._sql.run("DELETE FROM keyboards WHERE name = ?", (name,))
        self._found.pop(name, None)

    def all(self) -> list[Keyboard]:
        """Every keyboard, those of the package first. Raises StoreError."""
        stored = {keyboard.name: keyboard for keyboard in self.stored()}
        return [*(stored.pop(name) if name in stored else built_in(name) for name in BUILT_IN), *stored.values()]

    def stored(self) -> list[Keyboard]:
        """Those that gestures may refer to: the person's own, and what was used of the package's. Raises StoreError."""
        rows = self._sql.rows("SELECT geometry FROM keyboards ORDER BY name")
        return [self._parsed(geometry) for (geometry,) in rows]

    def written(self) -> tuple[str, ...]:
        """How those are written down that `stored` gives: equal while they are. Raises StoreError."""
        return tuple(geometry for (geometry,) in self._sql.rows("SELECT geometry FROM keyboards ORDER BY name"))

    def _stored(self, name: str) -> Keyboard | None:
        rows = self._sql.rows("SELECT geometry FROM keyboards WHERE name = ?", (name,))
        return self._parsed(rows[0][0]) if rows else None

    def _put(self, keyboard: Keyboard) -> None:
        row = (keyboard.name, ",".join(keyboard.languages), json.dumps(keyboard.to_json(), ensure_ascii=False))
        self._sql.run(_PUT, row)
        self._found.pop(keyboard.name, None)

    def _parsed(self, geometry: str) -> Keyboard:
        try:
            keyboard = remembered_keyboard(json.loads(geometry))
        except (ValueError, UsageError) as error:
            raise self._sql.damaged("a keyboard in it cannot be read") from error
        return built_in(keyboard.name) if is_built_in(keyboard) else keyboard  # one object compares faster than two


def _both(known: Keyboard, given: Keyboard) -> Keyboard:
    """What two keyboards are that differ at most in what one of them does not say. Raises UsageError."""
    fewer, more = sorted((known, given), key=lambda keyboard: len(keyboard.keys))
    languages = known.languages or given.languages
    same = replace(more, keys=(), languages=()) == replace(fewer, keys=(), languages=())
    if not same or not set(fewer.keys) <= set(more.keys) or languages != (given.languages or languages):
        raise UsageError(
            "name-taken",
            "there is another keyboard named {name!r} with other keys, size or language",
            Remedy.CHOOSE_NAME,
            name=known.name,
        )
    return replace(more, languages=languages)

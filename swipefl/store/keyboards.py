"""The keyboards that are known here: those of the package and the person's own."""

import json

from swipefl.database.sql import Sql
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, built_in, remembered_keyboard

MOST = 500  # that are added: each is read whenever gestures are


class Keyboards:
    """Keyboards by name. A name stands for one geometry for ever, since gestures refer to it."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, name: str) -> Keyboard:
        """The keyboard `name`, of the package or added. Raises UsageError if there is none, StoreError."""
        found = self._find(name)
        return built_in(name) if found is None else found  # built_in raises the UsageError

    def add(self, keyboard: Keyboard) -> None:
        """Remember `keyboard`; a known one is left as it is.

        Raises UsageError if its name is another's, or there are too many.
        """
        known = self._find(keyboard.name)
        if known is not None and known != keyboard:
            raise UsageError(
                "name-taken",
                "there is another keyboard named {name!r} with other keys, size or language",
                Remedy.CHOOSE_NAME,
                name=keyboard.name,
            )
        if known is None and self._sql.rows("SELECT count(*) FROM keyboards")[0][0] >= MOST:
            raise UsageError("many-keyboards", "{most} keyboards are known already, and no more can be", most=MOST)
        row = (keyboard.name, ",".join(keyboard.languages), json.dumps(keyboard.to_json(), ensure_ascii=False))
        self._sql.run("INSERT INTO keyboards (name, language, geometry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)

    def all(self) -> list[Keyboard]:
        """Every keyboard, those of the package first. Raises StoreError."""
        rows = self._sql.rows("SELECT name, geometry FROM keyboards ORDER BY name")
        added = [self._parsed(geometry) for name, geometry in rows if name not in BUILT_IN]
        return [*(built_in(name) for name in BUILT_IN), *added]

    def _find(self, name: str) -> Keyboard | None:
        if name in BUILT_IN:
            return built_in(name)
        rows = self._sql.rows("SELECT geometry FROM keyboards WHERE name = ?", (name,))
        return self._parsed(rows[0][0]) if rows else None

    def _parsed(self, geometry: str) -> Keyboard:
        try:
            return remembered_keyboard(json.loads(geometry))
        except (ValueError, UsageError) as error:
            raise self._sql.damaged("a keyboard in it cannot be read") from error

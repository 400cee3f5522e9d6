"""Stores of earlier versions."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from swipefl.database.migrations import migrate
from swipefl.gesture.keyboard import built_in
from swipefl.store.schema import STORE

OLD = "id, trace, keyboard, word, verdict, held_out, stored_at, width, height, user, points"
WORDS = ["hello", "dont", "strasse", "елка", "über", "It's", ""]  # as they were stored, whatever the rule was


def old_store(path: Path, done: int) -> tuple[list[tuple[object, ...]], int]:
    """A store of an earlier version with gestures, one of which was erased; gives the rows and the last number."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:done])
        geometry = json.dumps(built_in("qwerty").to_json() | {"language": "en"})
        conn.execute("INSERT INTO keyboards VALUES ('qwerty', 'en', ?)", (geometry,))
        for n, word in enumerate([*WORDS, "erased"]):
            verdict, held_out = ("suspect", "good")[n % 2], n % 3 == 0
            points = bytes(range(12)) * (400 * n + 2)
            row = (f"id {n}", bytes([n]) * 16, "qwerty", word, verdict, held_out, n + 0.25, 370, 222.5, None, points)
            conn.execute(f"INSERT INTO gestures ({OLD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        conn.execute("DELETE FROM gestures WHERE word = 'erased'")
        return conn.execute(f"SELECT number, {OLD} FROM gestures ORDER BY number").fetchall(), len(WORDS) + 1


def stepped(path: Path, done: int) -> None:
    """It takes the steps that made it a later version, up to so many."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:done])

"""How far each file was read, so that a file which only grew is read on from there."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

from swipefl.database.sql import Sql


@dataclass(frozen=True)
class Bookmark:
    """Where reading of `path` ended: byte `offset`, after `line` lines; `head` and `tail` are hashes of its content."""

    path: str
    offset: int
    size: int
    line: int
    head: str
    tail: str


KEPT = 10_000  # files


class Bookmarks:
    """One bookmark a file."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, path: str) -> Bookmark | None:
        """The bookmark of `path`, or None. Raises StoreError."""
        rows = self._sql.rows(
            "SELECT path, offset, size, line, head, tail FROM bookmarks WHERE path = ?", (_text(path),)
        )
        return Bookmark(*rows[0]) if rows else None

    def beginnings(self, known: int = 0, most: int = 2**62) -> Iterator[Bookmark]:
        """Those that reach behind the byte `known`, of files of `most` bytes at most, the longest first.

        Another file may begin with what was read of one. Raises StoreError.
        """
        query = "SELECT path, offset, size, line, head, tail FROM bookmarks WHERE offset > ? AND size <= ?"
        return (Bookmark(*row) for row in self._sql.rows(f"{query} ORDER BY offset DESC", (known, most)))

    def keep_replaced(self, bookmark: Bookmark) -> None:
        """Keep it though its path holds something else by now: it may lie elsewhere. Raises StoreError."""
        self.put(replace(bookmark, path=f"{bookmark.head} {bookmark.tail}"))  # no path: those begin with a slash

    def put(self, bookmark: Bookmark) -> None:
        """Set the bookmark of its path, in place of an earlier one. Raises StoreError."""
        self._sql.run(
            "INSERT OR REPLACE INTO bookmarks (path, offset, size, line, head, tail) VALUES (?, ?, ?, ?, ?, ?)",
            astuple(replace(bookmark, path=_text(bookmark.path))),
        )

    def outgrown(self) -> int:
        """Forget the files that were not read on for the longest time, but for KEPT; returns how many. StoreError."""
        return self._sql.run(
            "DELETE FROM bookmarks WHERE rowid <= (SELECT rowid FROM bookmarks ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            (KEPT,),
        )


def _text(path: str) -> str:
    """A name that SQLite takes: file names need not be UTF-8."""
    return path.encode(errors="backslashreplace").decode()

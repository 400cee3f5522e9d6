"""A look into a SQLite file for what is only nice to have: it writes nothing, waits for nobody, fails in silence.

SQLite is loaded by the look: each command loads this.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

# mode=ro alone would make the index of a log where there is none
_BESIDE_OTHERS, _ALONE = "mode=ro&readonly_shm=1", "mode=ro&immutable=1"


def glimpse(path: Path, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that a query finds in the file at `path`; none where it is missing, damaged, held or of other tables."""
    import sqlite3

    try:
        if not path.is_file():  # opening a pipe would wait for who writes to it
            return []
        log = path.with_name(f"{path.name}-wal")
        mode = _BESIDE_OTHERS if log.is_file() and log.stat().st_size else _ALONE
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=0)) as connection:
            return connection.execute(query, values).fetchall()
    except (sqlite3.Error, OSError, ValueError):
        return []

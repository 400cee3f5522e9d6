"""How many gestures came on which day."""

from swipefl.database.sql import Sql

_A_DAY = """
    SELECT date(stored_at, 'unixepoch', 'localtime') AS day, count(*)
    FROM gestures WHERE stored_at >= ? GROUP BY day HAVING day IS NOT NULL
"""


def stored_a_day(sql: Sql, since: float) -> dict[str, int]:
    """How many of either verdict were stored on each day of this place, YYYY-MM-DD, from a time in unix seconds on.

    Raises StoreError.
    """
    return dict(sql.rows(_A_DAY, (since,)))

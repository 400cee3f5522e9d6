"""`swipefl cycle` erases what was kept long enough: what it says, and what is left on the disk."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.command import SHORT, swipefl
from tests.support.people import write_people
from tests.support.stores import files


def made_older(home: Path, days: int, most: int = -1) -> None:
    with closing(sqlite3.connect(home / "swipefl.db")) as conn, conn:
        conn.execute(
            "UPDATE gestures SET stored_at = stored_at - ? * 86400 "
            "WHERE number IN (SELECT number FROM gestures ORDER BY number LIMIT ?)",
            (days, most),
        )


def test_old_swipes_go_once_and_it_is_said_why_and_a_log_brings_none_back(tmp_path: Path) -> None:
    home, log, again = tmp_path / "home", tmp_path / "log.jsonl", tmp_path / "copy.jsonl"
    write_people(log, {0: 30, 1: 40})
    again.write_bytes(log.read_bytes())
    assert swipefl(home, "ingest", str(log)).code == 0
    made_older(home, 91, 30)
    points = sqlite3.connect(home / "swipefl.db").execute("SELECT points FROM gestures WHERE number = 1").fetchone()[0]
    kept = swipefl(home, "cycle", "--json", **SHORT, SWIPEFL_KEEP_DAYS="forever")
    assert (kept.json["pruned"], kept.json["rounds"][0]["skipped"]) == (0, None)
    idle = swipefl(home, "cycle")
    assert "nothing new since the last cycle" in idle.out
    assert "; 30 old swipes erased (they were kept long enough: the settings keep_days and keep_swipes)" in idle.out
    assert not any(points in file.read_bytes() for file in files(home / "swipefl.db"))
    told = swipefl(home, "ingest", "--json", str(again)).json
    assert (told["stored"], told["corrected"], told["duplicates"]) == (0, 0, 70)
    still = swipefl(home, "cycle", "--json").json
    assert (still["pruned"], still["rounds"][0]["skipped"]) == (0, "nothing new since the last cycle")
    few = swipefl(home, "cycle", SWIPEFL_KEEP_SWIPES="25")
    assert few.out.rstrip().endswith("; 15 old swipes erased")

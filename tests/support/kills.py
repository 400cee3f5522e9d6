"""Commands that are killed with -9 at some moment, and what must be there and go on afterwards."""

import json
from pathlib import Path
from typing import Any

from tests.support.command import SHORT, killed_after, swipefl
from tests.support.cycles import joins_nobody
from tests.support.swipes import EXAMPLE, many_swipes


def ingest_survives(folder: Path, moment: float) -> None:
    path, home = folder / "swipes.jsonl", folder / "home"
    count = many_swipes(path) - taking_back(path)
    killed_after(home, moment, "ingest", str(path))
    if home.exists() and (home / "swipefl.db").exists():
        assert swipefl(home, "status", "--json").code == 0
    done = swipefl(home, "ingest", str(path), "--json")
    assert done.code == 0, done.err
    assert sum(swipefl(home, "status", "--json").json["gestures"][v] for v in ("good", "suspect")) == count


def taking_back(path: Path) -> int:
    """Behind every tenth line of a file the one before it is taken back; how many are."""
    lines = path.read_text().splitlines()
    ids = {place: json.loads(lines[place - 1])["gesture_id"] for place in range(9, len(lines), 10)}
    for place, id in reversed(ids.items()):
        lines.insert(place + 1, json.dumps({"gesture_id": id, "delete": True}))
    path.write_text("\n".join(lines) + "\n")
    return len(ids)


def cycle_survives(folder: Path, moment: float) -> None:
    home = folder / "home"
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    joins_nobody(home)
    killed_after(home, moment, "cycle", "--rounds", "2")
    before = swipefl(home, "status", "--json").json
    assert before["gestures"]["good"] == 260
    assert len(before["outbox"]) <= 1
    assert len(before["nights"]) == bool(before["rounds"]), "rounds of one cycle are one night, and land with it"
    rounds = swipefl(home, "cycle", "--json", **SHORT).json["rounds"]
    after = swipefl(home, "status", "--json").json
    assert after["rounds"]
    assert rounds[0]["skipped"] is None or "nothing new" in rounds[0]["skipped"]
    assert len(after["outbox"]) == 1
    nights_agree(before)
    nights_agree(after)
    assert len(after["nights"]) == len(before["nights"]) + (rounds[0]["skipped"] is None)
    assert sum(night["new_swipes"] for night in after["nights"]) == 260, "each swipe was new once"


def nights_agree(known: Any) -> None:
    """What nights say is what rounds and checkpoints say: whichever landed, all of them did."""
    in_use = [c["fingerprint"] for c in known["checkpoints"] if c["id"] == known["in_use"]] or [None]
    assert (in_use != [None]) == any(done["adopted"] for done in known["rounds"])
    if known["nights"]:
        last = known["nights"][-1]
        assert (last["model"], last["newest"]) == (in_use[0], 260)
        assert any(night["adopted"] for night in known["nights"]) == any(done["adopted"] for done in known["rounds"])

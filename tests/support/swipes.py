"""Files and lines of swipes: the example, recorded ones where they are at hand, and lines made for a test."""

import json
from typing import Any

from tests.support.command import ROOT

EXAMPLE = ROOT / "examples" / "swipes.jsonl"
SHARED = ROOT.parent / "shared" / "data"


def gesture(**changes: Any) -> dict[str, Any]:
    """A line of swipefl's own JSONL: `we` on a qwerty, with changes."""
    coords = [{"x": 55 + 6 * i, "y": 30, "t": 0.02 * i} for i in range(7)]
    return {"gesture_id": "g1", "word": "we", "width": 370, "height": 222, "coords": coords, **changes}


def lines(*gestures: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(g).encode() + b"\n" for g in gestures)

"""Files and lines of swipes: the example, recorded ones where they are at hand, and lines made for a test."""

import json
from pathlib import Path
from typing import Any

from tests.support.command import ROOT

EXAMPLE = ROOT / "examples" / "swipes.jsonl"
GOOD = EXAMPLE.read_bytes().splitlines(keepends=True)  # its lines, all of them good gestures
SHARED = ROOT.parent / "shared" / "data"


def gesture(**changes: Any) -> dict[str, Any]:
    """A line of swipefl's own JSONL: `we` on a qwerty, with changes."""
    coords = [{"x": 55 + 6 * i, "y": 30, "t": 0.02 * i} for i in range(7)]
    return {"gesture_id": "g1", "word": "we", "width": 370, "height": 222, "coords": coords, **changes}


def lines(*gestures: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(g).encode() + b"\n" for g in gestures)


def many_swipes(path: Path) -> int:
    """A file of some thousand different swipes, so that there is a middle to be killed in."""
    lines = EXAMPLE.read_text().splitlines()
    copies = [
        line.replace("example-", f"c{k}-").replace('"width":370', f'"width":{370 + k}')
        for k in range(1, 16)
        for line in lines
    ]
    path.write_text("\n".join(copies) + "\n")
    return len(copies)

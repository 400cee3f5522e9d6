"""Writes the nightly units here as `swipefl timer install` does for somebody called anna: `python -m examples.systemd`.

With --check nothing is written; the exit status says whether they are what this would write.
"""

import sys
from pathlib import Path

from swipefl.operations.unit_texts import Night, unit_texts

FOLDER = Path(__file__).parent
DATA = Path("/home/anna/.local/share")


def texts() -> dict[str, str]:
    """The text of each file, by its path in this folder."""
    found: dict[str, str] = {}
    for variant, person in (("user", None), ("system", "anna")):
        night = Night(
            command=(str(DATA / "uv" / "tools" / "swipefl" / "bin" / "python"), "-P", "-m", "swipefl"),
            home=DATA / "swipefl",
            logs=(DATA / "keyboard" / "swipes.jsonl",),
            reads=(DATA / "uv",),
            person=person,
        )
        found |= {f"{variant}/{name}": text for name, text in unit_texts(night).items()}
    return found


def main() -> int:
    """Writes the units, or says whether they are what there is."""
    if "--check" in sys.argv[1:]:
        there = {path: (FOLDER / path).read_text("utf-8") for path in texts() if (FOLDER / path).exists()}
        return int(there != texts())
    for path, text in texts().items():
        (FOLDER / path).parent.mkdir(exist_ok=True)
        (FOLDER / path).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

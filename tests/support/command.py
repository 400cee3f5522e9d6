"""The real command in a real process, in a home of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "swipes.jsonl"
README = (ROOT / "README.md").read_text("utf-8")
SHARED = ROOT.parent / "shared" / "data"

# Root may read everything; without these two capabilities it is as anyone else.
AS_ANYONE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()

# VmHWM begins anew at exec; a child's ru_maxrss would still hold the size of this process
PEAK = """
import atexit, re, sys
atexit.register(lambda: print(re.search("VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr))
from swipefl.cli.app import main
main()
"""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(home: Path, **extra: str) -> dict[str, str]:
    dropped = {"COLUMNS", "LINES"}  # of the terminal that the tests run in, if in any
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SWIPEFL_") and name not in dropped
    }
    return {**kept, "SWIPEFL_HOME": str(home), "PYTHONPATH": str(ROOT), **extra}


def swipefl(home: Path, *words: str, given: bytes | None = None, before: tuple[str, ...] = (), **extra: str) -> Done:
    """Runs `swipefl WORDS...`; `given` is standard input, `before` a command that runs it."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "swipefl", *words],
        input=given if given is not None else b"",
        capture_output=True,
        env=environment(home, **extra),
        timeout=240,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def measured(home: Path, *words: str, **given: Any) -> tuple[Done, float]:
    """Runs `swipefl WORDS...` and measures its peak memory in MB; `given` is `input` or `stdin` of subprocess.run."""
    command = [sys.executable, "-c", PEAK, *words]
    done = subprocess.run(command, capture_output=True, env=environment(home), timeout=240, check=False, **given)
    *messages, peak = done.stderr.decode().splitlines()
    return Done(done.returncode, done.stdout.decode(), "\n".join(messages)), int(peak) / 1024


def readme_blocks(heading: str) -> list[str]:
    """The blocks of shell lines under a heading of the README."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [block.split("```")[0] for block in section.split("```sh\n")[1:]]


def readme_block(heading: str) -> str:
    """The first of them."""
    return readme_blocks(heading)[0]


def gesture(**changes: Any) -> dict[str, Any]:
    """A line of swipefl's own JSONL: `we` on a qwerty, with changes."""
    coords = [{"x": 55 + 6 * i, "y": 30, "t": 0.02 * i} for i in range(7)]
    return {"gesture_id": "g1", "word": "we", "width": 370, "height": 222, "coords": coords, **changes}


def lines(*gestures: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(g).encode() + b"\n" for g in gestures)

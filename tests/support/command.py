"""The real command in a real process, in a home of its own."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swipefl.settings.locale import VARIABLES
from tests.support.waiting import LONG_S

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "grpc", "numpy", "sqlite_utils", "pydantic", "rich")  # what no help and no Tab waits for
SHORT = {"SWIPEFL_EPOCHS": "1", "SWIPEFL_CONTRIBUTION_EPOCHS": "1"}  # where it does not matter how well is learned

# A night that works on any machine: on battery, warm and full, and whatever its services say.
ANY_MACHINE = {
    "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/dev/null/none",
    "SWIPEFL_LEAST_BATTERY": "0",
    "SWIPEFL_SHARING_BATTERY": "0",
    "SWIPEFL_METERED": "1",
    "SWIPEFL_HOTTEST_C": "0",
    "SWIPEFL_LEAST_DISK_MB": "0",
    "SWIPEFL_LEAST_MEMORY_MB": "0",
}
AS_NOBODY_SET_IT = dict.fromkeys(ANY_MACHINE, "")  # what is empty is not set

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
    dropped = {"COLUMNS", "LINES", *VARIABLES}  # of the terminal that the tests run in, if in any; and its language
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SWIPEFL_") and name not in dropped
    }
    return {**kept, "SWIPEFL_HOME": str(home), "PYTHONPATH": str(ROOT), **ANY_MACHINE, **extra}


def swipefl(home: Path, *words: str, given: bytes | None = None, before: tuple[str, ...] = (), **extra: str) -> Done:
    """Runs `swipefl WORDS...`; `given` is standard input, `before` a command that runs it."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "swipefl", *words],
        input=given if given is not None else b"",
        capture_output=True,
        env=environment(home, **extra),
        timeout=2 * LONG_S,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def measured(home: Path, *words: str, **given: Any) -> tuple[Done, float]:
    """Runs `swipefl WORDS...` and measures its peak memory in MB; `given` is `input` or `stdin` of subprocess.run."""
    command = [sys.executable, "-c", PEAK, *words]
    done = subprocess.run(command, capture_output=True, env=environment(home), timeout=2 * LONG_S, check=False, **given)
    *messages, peak = done.stderr.decode().splitlines()
    return Done(done.returncode, done.stdout.decode(), "\n".join(messages)), int(peak) / 1024


def killed_after(home: Path, seconds: float, *words: str) -> None:
    """Starts the command and kills it outright after a while, unless it ended before."""
    command = [sys.executable, "-m", "swipefl", *words]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(seconds)
        process.kill()

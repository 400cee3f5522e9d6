"""What this run is called, in each of its log lines and towards a coordinator."""

import os
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.database.glimpse import glimpse
from swipefl.federation.protocol.run import is_run, new_run
from swipefl.settings.sources import RUN_ID

if TYPE_CHECKING:  # each command loads this
    from swipefl.store.store import Store

INVOCATION = "INVOCATION_ID"  # of systemd: all processes of a unit that was started once have the same
MAIN_PROCESS = "SYSTEMD_EXEC_PID"  # of systemd 248 and newer: the process that it began
LONGEST_NIGHT_S = 12 * 3600.0
NEXT_STEP_S = 300.0  # within which systemd starts the next step of a night, on a machine that is slow
STEP = "step"  # what is kept of the last one: its run, and when it was over (unix seconds)


def this_run(environment: MutableMapping[str, str] = os.environ) -> str:
    """The id of this run: its parent's, systemd's, or a new one; what this process begins goes on with it.

    A desktop, a terminal or a daemon may have been started by systemd too, and hands its id on for weeks: that of one
    which is older than a night can be says nothing of tonight, and a coordinator could tell nights by it.
    """
    run = environment.get(RUN_ID)
    if not is_run(run) and _is_of_tonight(environment.get(MAIN_PROCESS, "")):
        run = environment.get(INVOCATION)
    known = run if run is not None and is_run(run) else new_run()
    environment[RUN_ID] = known
    return known


def note_step(store: "Store", environment: Mapping[str, str] = os.environ) -> None:
    """Keeps for the next step of a night, a unit of its own, what systemd called this one, which is over now."""
    run = environment.get(RUN_ID)
    if run is not None and run == environment.get(INVOCATION):
        store.meta.note(STEP, f"{run} {time.time()}")


def go_on_with_step(path: Path, environment: MutableMapping[str, str] = os.environ) -> None:
    """From now on this run is called what the step of a night was that systemd has just ended on the store at `path`.

    Where systemd began neither, it was too long ago or nothing is known of it, nothing is different.
    """
    run = this_run(environment)
    if run != environment.get(INVOCATION):
        return
    with suppress(ValueError):  # what is kept is of no such form
        for (kept,) in glimpse(path, "SELECT value FROM meta WHERE key = ?", (STEP,)):
            before, ended_at = str(kept).split()
            if is_run(before) and 0 <= time.time() - float(ended_at) < NEXT_STEP_S:
                environment[RUN_ID] = before


def _is_of_tonight(main_process: str) -> bool:
    """Whether the process that systemd began is this one, or began some hours ago at most; yes where none is said."""
    if main_process in ("", str(os.getpid())):
        return True
    with suppress(OSError, ValueError, IndexError):  # it is over, or hidden
        began = Path(f"/proc/{int(main_process)}/stat").read_text().rpartition(")")[2].split()[19]
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(began) / os.sysconf("SC_CLK_TCK")
        return age_s < LONGEST_NIGHT_S
    return False

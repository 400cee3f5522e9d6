"""What this run is called, in each of its log lines and towards a coordinator."""

import os
import time
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from swipefl.federation.protocol.run import is_run, new_run
from swipefl.settings.sources import RUN_ID

INVOCATION = "INVOCATION_ID"  # of systemd: all processes of a unit that was started once have the same
MAIN_PROCESS = "SYSTEMD_EXEC_PID"  # of systemd 248 and newer: the process that it began
LONGEST_NIGHT_S = 12 * 3600.0


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


def _is_of_tonight(main_process: str) -> bool:
    """Whether the process that systemd began is this one, or began some hours ago at most; yes where none is said."""
    if main_process in ("", str(os.getpid())):
        return True
    with suppress(OSError, ValueError, IndexError):  # it is over, or hidden
        began = Path(f"/proc/{int(main_process)}/stat").read_text().rpartition(")")[2].split()[19]
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - int(began) / os.sysconf("SC_CLK_TCK")
        return age_s < LONGEST_NIGHT_S
    return False

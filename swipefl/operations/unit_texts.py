"""The systemd units of a person's nights, as text: one reads what a keyboard wrote, one learns, a timer starts them."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from swipefl.operations.unit_words import command, rest_of_line, word

INGEST, CYCLE, TIMER = "swipefl-ingest.service", "swipefl-cycle.service", "swipefl-cycle.timer"
TRIAL = "swipefl-trial.service"
MARK = "# swipefl timer: "
_FOR = "# for "
AT = "03:00"  # of nights whose time nobody said
TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # what ProtectHome and PrivateTmp put an empty folder over

_ASIDE = """
# Only when nothing else wants the machine, and within bounds.
Nice=19
CPUSchedulingPolicy=batch
IOSchedulingClass=idle
LimitNOFILE=1024
TasksMax=64"""

_NO_MORE_RIGHTS = """
# No way to more rights, and only the system calls of an ordinary program.
UMask=0077
NoNewPrivileges=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM"""

_CONFINED = """
# Of the machine it sees what is needed to read it.
ProtectSystem=strict
ProtectHome=tmpfs
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateMounts=yes
PrivateIPC=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
CapabilityBoundingSet=
AmbientCapabilities="""


@dataclass(frozen=True)
class Night:
    """What the units are written for: paths are absolute, as they are on this machine.

    `command` runs swipefl; `reads` are the folders and files that it needs beside the `home` and the `logs` of
    swipes, `writes` those that it writes. `at` is HH:MM. `person` is whom a system unit runs as, None in the units of
    that person's own service manager. `is_confined` says whether the manager can show a unit another file system,
    `needs_card` whether it learns on a graphics card, a device.
    """

    command: tuple[str, ...]
    home: Path
    logs: tuple[Path, ...]
    at: str = AT
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    environment: tuple[str, ...] = ()
    person: str | None = None
    is_confined: bool = True
    needs_card: bool = False


def unit_texts(night: Night) -> dict[str, str]:
    """The text of each unit, by its name. Raises UsageError for a path that no unit can name."""
    return {
        name: _marked(body) for name, body in ((INGEST, _ingest(night)), (CYCLE, _cycle(night)), (TIMER, _timer(night)))
    }


def trial_text(night: Night) -> str:
    """A unit like that of the night, in which nothing is done but to look whether it can be."""
    return _marked(_cycle(night, ("status",)))


def is_ours(text: str) -> bool:
    """Whether swipefl wrote a unit, however it was edited since."""
    return text.startswith(MARK)


def is_edited(text: str) -> bool:
    """Whether a unit is other than swipefl wrote it."""
    first, _, body = text.partition("\n")
    return first != _mark(body)


@dataclass(frozen=True)
class Remembered:
    """What a timer was written for; None is a home of which it does not say so."""

    at: str
    logs: tuple[Path, ...]
    home: Path | None = None


def remembered(text: str) -> Remembered | None:
    """What a timer's text was written for, so that it can be written anew without saying it.

    A time that is none, as of an edited line, is that of a timer of which nobody said one.
    """
    line = next((line for line in text.splitlines() if line.startswith(_FOR)), None)
    try:
        said = json.loads(line.removeprefix(_FOR)) if line else {}
        at, logs = said["at"], said["logs"]
        is_time = isinstance(at, str) and TIME.fullmatch(at)
        home = Path(said["home"]) if "home" in said else None
        return Remembered(at if is_time else AT, tuple(map(Path, logs)), home) if isinstance(logs, list) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _mark(body: str) -> str:
    return f"{MARK}written by `swipefl timer install`, {hashlib.sha256(body.encode()).hexdigest()[:16]}"


def _marked(body: str) -> str:
    return f"{_mark(body)}\n{body}"


def _timer(night: Night) -> str:
    said = json.dumps({"at": night.at, "logs": list(map(str, night.logs)), "home": str(night.home)})
    return f"""\
{_FOR}{said}
# Your own changes belong beside it, where they outlast a later version: `{_manager(night)} edit {TIMER}`.
[Unit]
Description=Learn from the day's swipes, nightly

[Timer]
OnCalendar=*-*-* {night.at}:00
# Not all devices at once; and what was slept through is made up for.
RandomizedDelaySec=45min
Persistent=true

[Install]
WantedBy=timers.target
"""


def _ingest(night: Night) -> str:
    lines = [
        *_head(night, INGEST, "Read the day's swipes", ""),
        f"ExecStart={command((*night.command, 'ingest', *map(str, night.logs)))}",
        *_common(night),
        "# 3: a file is missing or a line is bad, which the journal says; 8: another run holds the store.",
        "SuccessExitStatus=3 8",
        "TimeoutStartSec=2h",
        *_ASIDE.splitlines(),
        "MemoryMax=1G",
        *_NO_MORE_RIGHTS.splitlines(),
        "# What reads the keyboard's file never speaks to anybody, and makes no code as it runs.",
        "RestrictAddressFamilies=none",
        "MemoryDenyWriteExecute=yes",
    ]
    if night.is_confined:
        lines += [*_CONFINED.splitlines(), "PrivateNetwork=yes", "IPAddressDeny=any", "ProcSubset=pid"]
        lines += [*_system_only(night), *_seen(night, night.logs)]
    return "\n".join(lines) + "\n"


def _cycle(night: Night, words: Sequence[str] = ("cycle", "--rounds", "3")) -> str:
    lines = [
        *_head(night, CYCLE, "Learn from the day's swipes", f"Wants={INGEST}\nAfter={INGEST}\n"),
        f"ExecStart={command((*night.command, *words))}",
        *_common(night),
        "# 8: another run holds the store, and learns.",
        "SuccessExitStatus=8",
        "TimeoutStartSec=6h",
        "TimeoutStopSec=60",
        *_ASIDE.splitlines(),
        "MemoryMax=2G",
        *_NO_MORE_RIGHTS.splitlines(),
        "# The coordinator, where you joined one; AF_UNIX: UPower and NetworkManager know power and costs.",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "# Not MemoryDenyWriteExecute=yes: PyTorch makes code for this processor as it learns, and fails without.",
    ]
    if night.is_confined:
        lines += [
            *(line for line in _CONFINED.splitlines() if not night.needs_card or line != "PrivateDevices=yes"),
            "# Not ProcSubset=pid: it hides how much memory is free, and from PyTorch what processor this is.",
            *_system_only(night),
            *_seen(night, ()),
        ]
    return "\n".join(lines) + "\n"


def _head(night: Night, name: str, description: str, order: str) -> Iterator[str]:
    yield f"# Your own changes belong beside it, where they outlast a later version: `{_manager(night)} edit {name}`."
    yield "[Unit]"
    yield f"Description={description}"
    yield from order.splitlines()
    yield "# Where the store is away, as in a home that is not unlocked, the night is left out and nothing has failed."
    yield f"ConditionPathIsDirectory={rest_of_line(night.home)}"
    yield ""
    yield "[Service]"
    yield "Type=oneshot"
    if night.person:
        yield f"User={night.person}"


def _common(night: Night) -> Iterator[str]:
    for variable in (f"SWIPEFL_HOME={night.home}", *night.environment):
        yield f"Environment={word(variable)}"
    yield "WorkingDirectory=/"


def _system_only(night: Night) -> tuple[str, ...]:
    return ("RemoveIPC=yes", "KeyringMode=private") if night.person else ()


def _seen(night: Night, logs: Sequence[Path]) -> Iterator[str]:
    yield "# What is needed of all that was hidden; `-`: where it is missing, it is done without."
    for path, lack in ((night.home, ""), *((path, "-") for path in night.writes)):
        yield f"{'BindPaths' if _is_hidden(path) else 'ReadWritePaths'}={word(f'{lack}{path}')}"
    for path in (*logs, *night.reads):
        if _is_hidden(path):
            yield f"BindReadOnlyPaths={word(f'-{path}')}"


def _is_hidden(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in HIDDEN)


def _manager(night: Night) -> str:
    return "systemctl" if night.person else "systemctl --user"

"""Whose nights a timer is for: the person, their home and files, and the service manager that starts it."""

import os
import pwd
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import platformdirs

from swipefl.errors import Remedy, UsageError
from swipefl.operations import surroundings
from swipefl.operations.findings import Finding
from swipefl.operations.timer import LOOK_S, Manager, Timer, run
from swipefl.operations.unit_texts import TIMER, Night, is_ours, remembered
from swipefl.operations.units import timer_findings
from swipefl.settings.device import Settings, load_settings

KEYBOARD_LOG = "keyboard/swipes.jsonl"  # in a person's folder for data, where no other is said
WRITTEN = ("log_file", "metrics_file")  # settings of files that a night writes, in folders of others
SYSTEM = Manager(Path("/etc/systemd/system"), Path("/var/lib/systemd/timers"), is_system=True)


def manager_of(is_system: bool) -> Manager:
    """The machine's service manager, or one's own. Raises UsageError for the machine's where one is not root."""
    if not is_system:
        return Manager(platformdirs.user_config_path("systemd") / "user", platformdirs.user_data_path("systemd/timers"))
    if os.geteuid() != 0:
        raise UsageError("not-root", "only root changes the system's units; your own need no root")
    return SYSTEM


def user_name() -> str:
    """Who runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container
        return str(os.getuid())


def night_of(settings: Settings, logs: Sequence[Path], at: str | None, person: str | None, is_system: bool) -> Night:
    """What units are written for; `logs` and hour that are not said are those of the timer that there is.

    `person` is whose nights a system's are; else those of who runs this.

    Raises UsageError for a time that is none, a person that there is not, and a home that is not there yet.
    """
    person_data = platformdirs.user_data_path()
    if is_system:
        person, person_data = _data_of(person)
        if "home" not in settings.model_fields_set:
            settings = load_settings(person_data / "swipefl")
    home = Path(os.path.abspath(settings.home))
    was_at, were_logs = _remembered(is_system) or ("03:00", (person_data / KEYBOARD_LOG,))
    if is_system and not home.is_dir():
        raise UsageError("no-home", "{home} is not there yet", Remedy.SAY_HOME, home=home)
    files = {
        name: Path(os.path.abspath(value)) for name, value in settings if isinstance(value, Path) and name != "home"
    }
    reads = {path for name, path in files.items() if name not in WRITTEN}
    if settings.keyboard and Path(settings.keyboard).is_file():
        reads.add(Path(os.path.abspath(settings.keyboard)))
    written = {path.parent for name, path in files.items() if name in WRITTEN}
    return Night(
        command=surroundings.command(),
        home=home,
        logs=tuple(map(_log, logs)) or were_logs,
        at=_time(was_at if at is None else at),
        reads=surroundings.outermost({*surroundings.code(), *reads}),
        writes=tuple(folder for folder in surroundings.outermost(written) if not folder.is_relative_to(home)),
        environment=surroundings.environment(),
        person=person if is_system else None,
        needs_card=settings.device == "cuda",
    )


def findings_of(settings: Settings) -> list[Finding]:
    """What there is to say of the timers of a home's nights, for doctor."""
    night, look = night_of(settings, (), None, None, is_system=False), partial(run, wait_s=LOOK_S)
    return timer_findings([Timer(manager_of(is_system=False), look), Timer(SYSTEM, look)], night, user_name())


def _remembered(is_system: bool) -> tuple[str, tuple[Path, ...]] | None:
    """The hour and the logs of the timer that there is."""
    text = Timer(SYSTEM if is_system else manager_of(is_system=False)).text(TIMER)
    return remembered(text) if text and is_ours(text) else None


def _data_of(person: str | None) -> tuple[str, Path]:
    """A person and their folder for data. Raises UsageError for nobody, and for one whom this machine does not know."""
    if person is None:
        raise UsageError("no-person", "nobody says whose nights the system is to run", Remedy.SAY_PERSON)
    try:
        return person, Path(pwd.getpwnam(person).pw_dir) / ".local" / "share"
    except (KeyError, ValueError) as error:
        raise UsageError("no-person", "this machine knows no {person!r}", Remedy.SAY_PERSON, person=person) from error


def _log(path: Path) -> Path:
    if str(path) == "-":
        raise UsageError("no-log", "at night nobody types: name the file that your keyboard appends to")
    return Path(os.path.abspath(path.expanduser()))


def _time(at: str) -> str:
    """A time of day, as HH:MM. Raises UsageError."""
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", at)
    if not found:
        raise UsageError("no-time", "{at!r} is no time of day; 03:00 and 23:30 are", at=at)
    return f"{int(found[1]):02}:{found[2]}"

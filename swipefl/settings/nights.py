"""Whose nights a timer is for: the person, their home and files, and the service manager that starts it."""

import os
import pwd
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import platformdirs

from swipefl.errors import Remedy, UsageError
from swipefl.operations import surroundings
from swipefl.operations.findings import Finding
from swipefl.operations.timer import LOOK_S, Manager, Timer, run
from swipefl.operations.unit_texts import AT, TIME, TIMER, Night, Remembered, is_ours, remembered
from swipefl.operations.units import timer_findings
from swipefl.settings.device import Settings, load_settings
from swipefl.settings.sources import WRITTEN, explained

KEYBOARD_LOG = "keyboard/swipes.jsonl"  # in a person's folder for data, where no other is said
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

    A home that is not said is that of the timer that there is, too. Raises UsageError for a time that is none, a
    person that there is not, a home that is not there yet, and for files that a night cannot find or write alone.
    """
    was = _remembered(is_system)
    if was and was.home and "home" not in settings.model_fields_set and was.home.is_dir():
        settings = load_settings(was.home)
    night = _night(settings, was, logs, at, person, is_system)
    _check(settings, night)
    return night


def check_home(night: Night, is_system: bool) -> None:
    """Raises UsageError where the timer that there is works for another home, which would have no nights any more."""
    was = _remembered(is_system)
    if was and was.home and was.home != night.home and was.home.is_dir():
        raise UsageError("other-home", "the timer works for {home}", Remedy.REMOVE_TIMER, home=was.home)


def check_removal(home: Path | None, is_system: bool) -> None:
    """Raises UsageError where a `home` is said and the timer that there is works for another one."""
    was = _remembered(is_system)
    if home and was and was.home and was.home != Path(os.path.abspath(home.expanduser())):
        raise UsageError("not-this-home", "the timer works for {home}", Remedy.SAY_HOME, home=was.home)


def _night(
    settings: Settings,
    was: Remembered | None,
    logs: Sequence[Path],
    at: str | None,
    person: str | None,
    is_system: bool,
) -> Night:
    person_data = platformdirs.user_data_path()
    if is_system:
        person, person_data = _data_of(person)
        if "home" not in settings.model_fields_set:
            settings = load_settings(person_data / "swipefl")
    home = Path(os.path.abspath(settings.home))
    was = was or Remembered(AT, (person_data / KEYBOARD_LOG,))
    if is_system and not home.is_dir():
        raise UsageError("no-home", "{home} is not there yet", Remedy.SAY_HOME, home=home)
    files = _files(settings)
    reads = {Path(os.path.abspath(path)) for name, path in files.items() if name not in WRITTEN}
    if not (own := _settings_file(home)).is_relative_to(os.path.realpath(home)):
        reads.add(own)
    written = {Path(os.path.abspath(path)).parent for name, path in files.items() if name in WRITTEN}
    return Night(
        command=surroundings.command(),
        home=home,
        logs=tuple(map(_log, logs)) or was.logs,
        at=_time(was.at if at is None else at),
        reads=surroundings.outermost({*surroundings.code(), *reads}),
        writes=tuple(folder for folder in surroundings.outermost(written) if not folder.is_relative_to(home)),
        environment=surroundings.environment(),
        person=person if is_system else None,
        needs_card=settings.device == "cuda",
    )


def findings_of(settings: Settings) -> list[Finding]:
    """What there is to say of the timers of a home's nights, for doctor; nothing where its settings say nothing."""
    try:
        night = night_of(settings, (), None, None, is_system=False)
    except UsageError as error:
        if error.code == "unreadable-settings":  # of which doctor has a line
            return []
        raise
    look = partial(run, wait_s=LOOK_S)
    return timer_findings([Timer(manager_of(is_system=False), look), Timer(SYSTEM, look)], night, user_name())


def _settings_file(home: Path) -> Path:
    """Where the settings of a home lie: it may be a link into a folder that a night would not see."""
    return Path(os.path.realpath(home / Settings.file_name))


def _files(settings: Settings) -> dict[str, Path]:
    """The files that the settings of a home name, by the setting; no night hears of variables and flags."""
    meant = {name: name for name, value in settings if isinstance(value, Path) and name != "home"}
    if settings.keyboard and Path(settings.keyboard).is_file():
        meant["keyboard"] = "keyboard"
    said = explained(settings, {"home": settings.home}, meant)
    return {each.name: Path(str(each.value)) for each in said if each.source == settings.file_name}


def _check(settings: Settings, night: Night) -> None:
    """Raises UsageError for a file that a night would look for elsewhere, and for one in a folder that it may not see.

    A night is shown the whole folder of a file that it writes.
    """
    files = _files(settings)
    for name, path in files.items():
        if not path.is_absolute():
            what = "{name} in {file} is not absolute, and no night runs in this folder: {path}"
            facts = {"name": name, "file": settings.file_name, "path": path}
            raise UsageError("relative-path", what, Remedy.CORRECT_SETTING, **facts)
    kept = [Path(os.path.expanduser(f"~{night.person or ''}")), night.home, *night.logs]
    for name, path in files.items():
        folder = Path(os.path.abspath(path)).parent
        if name in WRITTEN and folder != night.home and any(_lies_in(each, folder) for each in kept):
            what = "{name} is in {folder}, of which a night is shown no more than it needs: give it a folder of its own"
            raise UsageError("wide-folder", what, Remedy.CORRECT_SETTING, name=name, folder=folder)


def _lies_in(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _remembered(is_system: bool) -> Remembered | None:
    """What the timer that there is was written for."""
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
    found = TIME.fullmatch(at)
    if not found:
        raise UsageError("no-time", "{at!r} is no time of day; 03:00 and 23:30 are", at=at)
    return f"{int(found[1]):02}:{found[2]}"

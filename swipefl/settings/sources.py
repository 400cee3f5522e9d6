"""Where settings come from: flags before the environment, that before a file in the home, that before the default."""

import codecs
import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from swipefl.errors import Remedy, UsageError
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX, default_home

TOKEN = f"{PREFIX}TOKEN"
RUN_ID = f"{PREFIX}RUN_ID"  # handed on from process to process, as INVOCATION_ID is
# Read where a bug is shown, where a device enrols, and where a run is named; `config` shows none of them.
NO_SETTINGS = ("SWIPEFL_DEBUG", TOKEN, RUN_ID)
FLAG = "flag"  # what a setting comes from that its caller gave
DEFAULT = "default"  # what a setting comes from that is set nowhere
WRITTEN = ("log_file", "metrics_file")  # settings of files that are written
SHARED = ("home", "log")  # one variable serves a device and a coordinator


def expanded(folder: Path) -> Path:
    """`~` as a shell has it, for what no shell has seen. Raises ValueError for a user that there is not."""
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise ValueError("there is no such home folder") from error


def meant_home(
    home: Path | None, environment: Mapping[str, str] = os.environ, prefixes: Sequence[str] = (PREFIX,)
) -> Path:
    """The home of a device, whatever is wrong with its settings. Raises UsageError where that itself is.

    `prefixes` are those of the variables that may name it, the first one that does counts.
    """
    where = home or next(filter(None, (environment.get(f"{prefix}HOME") for prefix in prefixes)), None)
    try:
        return expanded(Path(where)) if where else default_home()
    except ValueError as error:
        raise UsageError("homeless", "{why}", Remedy.SAY_HOME, why=error) from error


class Sourced(BaseSettings):
    """What a device's and a coordinator's settings share."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True
    )
    file_name: ClassVar[str]

    home: Annotated[Path, AfterValidator(expanded)] = Field(default_factory=default_home)
    log: Literal["text", "json"] = "text"
    log_file: Annotated[Path, AfterValidator(expanded)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _as_it_is_meant(cls, value: object, about: ValidationInfo) -> object:
        """Raises ValueError for what would be read as something else: true as 1, or a name that no file can have."""
        if isinstance(value, bool) and cls.model_fields[str(about.field_name)].annotation is not bool:
            raise ValueError("true and false are no value of it")
        if isinstance(value, str | Path) and not can_be_a_name(value):
            raise ValueError("it holds a null character, or half of another")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, the environment and the file, as `_layers` has them."""
        return tuple(layer.source for layer in _layers(cls, init_settings, env_settings))


class _Shared(EnvSettingsSource):
    """The few variables that mean the same at both ends."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name in SHARED}


@dataclass(frozen=True)
class _Layer:
    """One source of settings, and what to call it for one of them."""

    named: Callable[[str], str]
    source: PydanticBaseSettingsSource


def _layers(
    kind: type[Sourced], flags: PydanticBaseSettingsSource, environment: PydanticBaseSettingsSource
) -> list[_Layer]:
    """Flags, the environment, what both ends share of it, the file of the home that these name; the first counts.

    Raises ValueError for a file that is there and none: without what stands in it a night would do what was forbidden.
    """
    layers = [
        _Layer(lambda name: FLAG, flags),
        _Layer(lambda name: f"{_prefix(kind)}{name}".upper(), environment),
        _Layer(lambda name: f"{PREFIX}{name}".upper(), _Shared(kind, env_prefix=PREFIX)),
    ]
    homes = [values["home"] for values in (layer.source() for layer in layers) if "home" in values]
    file = None
    with suppress(UsageError, ValueError):  # that there is no such home is told where it is checked
        file = (expanded(Path(homes[0])) if homes else default_home()) / kind.file_name
    if file and os.path.lexists(file) and not file.is_file():
        raise ValueError("it leads to what is not there" if not file.exists() else "it is no file")
    return [*layers, _Layer(lambda name: kind.file_name, _Toml(kind, file))]


class _Toml(TomlConfigSettingsSource):
    """A file of settings, which may begin with the mark that some editors write before UTF-8.

    What is to be written lies beside it where its path is not absolute: a timer runs in no folder of anybody's.
    """

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        try:
            said = tomllib.loads(file_path.read_bytes().removeprefix(codecs.BOM_UTF8).decode())
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        here = Path(os.path.abspath(file_path)).parent
        return {name: _beside(here, value) if name in WRITTEN else value for name, value in said.items()}


def _beside(folder: Path, value: object) -> object:
    is_path = isinstance(value, str) and value and not value.startswith("~")
    return str(folder / str(value)) if is_path else value


@dataclass(frozen=True)
class Setting:
    """One setting in force: its value, where that comes from (a variable, a file, default or flag), what it means."""

    name: str
    value: object
    source: str
    meaning: str


Kind = TypeVar("Kind", bound=Sourced)


def load(kind: type[Kind], flags: Mapping[str, Any]) -> Kind:
    """The settings in force; flags that are None were not given. Raises UsageError naming what is wrong, and where."""
    given = _given(flags)
    try:
        return kind(**given)
    except ValidationError as error:
        source_of = _sources(kind, given)
        what = "; ".join(_fault(kind, source_of, detail) for detail in error.errors())
        raise UsageError("wrong-setting", "{what}", Remedy.CORRECT_SETTING, what=what) from error
    except UsageError as error:  # one that a rule of ours finds
        where = _sources(kind, given)(str(error.facts["setting"]))
        raise UsageError("wrong-setting", "{what} ({where})", error.remedy, what=error, where=where) from error
    except (ValueError, OSError) as error:
        raise _unreadable(kind, error) from error


def _unreadable(kind: type[Sourced], error: Exception) -> UsageError:
    what = "{file} in the home folder cannot be read: {why}"
    return UsageError("unreadable-settings", what, Remedy.CORRECT_SETTING, file=kind.file_name, why=error)


def explained(
    settings: Sourced,
    flags: Mapping[str, Any],
    meanings: Mapping[str, str],
    unset: Mapping[str, tuple[object, str]] | None = None,
) -> list[Setting]:
    """Every setting with its value, its source and its meaning; `unset` has those of settings without a value."""
    source_of, values = _sources(type(settings), _given(flags)), settings.model_dump(mode="json")
    known = {name: (values[name], source_of(name)) for name in meanings} | dict(unset or {})
    return [Setting(name, known[name][0], known[name][1], meaning) for name, meaning in meanings.items()]


def commented(kind: type[Sourced], meanings: Mapping[str, str]) -> str:
    """The text of a settings file that changes nothing: every setting with its meaning and default, commented out."""
    lines = [f"# {kind.file_name}: flags and {_prefix(kind)}* variables come before what stands here."]
    for name, meaning in meanings.items():
        if name != "home":  # where the file lies
            default = kind.model_fields[name].get_default()
            lines += ["", f"# {meaning}", f"# {name} = {_toml('...' if default is None else default)}"]
    return "\n".join(lines)


def unknown_variables(kind: type[Sourced], environment: Mapping[str, str] = os.environ) -> list[str]:
    """What to tell about variables that look like settings and are none: mostly a slip of the finger."""
    prefix = _prefix(kind)
    known = {f"{prefix}{name}".upper() for name in kind.model_fields}
    others = {f"{PREFIX}{name}".upper() for name in SHARED} | set(NO_SETTINGS)
    told = []
    for variable in sorted(environment):
        name = variable.upper()
        is_of_another = prefix == PREFIX and name.startswith(COORDINATOR_PREFIX)
        if name.startswith(prefix) and name not in known | others and not is_of_another:
            told.append(f"{variable} is no setting{_meant(name, known, prefix)}")
    return told


def _prefix(kind: type[Sourced]) -> str:
    return str(kind.model_config.get("env_prefix"))


def _fault(kind: type[Sourced], source_of: Callable[[str], str], detail: Mapping[str, Any]) -> str:
    """What is wrong with one value, and where it comes from."""
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        where = "" if source_of(name) == FLAG else f" in {kind.file_name}"
        return f"{name}{where} is no setting{_meant(name, kind.model_fields)}"
    if detail["type"] == "path_type":
        return f"{name} ({source_of(name)}): this is no path, which is a text"
    return f"{name} ({source_of(name)}): {detail['msg'].lower().removeprefix('value error, ')}"


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flags.items() if value is not None}


def _sources(kind: type[Sourced], given: Mapping[str, Any]) -> Callable[[str], str]:
    """A function from setting to where its value comes from; each source is read once. Raises UsageError."""
    try:
        layers = _layers(kind, InitSettingsSource(kind, dict(given)), EnvSettingsSource(kind))
        read = [(layer.named, layer.source()) for layer in layers]
    except (ValueError, OSError) as error:
        raise _unreadable(kind, error) from error
    return lambda name: next((named(name) for named, values in read if name in values), DEFAULT)


def _meant(name: str, known: Iterable[str], prefix: str = "") -> str:
    import difflib  # for slips only

    close = difflib.get_close_matches(name.removeprefix(prefix), [each.removeprefix(prefix) for each in known], 1)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def _toml(value: object) -> str:
    return json.dumps(value) if isinstance(value, str | bool) else str(value)


def can_be_a_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file can have it as its name: no null character, and none that is half of another."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False

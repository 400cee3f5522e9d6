"""Flag before environment before file before default, at both ends; what is wrong is told with where it stands."""

import inspect
import math
import os
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from swipefl.cli.coordinator import serve
from swipefl.cli.simulate import simulate
from swipefl.errors import UsageError
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.strategy import Strategy
from swipefl.home import Home
from swipefl.hosting import Coordinator, policy_of
from swipefl.settings.coordinator import CoordinatorSettings, load_coordinator_settings
from swipefl.settings.device import Settings, load_settings
from swipefl.settings.meanings import COORDINATOR, DEVICE
from swipefl.settings.sources import Sourced, commented, explained, load, unknown_variables
from swipefl.simulation.scenario import Scenario, Troubles

KINDS = [(Settings, DEVICE, "SWIPEFL_"), (CoordinatorSettings, COORDINATOR, "SWIPEFL_COORDINATOR_")]
BOTH_ENDS = (
    "epochs",
    "batch_size",
    "learning_rate",
    "max_norm",
    "rule",
    "optimizer",
    "server_lr",
    "steady",
    "momentum",
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment that the tests run in."""
    import os

    for name in [name for name in os.environ if name.startswith("SWIPEFL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("load", "file", "prefix", "default"),
    [
        (load_settings, "config.toml", "SWIPEFL_", 4),
        (load_coordinator_settings, "coordinator.toml", "SWIPEFL_COORDINATOR_", 2),
    ],
)
def test_each_source_gives_way_to_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load, file: str, prefix: str, default: int
) -> None:
    assert load(tmp_path).epochs == default
    (tmp_path / file).write_text("epochs = 5\n")
    assert load(tmp_path).epochs == 5
    monkeypatch.setenv(f"{prefix}EPOCHS", "6")
    assert load(tmp_path).epochs == 6
    assert load(tmp_path, epochs=7).epochs == 7
    assert load(tmp_path, epochs=None).epochs == 6


def test_neither_end_reads_what_is_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").write_text("epochs = 5\nlog = 'json'\n")
    monkeypatch.setenv("SWIPEFL_BATCH_SIZE", "6")
    there = load_coordinator_settings(tmp_path)
    assert (there.epochs, there.batch_size, there.log) == (2, 16, "text")
    (tmp_path / "coordinator.toml").write_text("buffer = 3\n")
    monkeypatch.setenv("SWIPEFL_COORDINATOR_BATCH_SIZE", "7")
    assert (load_settings(tmp_path).batch_size, load_settings(tmp_path).epochs) == (6, 5)


@pytest.mark.parametrize("load", [load_settings, load_coordinator_settings])
def test_the_home_says_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load) -> None:
    monkeypatch.setenv("SWIPEFL_HOME", str(tmp_path / "from environment"))
    assert load().home == tmp_path / "from environment"
    for name in ("config.toml", "coordinator.toml"):
        (tmp_path / name).write_text("epochs = 5\n")
    assert load().epochs != 5
    assert load(tmp_path).epochs == 5


def test_a_coordinator_has_its_own_home_and_log_where_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWIPEFL_HOME", str(tmp_path / "device"))
    monkeypatch.setenv("SWIPEFL_LOG", "json")
    assert load_coordinator_settings().log == "json"
    monkeypatch.setenv("SWIPEFL_COORDINATOR_HOME", str(tmp_path / "coordinator"))
    monkeypatch.setenv("SWIPEFL_COORDINATOR_LOG", "text")
    there = load_coordinator_settings()
    assert (there.home, there.log) == (tmp_path / "coordinator", "text")
    assert (load_settings().home, load_settings().log) == (tmp_path / "device", "json")


@pytest.mark.parametrize("load", [load_settings, load_coordinator_settings])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("epochs = 0\n", "epochs"),
        ("learning_rate = 'much'\n", "learning_rate"),
        ("learning_rate = nan\n", "learning_rate"),
        ("nonsense = 1\n", "nonsense in .*toml is no setting$"),
        ("epoch = 1\n", "epoch in .*toml is no setting; did you mean epochs?"),
        ("epochs = \n", "toml"),
        ("[epochs]\n", "epochs"),
        ("max_norm = -1\n", "max_norm"),
        ("log = 'yaml'\n", r"log \(.*toml\)"),
        (
            "epochs = 1000000000000000000000000000000000000000000\nsync_deadline_s = inf\nbuffer = 100000000000000\n",
            "toml",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, load, text: str, named: str) -> None:
    for name in ("config.toml", "coordinator.toml"):
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=named):
        (Coordinator if load is load_coordinator_settings else Home)(load(tmp_path))


@pytest.mark.parametrize("value", ["5", "true", "[1]", "{ a = 1 }", "1979-05-27"])
@pytest.mark.parametrize("load", [load_settings, load_coordinator_settings])
def test_no_value_of_another_kind_is_told_in_words_of_programmers(tmp_path: Path, load, value: str) -> None:
    kind, told = type(load(tmp_path)), dict[str, str]()
    for name in kind.model_fields.keys() - {"home"}:
        (tmp_path / kind.file_name).write_text(f"{name} = {value}\n")
        try:
            load(tmp_path)
        except UsageError as error:
            told[name] = str(error)
    assert [says for name, says in told.items() if name not in says] == []
    assert [says for says in told.values() if re.search("class|pathlib|pydantic|object at", says)] == []
    assert told


@pytest.mark.parametrize("load", [load_settings, load_coordinator_settings])
@pytest.mark.parametrize(
    "made",
    [
        Path.mkdir,
        os.mkfifo,
        lambda file: file.symlink_to("nowhere"),
        lambda file: file.symlink_to(file.name),
        lambda file: file.symlink_to(file.parent),
        lambda file: file.symlink_to("/dev/null"),
        lambda file: file.write_text(f"epochs = {'[' * 5_000}"),
    ],
)
def test_settings_that_cannot_be_read_are_none_to_do_without(
    tmp_path: Path, load: Callable[[Path], object], made: Callable[[Path], object]
) -> None:
    """A night without `keep_days = "forever"` erases what was to stay."""
    for name in ("config.toml", "coordinator.toml"):
        made(tmp_path / name)
    with pytest.raises(UsageError) as error:
        load(tmp_path)
    assert error.value.code == "unreadable-settings"


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if field.annotation is int])
def test_no_number_is_larger_than_what_is_kept_of_it(tmp_path: Path, name: str) -> None:
    """So that it stands in JSON, in the store and in a wait."""
    with pytest.raises(UsageError, match=name):
        load_settings(tmp_path, **{name: 2**63})


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "mode"},
        {"optimizer": "sgd"},
        {"momentum": 1.5},
        {"trim": 0.5},
        {"steady": -1},
        {"steady": 10**400},
        {"example_cap": 10**400},
        {"server_lr": 101},
        {"server_lr": float("nan")},
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"max_norm": 0.0},
        {"example_cap": -1},
        {"example_cap": -(10**400)},
        {"epochs": 10**400},
        {"batch_size": 2**32},
        {"server_lr": float("inf")},
        {"learning_rate": float("inf")},
        {"max_norm": float("inf")},
    ],
    ids=lambda wrong: str(wrong)[:24],
)
def test_what_makes_no_plan_or_step_is_refused_by_its_name_wherever_it_comes_from(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        load_coordinator_settings(**wrong)
    with pytest.raises(UsageError, match=f"^{name} is "):
        (Plan if hasattr(Plan(), name) else Strategy)(**wrong)


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
@pytest.mark.parametrize(
    ("kind", "prefix", "name"),
    [
        (kind, prefix, name)
        for kind, meanings, prefix in KINDS
        for name in meanings
        if kind.model_fields[name].annotation in (int, float)
    ],
)
def test_a_number_beyond_all_numbers_is_refused_by_its_name_wherever_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Sourced], prefix: str, name: str, value: str
) -> None:
    with pytest.raises(UsageError, match=rf"{name} .*\bflag\b"):
        load(kind, {"home": tmp_path, name: float(value)})
    (tmp_path / kind.file_name).write_text(f"{name} = {value}\n")
    with pytest.raises(UsageError, match=f"{name} .*{kind.file_name}"):
        load(kind, {"home": tmp_path})
    (tmp_path / kind.file_name).unlink()
    monkeypatch.setenv(f"{prefix}{name}".upper(), value)
    with pytest.raises(UsageError, match=f"{name} .*{prefix}{name.upper()}"):
        load(kind, {"home": tmp_path})


@pytest.mark.parametrize("value", ["true", "false", '"a\\u0000b"'])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind, meanings, _ in KINDS
        for name in meanings
        if name != "home" and kind.model_fields[name].annotation is not bool
    ],
)
def test_what_would_be_read_as_something_else_is_refused_by_its_name(
    tmp_path: Path, kind: type[Sourced], name: str, value: str
) -> None:
    """`true` is no 1, and no file has a null character in its name."""
    (tmp_path / kind.file_name).write_text(f"{name} = {value}\n")
    with pytest.raises(UsageError, match=f"{name} .*{kind.file_name}") as caught:
        load(kind, {"home": tmp_path})
    assert caught.value.code == "wrong-setting"


@pytest.mark.parametrize(("kind", "meanings", "prefix"), KINDS)
def test_a_home_with_a_null_character_is_refused_by_its_name(
    kind: type[Sourced], meanings: dict[str, str], prefix: str
) -> None:
    with pytest.raises(UsageError, match="home"):
        load(kind, {"home": Path("a\0b")})


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -1.0])
@pytest.mark.parametrize(
    ("of", "name"),
    [
        *[(Policy, name) for name in ("max_wait_s", "retry_after_s")],
        *[(Plan, name) for name in ("learning_rate", "max_norm")],
        *[(Strategy, name) for name in ("server_lr", "momentum", "trim")],
        *[(Troubles, name) for name in ("dropout", "late", "byzantine", "skew")],
        *[(partial(Scenario, 1, 1), name) for name in ("noise", "proximal")],
    ],
)
def test_nothing_is_made_of_a_number_beyond_all_numbers(of: Callable[..., object], name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"^{name} is ") as error:
        of(**{name: value})
    assert error.value.facts["setting"] == name


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_no_token_is_for_ever(tmp_path: Path, value: float) -> None:
    hosting = Coordinator(CoordinatorSettings(home=tmp_path))
    hosting.init()
    with pytest.raises(UsageError, match=r"^expires_h is "):
        hosting.token(1, value)


@pytest.mark.parametrize(("kind", "meanings", "prefix"), KINDS)
def test_a_variable_that_is_no_setting_is_told_with_the_nearest_that_is(
    kind: type[Sourced], meanings: dict[str, str], prefix: str
) -> None:
    right = {f"{prefix}{name}".upper(): "1" for name in meanings}
    others = {
        "SWIPEFL_HOME": "1",
        "SWIPEFL_DEBUG": "1",
        "PATH": "1",
        "SWIPEFL_COORDINATOR_EPOCHS": "1",
        "swipefl_log": "",
    }
    assert unknown_variables(kind, right | others) == []
    (told,) = unknown_variables(kind, right | {f"{prefix}EPOCH": "9"})
    assert told == f"{prefix}EPOCH is no setting; did you mean {prefix}EPOCHS?"
    (told,) = unknown_variables(kind, {f"{prefix}XYZZY": "9"})
    assert told == f"{prefix}XYZZY is no setting"


@pytest.mark.parametrize(("kind", "meanings", "prefix"), KINDS)
def test_every_setting_has_a_meaning(kind: type[Sourced], meanings: dict[str, str], prefix: str) -> None:
    assert set(meanings) == set(kind.model_fields)


def test_every_setting_of_a_coordinator_is_a_flag_of_serve_and_none_has_a_default_there() -> None:
    parameters = inspect.signature(serve).parameters
    assert set(parameters) - {"as_json"} == set(COORDINATOR) - {"log"}
    assert {p.default for name, p in parameters.items() if name != "as_json"} == {None}


def test_serve_and_simulate_name_what_both_say_alike() -> None:
    there, here = (inspect.signature(command).parameters for command in (serve, simulate))
    shared = {*vars(Plan()), *vars(Strategy())}
    assert len(shared) == 11
    assert shared <= set(there)
    assert shared <= set(here)
    assert {here[name].default for name in shared} == {None}


def test_what_is_set_nowhere_is_the_policy_that_there_is_without_settings(tmp_path: Path) -> None:
    assert policy_of(load_coordinator_settings(tmp_path)) == Policy()
    device, plan = load_settings(tmp_path), Plan()
    contribution = (device.contribution_epochs, device.batch_size, device.contribution_learning_rate, device.max_norm)
    assert contribution == (plan.epochs, plan.batch_size, plan.learning_rate, plan.max_norm)


@pytest.mark.parametrize(("kind", "meanings", "prefix"), KINDS)
def test_each_value_is_shown_with_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Sourced], meanings: dict[str, str], prefix: str
) -> None:
    (tmp_path / kind.file_name).write_text("epochs = 5\nbatch_size = 8\n")
    monkeypatch.setenv(f"{prefix}BATCH_SIZE", "9")
    flags = {"home": tmp_path, "learning_rate": 0.5, "seed": None}
    settings = kind(**{name: value for name, value in flags.items() if value is not None})
    shown = {setting.name: setting for setting in explained(settings, flags, meanings)}
    assert (shown["home"].value, shown["home"].source) == (str(tmp_path), "flag")
    assert (shown["epochs"].value, shown["epochs"].source) == (5, kind.file_name)
    assert (shown["batch_size"].value, shown["batch_size"].source) == (9, f"{prefix}BATCH_SIZE")
    assert (shown["learning_rate"].value, shown["learning_rate"].source) == (0.5, "flag")
    assert shown["log"].source == "default"
    monkeypatch.setenv("SWIPEFL_LOG", "json")
    assert {s.name: s.source for s in explained(settings, flags, meanings)}["log"] == "SWIPEFL_LOG"
    assert all(setting.meaning for setting in shown.values())


@pytest.mark.parametrize(("kind", "meanings", "prefix"), KINDS)
def test_the_file_of_defaults_changes_nothing_as_it_is_and_nothing_uncommented(
    tmp_path: Path, kind: type[Sourced], meanings: dict[str, str], prefix: str
) -> None:
    text = commented(kind, meanings)
    assert tomllib.loads(text) == {}
    lines = [line.removeprefix("# ") for line in text.splitlines() if " = " in line and not line.endswith('"..."')]
    assert len(lines) >= 10
    before = kind(home=tmp_path)
    (tmp_path / kind.file_name).write_text("\n".join(lines))
    assert kind(home=tmp_path) == before

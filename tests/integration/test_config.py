"""`swipefl config` and `swipefl coordinator config`, and settings that a real process finds in its home."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import AS_NOBODY_SET_IT, environment, swipefl
from tests.support.coordinator import coordinator
from tests.support.terminal import seen, swipefl_on_terminal


@pytest.mark.parametrize(
    ("words", "file", "prefix"),
    [(("config",), "config.toml", "SWIPEFL_"), (("coordinator", "config"), "coordinator.toml", "SWIPEFL_COORDINATOR_")],
)
def test_every_setting_is_shown_with_its_source(tmp_path: Path, words: tuple[str, ...], file: str, prefix: str) -> None:
    (tmp_path / file).write_text("epochs = 7\n")
    done = swipefl(tmp_path, *words, "--json", **{f"{prefix}BATCH_SIZE": "5"})
    shown = {setting["name"]: setting for setting in done.json["settings"]}
    assert (shown["epochs"]["value"], shown["epochs"]["source"]) == (7, file)
    assert (shown["batch_size"]["value"], shown["batch_size"]["source"]) == (5, f"{prefix}BATCH_SIZE")
    assert (shown["home"]["value"], shown["home"]["source"]) == (str(tmp_path), "SWIPEFL_HOME")
    assert {setting["source"] for setting in shown.values()} >= {"default"}
    assert done.err == ""
    defaults = swipefl(tmp_path, *words, "--default")
    (tmp_path / file).write_text(defaults.out)
    unset = {s["name"]: s["source"] for s in swipefl(tmp_path, *words, "--json", **AS_NOBODY_SET_IT).json["settings"]}
    assert set(unset.values()) == {"default", "SWIPEFL_HOME"}


@pytest.mark.parametrize("words", [("config",), ("coordinator", "config")])
def test_on_a_wide_terminal_it_is_a_table(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = swipefl_on_terminal(tmp_path, *words, columns=200)
    screen = seen(done.out)
    assert (done.code, screen[0].split()) == (0, ["setting", "value", "from", "meaning"])
    assert any(line.startswith("batch_size ") for line in screen)


def test_a_slip_in_a_variable_is_warned_of_and_stops_nothing(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "status", "--json", SWIPEFL_EPOCH="9")
    assert (done.code, done.json["rounds"]) == (0, [])
    assert done.err == "SWIPEFL_EPOCH is no setting; did you mean SWIPEFL_EPOCHS?\n"


def test_a_reader_of_the_defaults_may_stop(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m swipefl config --default | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_number_beyond_all_bounds_is_told_in_one_line(tmp_path: Path) -> None:
    """Also where it is too long to be a number of any machine."""
    (tmp_path / "coordinator.toml").write_text(f"example_cap = -1{400 * '0'}\n")
    for words in (("coordinator", "config"), ("coordinator", "serve")):
        done = swipefl(tmp_path, *words)
        assert (done.code, done.err.count("\n"), "example_cap is -1000" in done.err) == (2, 1, True)


def test_a_slip_in_a_file_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("epoch = 9\n")
    done = swipefl(tmp_path, "status")
    assert (done.code, "did you mean epochs?" in done.err) == (2, True)


def test_a_coordinator_serves_by_its_file_and_a_flag_comes_before_it(tmp_path: Path) -> None:
    (tmp_path / "coordinator.toml").write_text("max_norm = 0.25\nepochs = 3\nbuffer = 1000\nlog = 'json'\n")
    with coordinator(tmp_path, "--epochs", "1") as serving, serving.device().client() as client:
        plan = client.check_in(0, "").plan
        assert (plan.max_norm, plan.epochs, plan.batch_size) == (0.25, 1, 16)
        assert serving.log().startswith("{")


def test_a_rule_that_nobody_knows_is_told_before_anything_is_served(tmp_path: Path) -> None:
    swipefl(tmp_path, "coordinator", "init")
    (tmp_path / "coordinator.toml").write_text("rule = 'mode'\n")
    for words in (("serve",), ("config",), ("status",)):
        done = swipefl(tmp_path, "coordinator", *words)
        assert (done.code, "rule is one of" in done.err) == (2, True)

"""What `swipefl flower init` writes: a project that Flower takes, and a bundle with nothing in it."""

import inspect
import json
import subprocess
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from flwr.cli.build import build_fab_from_disk
from flwr.superlink.runtime import run_serverapp

from swipefl.errors import CoordinatorUnreachable, UsageError
from swipefl.federation.protocol.address import Address
from swipefl.flower.project import FlowerNodes, write_project
from swipefl.flower.rounds import Course
from swipefl.flower.server_app import read_config
from swipefl.flower.strategies import Choice
from swipefl.flower.superlink import RAISED, Place, SuperLink
from tests.support.command import environment, swipefl
from tests.support.superlink import BIN, OFF
from tests.support.updates import update


@pytest.mark.parametrize("nodes", ["coordinators", "devices"])
def test_the_bundle_holds_the_projects_file_and_nothing_else(tmp_path: Path, nodes: str) -> None:
    project = tmp_path / "project"
    made = swipefl(tmp_path, "flower", "init", str(project), "--nodes", nodes, "--json")
    assert (made.code, made.json) == (0, {"project": str(project / "pyproject.toml"), "nodes": nodes})
    (project / "swipes.jsonl").write_text('{"word": "zuzanka"}\n')
    (project / "model.py").write_bytes(b"# " + update())
    (project / "more").mkdir()
    (project / "more" / "notes.md").write_text("zuzanka")
    env = environment(tmp_path, **OFF, FLWR_HOME=str(tmp_path / "flwr"))
    subprocess.run([BIN / "flwr", "build"], cwd=project, env=env, check=True, capture_output=True)
    (file,) = project.glob("*.fab")
    with zipfile.ZipFile(file) as bundle:
        assert sorted(bundle.namelist()) == [".info/CONTENT", "pyproject.toml"]
        text = bundle.read("pyproject.toml").decode()
    assert file.stat().st_size < 2000
    assert tomllib.loads(text) == tomllib.loads((project / "pyproject.toml").read_text())


def test_its_numbers_are_those_of_who_says_none(tmp_path: Path) -> None:
    swipefl(tmp_path, "flower", "init", str(tmp_path / "p"), "--rounds", "7", "--state", '/a "b"\\c')
    config = tomllib.loads((tmp_path / "p" / "pyproject.toml").read_text())["tool"]["flwr"]["app"]["config"]
    folder, course, _ = read_config(config)
    assert (folder.path, course) == (Path('/a "b"\\c'), replace(Course(), rounds=7))
    assert config.keys() >= {"folder", "rounds", "strategy", "min-nodes", "liars"}
    assert course.choice == Choice()


def test_another_project_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("mine")
    done = swipefl(tmp_path, "flower", "init", str(tmp_path))
    assert (done.code, (tmp_path / "pyproject.toml").read_text()) == (2, "mine")
    assert "pyproject.toml" in done.err


def test_json_is_a_line(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "flower", "init", str(tmp_path / "p"), "--json")
    assert json.loads(done.out)["nodes"] == "coordinators"


def test_what_a_run_was_begun_with_is_known_by_the_bundle_s_hash(tmp_path: Path) -> None:
    """The same project gives the same bytes, another number other ones."""
    write_project(tmp_path, FlowerNodes.COORDINATORS, 3, "/versions")
    before = build_fab_from_disk(tmp_path)
    assert build_fab_from_disk(tmp_path) == before
    file = tmp_path / "pyproject.toml"
    file.write_text(file.read_text().replace("rounds = 3", "rounds = 4"))
    assert build_fab_from_disk(tmp_path) != before


def test_flower_says_of_a_server_app_that_raised_what_we_know_it_by() -> None:
    assert f'f"{RAISED}: ' in inspect.getsource(run_serverapp)


@pytest.mark.parametrize("rounds", ["9223372036854775807", "9" * 30])
def test_more_rounds_than_there_are_numbers_are_refused(tmp_path: Path, rounds: str) -> None:
    done = swipefl(tmp_path, "flower", "init", str(tmp_path / "p"), "--rounds", rounds)
    assert (done.code, (tmp_path / "p").exists()) == (2, False)
    assert "rounds" in done.err


@pytest.mark.parametrize("state", ["", "versions", "./versions", "/a\nb", "/a\x01b", "/" + "a" * 5000])
def test_a_folder_that_no_superlink_could_mean_is_refused(tmp_path: Path, state: str) -> None:
    done = swipefl(tmp_path, "flower", "init", str(tmp_path / "p"), "--state", state)
    assert (done.code, (tmp_path / "p").exists()) == (2, False), done.err
    with pytest.raises(UsageError):
        read_config({"folder": state})


def test_an_empty_folder_is_not_the_one_that_it_runs_in(tmp_path: Path) -> None:
    for done in (swipefl(tmp_path, "flower", "init", ""), swipefl(tmp_path, "flower", "run", "")):
        assert (done.code, "an empty path names no file" in done.err) == (2, True), done.err


def test_a_file_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = swipefl(tmp_path, "flower", "init", str(tmp_path / "file"))
    assert (done.code, "its folder is a file" in done.err) == (2, True), done.err


def test_devices_have_a_folder_of_their_own(tmp_path: Path) -> None:
    folders = set()
    for nodes in FlowerNodes:
        write_project(tmp_path / nodes, nodes, 1, None)
        config = tomllib.loads((tmp_path / nodes / "pyproject.toml").read_text())["tool"]["flwr"]["app"]["config"]
        assert config["nodes"] == nodes
        folders.add(read_config(config)[0].path)
    assert len(folders) == 2


def test_it_is_said_how_it_is_run_and_the_file_is_taken_for_its_folder(tmp_path: Path) -> None:
    made = swipefl(tmp_path, "flower", "init", str(tmp_path / "my project"))
    assert f"`swipefl flower run '{tmp_path}/my project' --superlink HOST:PORT`" in made.err
    at = ("--superlink", "127.0.0.1:1", "--insecure")
    assert swipefl(tmp_path, "flower", "run", str(tmp_path / "my project" / "pyproject.toml"), *at).code == 6


def test_numbers_that_make_no_sense_are_said_before_a_run_is_begun(tmp_path: Path) -> None:
    write_project(tmp_path, FlowerNodes.COORDINATORS, 3, "/versions")
    file = tmp_path / "pyproject.toml"
    file.write_text(file.read_text().replace('strategy = "fedavgm"', 'strategy = "nonsense"'))
    with SuperLink(Place(Address.parse("127.0.0.1:1"), None, True)) as link:
        with pytest.raises(UsageError, match="nonsense"):
            link.submit(tmp_path)
        file.write_text(file.read_text().replace("swipefl.flower.server_app", "mine"))
        with pytest.raises(CoordinatorUnreachable):  # another's app has other numbers
            link.submit(tmp_path)

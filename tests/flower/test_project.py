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

from swipefl.flower.project import FlowerNodes, write_project
from swipefl.flower.rounds import Course
from swipefl.flower.server_app import read_config
from swipefl.flower.strategies import Choice
from swipefl.flower.superlink import RAISED
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

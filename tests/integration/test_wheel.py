"""What `pip install .` gives: a wheel that does the main job with nothing else of this folder at hand."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from swipefl.decoder.lexicon import shipped
from tests.support.command import ROOT
from tests.support.swipes import GOOD

DATA = (
    "swipefl/py.typed",
    "swipefl/decoder/base/base.safetensors",
    "swipefl/decoder/lexicons/README.md",  # the lexicons' licences
    *(f"swipefl/decoder/lexicons/{language}.bin" for language in shipped()),
    "swipefl/decoder/lexicons/offensive-en.bin",
    "swipefl/decoder/lexicons/offensive-ru.bin",
)
LANGUAGES = {"de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru", "sv", "tr", "uk"}  # at least
MOST_MB = 12.8  # ten of lexicons, two of words in order, a tenth of the page and its sentences


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files in a folder of their own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-index", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--no-deps", "--wheel-dir", str(folder)], check=True, cwd=folder)
    with zipfile.ZipFile(next(folder.glob("swipefl-*.whl"))) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_holds_the_data_and_nothing_that_is_not_the_package(unpacked: Path) -> None:
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert files >= set(DATA)
    assert set(shipped()) >= LANGUAGES
    assert any(file.endswith("licenses/LICENSE") for file in files)
    places = r"swipefl/|swipefl-[\d.]+\.(dist-info|data/data/share/(man|bash-completion|zsh|fish))/"
    assert all(re.match(places, file) for file in files)
    assert any(file.endswith("share/man/man1/swipefl-cycle.1") for file in files)
    in_checkout = {str(path.relative_to(ROOT)) for path in (ROOT / "swipefl").rglob("*.py")}
    assert {file for file in files if file.endswith(".py")} == in_checkout
    entry_points = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "swipefl = swipefl.__main__:main" in entry_points.read_text()


def test_the_wheel_is_small(unpacked: Path) -> None:
    (wheel,) = unpacked.parent.glob("swipefl-*.whl")
    assert wheel.stat().st_size < MOST_MB * 1_000_000


def test_the_wheel_has_one_command(unpacked: Path) -> None:
    """Recipes are scripts of examples/; what the package itself can do is a command of `swipefl`, made with typer."""
    trees = {str(path.relative_to(unpacked)): ast.parse(path.read_text("utf-8")) for path in unpacked.rglob("*.py")}
    assert [file for file, tree in trees.items() if "argparse" in imported(tree)] == []
    main_only = {file for file, tree in trees.items() if any(map(is_main_guard, ast.walk(tree)))}
    assert main_only == {"swipefl/__main__.py"}


def is_main_guard(node: ast.AST) -> bool:
    """Whether this is an `if` that asks for `__main__`."""
    return isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)


def test_the_demo_runs_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SWIPEFL_")}
    env = kept | {"PYTHONPATH": str(unpacked), "SWIPEFL_HOME": str(tmp_path / "home"), "SWIPEFL_EPOCHS": "1"}

    def run(*words: str, given: bytes = b"") -> bytes:
        command = [sys.executable, *words]
        return subprocess.run(command, input=given, env=env, cwd=tmp_path, check=True, stdout=subprocess.PIPE).stdout

    some = b"".join(GOOD[:30])
    assert Path(run("-c", "import swipefl; print(swipefl.__file__)").decode().strip()).is_relative_to(unpacked)
    assert json.loads(run("-m", "swipefl", "ingest", "-", "--json", given=some))["stored"] == 30
    assert json.loads(run("-m", "swipefl", "cycle", "--json"))["rounds"][0]["push"] == "none"
    assert json.loads(run("-m", "swipefl", "predict", "-", "--json", given=some.splitlines(keepends=True)[0]))[
        "candidates"
    ]
    assert json.loads(run("-m", "swipefl", "status", "--json"))["gestures"]["good"] == 30


def imported(tree: ast.Module) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}

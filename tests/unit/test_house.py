"""The house itself: who imports whom, among the tests and at the edge of the package."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.command import ROOT

TESTS = ("unit", "integration", "endurance", "page", "flower")
OF_THE_PAGE = (
    "acts",
    "eventually",
    "chromium",
    "conftest",
    "finger",
    "swipes",
    "visitor",
    "watch",
)  # for its tests alone
BESIDE_THE_CORE = ("simulation", "api", "flower")  # reached from one command each


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(file: Path) -> str:
    """The module's name, that of its package for an `__init__.py`."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(text: str, package: str) -> set[str]:
    """The names that a module of `package` imports: at its top, in functions, and for type checking alone."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            found |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
    return found


def imports_of(file: Path) -> set[str]:
    name = name_of(file)
    return imported(file.read_text("utf-8"), name if file.name == "__init__.py" else name.rpartition(".")[0])


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_imports_are_found_wherever_they_stand() -> None:
    text = """
import a.b as c
from d import e
from . import f
from ..g import h
if TYPE_CHECKING:
    import i
def later():
    from j import k
    class L:
        import m
"""
    assert imported(text, "p.q") == {"a.b", "d", "d.e", "p.q", "p.q.f", "p.g", "p.g.h", "i", "j", "j.k", "m"}


@pytest.mark.parametrize("folder", TESTS)
def test_no_test_imports_another(folder: str) -> None:
    """What several tests use is in tests.support, or a fixture in a conftest.py."""
    for file in modules(f"tests/{folder}"):
        ours = ["tests.support", *(f"tests.page.{name}" for name in OF_THE_PAGE if folder == "page")]
        others = {name for name in imports_of(file) if within(name, "tests") and not any(within(name, o) for o in ours)}
        assert others <= {"tests"}, file


def test_support_imports_no_test() -> None:
    for file in modules("tests/support"):
        others = {name for name in imports_of(file) if within(name, "tests") and not within(name, "tests.support")}
        assert others <= {"tests"}, file


def test_every_folder_of_tests_is_a_package_and_a_test_lies_in_one_of_five() -> None:
    folders = {file.parent for file in modules("tests")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
    places = {file.parent.relative_to(ROOT / "tests").parts[:1] for file in modules("tests") if "test_" in file.name}
    assert places == {(folder,) for folder in TESTS}


@pytest.mark.parametrize("package", BESIDE_THE_CORE)
def test_one_command_at_most_knows_of_what_is_beside_the_core(package: str) -> None:
    """Also of a package that is still to come."""
    whole = f"swipefl.{package}"
    knowing = [file for file in modules("swipefl/cli") if any(within(name, whole) for name in imports_of(file))]
    assert len(knowing) <= 1, knowing


def test_the_package_imports_only_what_it_declares() -> None:
    """So that it runs without the development tools, which are all installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *extras["api"], *extras["plot"], *extras["languages"], *extras["flower"]]
    declared = {re.split(r"[^\w-]", requirement)[0].replace("-", "_") for requirement in required}
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "swipefl").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"swipefl"}
    providers = importlib.metadata.packages_distributions()
    provided = {module: {name.replace("-", "_") for name in names} for module, names in providers.items()}
    # what is not installed here, as Flower, is called as what it is in
    assert {module for module in modules if not declared & provided.get(module, {module})} == set()

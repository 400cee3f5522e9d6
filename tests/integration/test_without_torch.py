"""Where torch is not installed: all but learning works, and learning says what is missing."""

import re
import tomllib
from pathlib import Path

import pytest

from swipefl.missing import missing_package
from tests.support.command import ROOT, Done, swipefl
from tests.support.coordinator import coordinator
from tests.support.phones import publish
from tests.support.readme import blocks
from tests.support.swipes import EXAMPLE, GOOD

NEEDED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
MODULES = {"protobuf": "google", "grpcio": "grpc", "grpcio-health-checking": "grpc_health"} | {
    "grpcio-reflection": "grpc_reflection"
}
# Read by Python at its start: from then on it is as if torch were not there.
WITHOUT = """
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == "torch" else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PYTHONPATH in which torch is missing."""
    folder = tmp_path_factory.mktemp("path")
    return without("torch", folder)


def without(module: str, folder: Path) -> str:
    """A PYTHONPATH in which a module is missing."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(WITHOUT.replace('"torch"', f'"{module}"'))
    return f"{folder}:{ROOT}"


def says_what_is_missing(done: Done) -> bool:
    return done.code == 2 and done.err.count("\n") == 1 and "learning needs torch" in done.err and "install" in done.err


def test_all_but_learning_works(tmp_path: Path, path: str) -> None:
    def run(*words: str, given: bytes = b"") -> Done:
        return swipefl(tmp_path, *words, given=given, PYTHONPATH=path)

    assert run("ingest", str(EXAMPLE)).code == 0
    assert run("predict", "-", "--json", given=GOOD[0]).json["candidates"]
    for words in ("evaluate", "show", "status", "words list", "export", "config", "reset", "leave"):
        assert run(*words.split()).code == 0, words
    told = run("cycle", "--explain")
    assert (told.code, "would learn nothing: learning needs torch" in told.out) == (0, True), told.out
    assert run("cycle", "--explain", "--json").json["would"] == "nothing"
    for words in ("train", "cycle", f"simulate {EXAMPLE} --out {tmp_path / 'out'}"):
        assert says_what_is_missing(run(*words.split())), words
    assert not (tmp_path / "out").exists()
    assert run("forget", "--all").code == 0
    assert run("cycle").code == 0  # nothing to do, and so nothing that is missing


def test_a_coordinator_and_a_visit_need_none(tmp_path: Path, path: str) -> None:
    there, here = tmp_path / "coordinator", tmp_path / "device"
    with coordinator(there, PYTHONPATH=path) as serving:
        token = swipefl(there, "coordinator", "token", PYTHONPATH=path).out.strip()
        assert swipefl(here, "ingest", str(EXAMPLE)).code == 0
        assert swipefl(here, "enroll", serving.address, "--token", token, PYTHONPATH=path).code == 0
        assert swipefl(here, "sync", "--json", PYTHONPATH=path).json["global_version"] == 1
        publish(serving, 0.5)
        assert says_what_is_missing(swipefl(here, "cycle", PYTHONPATH=path))
        kinds = [known["kind"] for known in swipefl(here, "status", "--json").json["checkpoints"]]
        assert kinds.count("global") >= 1, "the night did not fetch what it could"


def test_a_torch_that_cannot_be_loaded_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise OSError('libc10.so: cannot open shared object file')")
    assert swipefl(tmp_path, "ingest", str(EXAMPLE)).code == 0
    done = swipefl(tmp_path, "train", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (done.code, "cannot be loaded (OSError)" in done.err, done.err.count("\n")) == (2, True, 1)


@pytest.mark.parametrize("package", [re.split(r"[<>=~!]", line)[0] for line in NEEDED if not line.startswith("torch")])
def test_any_other_package_that_is_missing_is_told_by_its_name(tmp_path: Path, package: str) -> None:
    """Each command goes on without it, or ends in 2 and says what is missing; of nothing it says that it is a bug."""
    path = without(MODULES.get(package, package.replace("-", "_")), tmp_path / "path")
    for words in ("--version", "status", "cycle", "doctor", "coordinator init"):
        (tmp_path / words).mkdir(mode=0o700)  # of one that is not there a line more is said
        done = swipefl(tmp_path / words, *words.split(), PYTHONPATH=path)
        assert ("a bug" in done.err + done.out, "Traceback" in done.err) == (False, False), (words, done.err)
        if done.code == 2:
            assert f"swipefl needs {package}, which is not installed; `" in done.err, words
            assert done.err.count("\n") == 1, words
        else:
            assert done.code == 0 or (words == "doctor" and done.code == 9), (words, done.err)
            assert done.code == 0 or f"needs {package}, which is not installed" in done.out, (words, done.out)
        assert package not in ("jeepney", "psutil") or done.code == 0, "what is only asked ends nothing"


def test_what_is_missing_of_python_or_of_swipefl_is_no_package() -> None:
    for name in ("swipefl.nothing", "sqlite3", "_sqlite3", "", None):
        assert missing_package(ModuleNotFoundError("no", name=name)) is None
    assert missing_package(ImportError("half of it", name="numpy")) is None
    assert missing_package(KeyError("numpy")) is None


def test_the_list_is_all_but_torch() -> None:
    listed = (ROOT / "examples" / "without-torch.txt").read_text("utf-8").splitlines()
    assert [line for line in listed if not line.startswith("#")] == [
        line for line in NEEDED if not line.startswith("torch")
    ]
    (block,) = blocks("examples/COORDINATOR.md", "Without PyTorch")
    assert "-r examples/without-torch.txt" in block
    assert "--no-deps ." in block

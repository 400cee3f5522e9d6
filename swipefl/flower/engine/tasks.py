"""Tasks of a simulation as bytes: a function with what it is given, done wherever a machine of the engine has a place.

Both ends are processes of one run on machines of one owner, as those of a pool are; pickle between them is Ray's own
way. A task is unpickled only where the run's files and its very swipefl are.
"""

import hashlib
import pickle
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from swipefl.errors import Remedy, UsageError

PACKAGE = Path(__file__).parents[2]
OURS = "OF_SWIPEFL_ENGINE"  # the variable that processes of the engine have, which alone do tasks


@dataclass(frozen=True)
class Ground:
    """What every machine must have of the one that began: its swipefl, and its files at the same place.

    `mark` is a file that only this run has, with `token` in it; `paths` are others, which are only looked for.
    """

    swipefl: str
    mark: Path
    token: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of a task: its value, or what it raised."""

    value: Any = None
    error: Exception | None = None


def here(mark: Path, token: str, paths: tuple[Path, ...] = ()) -> Ground:
    """What this machine has."""
    return Ground(swipefl_here(), mark, token, paths)


@lru_cache(maxsize=1)
def swipefl_here() -> str:
    """The swipefl of this machine: its version and a hash of its modules, as clones of all commits say one version."""
    return f"{version('swipefl')} ({hash_of(PACKAGE)})"


def hash_of(folder: Path) -> str:
    """The first letters of a hash of all modules in a folder, with their names."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        text = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:12]


def asked(needs: Ground, run: Callable[[], object]) -> bytes:
    """A task."""
    return pickle.dumps((needs, pickle.dumps(run)))


def done(task: bytes) -> bytes:
    """Does a task; what it raises goes back, and is raised where the task came from."""
    try:
        needs, run = pickle.loads(task)
        check(needs)
        return pickle.dumps(Outcome(pickle.loads(run)()))
    except Exception as error:
        return pickle.dumps(Outcome(error=_crossing(error)))


def _crossing(error: Exception) -> Exception:
    """An error as it can be raised in another process; of one that cannot, what kind it is and what it says."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def outcome_of(answer: bytes) -> Outcome:
    """What `done` gave."""
    outcome: Outcome = pickle.loads(answer)
    return outcome


@lru_cache(maxsize=4)
def check(needs: Ground) -> None:
    """Raises UsageError where this machine has another swipefl, or does not see the files of the one that began."""
    host, mine = socket.gethostname(), swipefl_here()
    if mine != needs.swipefl:
        other = "{host} has swipefl {mine}, and the machine that began has {there}"
        raise UsageError("other-version", other, Remedy.SAME_EVERYWHERE, host=host, mine=mine, there=needs.swipefl)
    unseen = "{host} does not see {path} of the machine that began"
    if not _is_marked(needs):
        raise UsageError("not-shared", unseen, Remedy.SHARE_FOLDER, host=host, path=needs.mark.parent)
    for path in needs.paths:
        if not path.exists():
            raise UsageError("not-shared", unseen, Remedy.SHARE_FOLDER, host=host, path=path)


def _is_marked(needs: Ground) -> bool:
    try:
        return needs.mark.read_text("ascii") == needs.token
    except (OSError, ValueError):
        return False

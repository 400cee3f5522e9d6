"""Where this very swipefl lies, its interpreter and all that it imports: what a unit must run, and be shown."""

import os
import site
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]  # what it is imported from


def command() -> tuple[str, ...]:
    """What runs it again; `-P`: a folder that it happens to run in has no say in what is imported."""
    return (os.path.abspath(sys.executable), "-P", "-m", "swipefl")


def environment() -> tuple[str, ...]:
    """What such a command must be told: a package that was not installed lies where PYTHONPATH says."""
    installed = {Path(folder).resolve() for folder in (*site.getsitepackages(), site.getusersitepackages())}
    return () if PACKAGE in installed else (f"PYTHONPATH={PACKAGE}",)


def code() -> tuple[Path, ...]:
    """The folders that its code is read from, none of them inside another."""
    known: tuple[str | Path, ...] = (
        sys.prefix,
        sys.base_prefix,
        *site.getsitepackages(),
        site.getusersitepackages(),
        PACKAGE,
    )
    # of `os.path`: what this user may not look into is no folder to them, and to pathlib an error
    found = {folder for folder in map(Path, known) if os.path.isdir(folder)}
    return outermost({*found, *(folder.resolve() for folder in found), *_links(Path(command()[0]))})


def outermost(paths: set[Path]) -> tuple[Path, ...]:
    """The paths that lie in none of the others, in order."""
    return tuple(sorted(path for path in paths if not any(other in path.parents for other in paths)))


def _links(interpreter: Path) -> Iterator[Path]:
    """The folders of the links that lead to an interpreter, as those of an environment do."""
    for _ in range(40):  # as many as Linux follows
        yield interpreter.parent
        if not os.path.islink(interpreter):  # as those look that lie where this user may not
            return
        interpreter = Path(os.path.abspath(interpreter.parent / interpreter.readlink()))

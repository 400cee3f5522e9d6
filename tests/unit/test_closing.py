"""What doctor closes in a home: by what it looked at, whatever somebody else puts there meanwhile."""

import os
import stat
from pathlib import Path

import pytest

from swipefl.operations.checks import home as checks
from swipefl.operations.checks.home import Entry, close, entries


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is open to all, and a file beside it that is nobody's business."""
    (tmp_path / "home" / "partial").mkdir(parents=True)
    for name in ("home/swipefl.db", "home/partial/a.part", "a.part", "secret"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    return tmp_path / "home"


def put_meanwhile(monkeypatch: pytest.MonkeyPatch, put: object) -> None:
    """Once all was looked at."""

    def looked(home: Path) -> list[Entry]:
        found = entries(home)
        put()  # type: ignore[operator]
        return found

    monkeypatch.setattr(checks, "entries", looked)


def test_all_that_is_ours_is_closed(home: Path) -> None:
    (home / "swipefl.db").chmod(0)
    assert list(close(home, os.geteuid()))
    assert [mode_of(home / name) for name in ("", "swipefl.db", "partial", "partial/a.part")] == [0o700, 0o600] * 2


def test_a_link_that_comes_meanwhile_is_not_followed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link() -> None:
        (home / "swipefl.db").unlink()
        (home / "swipefl.db").symlink_to(home.parent / "secret")

    put_meanwhile(monkeypatch, link)
    list(close(home, os.geteuid()))
    assert mode_of(home.parent / "secret") == 0o644


def test_nor_is_a_folder_that_becomes_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link() -> None:
        (home / "partial").rename(home.parent / "was")
        (home / "partial").symlink_to(home.parent)

    put_meanwhile(monkeypatch, link)
    list(close(home, os.geteuid()))
    assert mode_of(home.parent / "a.part") == 0o644


def test_root_changes_no_file_that_has_another_name(home: Path) -> None:
    os.link(home.parent / "secret", home / "swipefl.new")
    list(close(home, 0))
    assert (mode_of(home.parent / "secret"), mode_of(home / "swipefl.db")) == (0o644, 0o600)

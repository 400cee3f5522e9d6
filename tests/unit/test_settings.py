"""Flag before environment before config.toml before default; what is wrong is named."""

from pathlib import Path

import pytest

from swipefl.errors import UsageError
from swipefl.settings import load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "EPOCHS"):
        monkeypatch.delenv(f"SWIPEFL_{name}", raising=False)


def test_each_source_gives_way_to_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(tmp_path).epochs == 4
    (tmp_path / "config.toml").write_text("epochs = 5\n")
    assert load_settings(tmp_path).epochs == 5
    monkeypatch.setenv("SWIPEFL_EPOCHS", "6")
    assert load_settings(tmp_path).epochs == 6
    assert load_settings(tmp_path, epochs=7).epochs == 7
    assert load_settings(tmp_path, epochs=None).epochs == 6


def test_the_home_says_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWIPEFL_HOME", str(tmp_path / "from environment"))
    assert load_settings().home == tmp_path / "from environment"
    (tmp_path / "config.toml").write_text("epochs = 5\n")
    assert load_settings().epochs == 4
    assert load_settings(tmp_path).epochs == 5


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("epochs = 0\n", "epochs"),
        ("learning_rate = 'much'\n", "learning_rate"),
        ("nonsense = 1\n", "nonsense"),
        ("epochs = \n", "config.toml"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(UsageError, match=named):
        load_settings(tmp_path)

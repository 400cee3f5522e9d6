"""What Tab gives: in the real shells, out of real stores, quickly, and silently where something is wrong."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer

from swipefl.cli import completing, values
from swipefl.cli.app import app
from swipefl.decoder.lexicon import shipped
from swipefl.gesture.formats import FORMATS
from swipefl.hosting import coordinator_of
from tests.support.command import HEAVY, ROOT, environment, swipefl
from tests.support.shells import completed
from tests.support.swipes import gesture, lines

ROOMY = "a b:c=$d'e"  # an id with all that a shell may stumble over
# What is typed, and what its last word has become after Tab.
TYPED = {
    "swipefl stat": "status",
    "swipefl coordinator roll": "rollback",
    "swipefl predict --mod": "--model",
    "swipefl predict --model ba": "base",
    "swipefl train --device=cu": "--device=cuda",
    "swipefl show a": ROOMY,
    "swipefl words remove don": "don't",
    'swipefl words remove "don': "don't",
    "swipefl words remove Str": "Straße",
    "swipefl keyboards remove my": "my own",
    "swipefl ingest fi": "file of mine.jsonl",
    "swipefl ingest --rejects=fi": "--rejects=file of mine.jsonl",
    "swipefl --version words li": "list",
    "swipefl words add x": "x",
}
CODE = f"""
import sys
from swipefl.cli.app import main
try: main()
except SystemExit: pass
loaded = [name for name in {HEAVY} if name in sys.modules]
assert not loaded, loaded
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with swipes, words, a keyboard and a word list of one's own; a coordinator has the same folder."""
    home = tmp_path_factory.mktemp("home")
    ids = ("first", "first", ROOMY)
    swipes = lines(*(gesture(width=370 + place, gesture_id=id) for place, id in enumerate(ids)))
    assert swipefl(home, "ingest", "-", given=swipes).code == 0
    for word in ("zuzanka", "don't", "Straße"):
        assert swipefl(home, "words", "add", word, "--language", "en,de").code == 0
    assert swipefl(home, "words", "hide", "damn", "--language", "en").code == 0
    rows = ("--rows", "azertyuiop qsdfghjklm wxcvbn", "--language", "fr", "--name", "my own")
    assert swipefl(home, "keyboards", "add", *rows).code == 0
    (home / "words.txt").write_text("ahoj\nkroket\n")
    assert swipefl(home, "lexicons", "add", str(home / "words.txt"), "--language", "sk").code == 0
    coordinator_of(home, {}).init(None)
    with closing(sqlite3.connect(home / "coordinator.db")) as db, db:
        row = "('d-1', x'00', 0, 0, 0, 'phone', 0, 0, 0, 0, 0)"
        columns = "id, credential, enrolled_at, seen_at, revoked, name, enrolled_with, has_left, taken, refused, stale"
        db.execute(f"INSERT INTO devices ({columns}) VALUES {row}")
    return home


def offered(home: Path, *words: str, **extra: str) -> list[str]:
    """What a shell is told; first whether a file may stand there too."""
    done = swipefl(home, *words, _SWIPEFL_COMPLETE="zsh", **extra)
    assert (done.code, done.err) == (0, "")
    return [line.partition("\t")[0] for line in done.out.splitlines()]


def test_the_two_names_of_a_pair_do_not_say_the_same() -> None:
    root: Any = typer.main.get_command(app)

    def told(path: tuple[str, ...], command: Any) -> Iterator[tuple[str, str, str]]:
        for name, below in getattr(command, "commands", {}).items():
            yield from told((*path, name), below)
        offers = {offer.word: offer.what for offer in completing.completed(root, [*path, "--"])}
        for each in command.params:
            for other in each.secondary_opts:
                yield other, offers[each.opts[0]], offers[other]

    pairs = list(told((), root))
    assert len(pairs) >= 2
    assert [name for name, first, second in pairs if first == second] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_what_is_typed(home: Path, tmp_path: Path, shell: str) -> None:
    (tmp_path / "file of mine.jsonl").touch()
    given = completed(shell, home, list(TYPED), tmp_path)
    assert {line: words[-1] for line, words in zip(TYPED, given, strict=True)} == TYPED
    assert [len(words) for words in given] == [2, 3, 3, 4, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("reset", "--to", ""), ["base", "global"]),
        (("forget", "--word", "w"), ["we"]),
        (("words", "unhide", ""), ["damn"]),
        (("words", "remove", ""), ["Straße", "don't", "zuzanka", "we"]),
        (("lexicons", "remove", ""), ["sk"]),
        (("predict", "--language", "de,s"), ["de,sk", "de,sv"]),
        (("keyboards", "show", "my"), ["my own"]),
        (("coordinator", "devices", "--revoke", ""), ["d-1"]),
        (("coordinator", "rollback", ""), ["1"]),
        (("coordinator", "serve", "--rule", "m"), ["mean", "median"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("relabel", "first", "were", ""), []),
        (("no", "such", ""), []),
        (("-",), ["--version", "--help"]),
    ],
)
def test_values_come_from_the_store(home: Path, typed: tuple[str, ...], expected: list[str]) -> None:
    assert offered(home, *typed)[1:] == expected


def test_what_would_be_an_option_is_no_value_unless_it_can_be_none(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "ingest", "-", given=lines(gesture(gesture_id="--all"), gesture(width=380))).code == 0
    assert "--all" not in offered(tmp_path, "forget", "--id=x", "") + offered(tmp_path, "show", "")
    assert "--all" in offered(tmp_path, "show", "--", "")


def test_an_id_that_several_have_is_offered_by_what_only_one_has(home: Path) -> None:
    _, newest, *handles = offered(home, "show", "")
    assert newest == ROOMY
    assert len(handles) == 2
    assert offered(home, "show", handles[0][:7])[1:] == handles[:1]
    assert swipefl(home, "show", handles[0]).code == 0


def test_the_home_is_the_one_that_is_typed(home: Path, tmp_path: Path) -> None:
    for flag in (("--home", str(home)), (f"--home={home}",)):
        assert offered(tmp_path / "none", "words", "unhide", *flag, "")[1:] == ["damn"]
    assert offered(home, "coordinator", "rollback", "", SWIPEFL_COORDINATOR_HOME=str(tmp_path))[1:] == []


def test_an_option_that_stands_there_is_not_offered_again(home: Path) -> None:
    assert "--model" not in offered(home, "predict", "--model", "base", "--")
    assert {"--model", "--help"} < set(offered(home, "predict", "--"))
    assert "--model" not in offered(home, "predict", "--", "--mo")


def no_file(path: Path) -> None:
    path.unlink()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def another(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [no_file, pipe, cut, another, folder])
def test_a_store_that_cannot_be_read_is_passed_over(home: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    shutil.copy(home / "swipefl.db", tmp_path)
    harm(tmp_path / "swipefl.db")
    before = sorted(os.listdir(tmp_path))
    assert offered(tmp_path, "words", "unhide", "") in (["words"], ["words", "damn"])
    assert sorted(os.listdir(tmp_path)) == before


def test_no_home_is_made_and_none_is_needed(tmp_path: Path) -> None:
    assert offered(tmp_path / "none", "show", "") == ["words"]
    assert os.listdir(tmp_path) == []
    assert offered(tmp_path, "show", "", SWIPEFL_HOME="~nobody-at-all/x") == ["words"]


def test_it_waits_for_no_lock_reads_what_is_in_the_log_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    store = tmp_path / "swipefl.db"
    shutil.copy(home / "swipefl.db", store)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("INSERT INTO hidden_words VALUES ('drat', 'en', 0)")
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO hidden_words VALUES ('never', 'en', 0)")
        before = {file: (tmp_path / file).read_bytes() for file in os.listdir(tmp_path) if not file.endswith("-shm")}
        assert offered(tmp_path, "words", "unhide", "")[1:] == ["damn", "drat"]
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        assert offered(tmp_path, "words", "unhide", "")[:1] == ["words"]
        assert {file: (tmp_path / file).read_bytes() for file in before} == before


def test_nothing_heavy_is_loaded(home: Path) -> None:
    for words in (("",), ("show", ""), ("predict", "--language", ""), ("coordinator", "rollback", "")):
        command = [sys.executable, "-c", CODE, *words]
        env = environment(home, _SWIPEFL_COMPLETE="fish")
        assert subprocess.run(command, env=env, capture_output=True, check=True).stderr == b""


def taking_values() -> Iterator[tuple[str, Any]]:
    """Every option and argument that takes a value, with its command."""

    def under(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        for name, below in getattr(command, "commands", {}).items():
            yield from under(f"{path} {name}".strip(), below)
        yield from ((path, each) for each in command.params if not getattr(each, "is_flag", False))

    return under("", typer.main.get_command(app))


def test_every_file_is_completed_and_every_value_is_of_a_parameter() -> None:
    known = {name for path, each in taking_values() for name in (each.name, f"{path} {each.name}")}
    assert values.VALUES.keys() - known == set()
    files = {each.name for _, each in taking_values() if "file" in (each.help or "").lower()}
    assert files - {"from_wordfreq", "jobs", "name"} <= values.VALUES.keys()


def test_fixed_values_are_those_that_there_are() -> None:
    assert set(values.FORMATS) == set(FORMATS)
    assert sorted(values._shipped()) == list(shipped())


def test_the_scripts_are_sound() -> None:
    scripts = ROOT / "swipefl" / "cli" / "shells"
    for shell, script in (("bash", "swipefl.bash"), ("zsh", "_swipefl"), ("fish", "swipefl.fish")):
        if shutil.which(shell):
            assert subprocess.run([shell, "-n", str(scripts / script)], check=False).returncode == 0
    if shutil.which("shellcheck"):
        assert subprocess.run(["shellcheck", str(scripts / "swipefl.bash")], check=False).returncode == 0

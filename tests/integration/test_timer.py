"""The way of a new user, from nothing to a timer to nothing, as far as a machine without systemd can go."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHORT, environment
from tests.support.readme import blocks
from tests.support.swipes import EXAMPLE
from tests.support.systemd import Systemctl
from tests.support.waiting import LONG_S

PAGE = "examples/NIGHTS.md"


class Person:
    """Somebody with a home of their own, swipefl on PATH, and a systemd that only writes down what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "anna ä"
        (self.home / ".config").mkdir(parents=True)
        self.systemctl = Systemctl(folder / "bin")
        self.data = self.home / ".local" / "share"
        self.log = self.data / "keyboard" / "swipes.jsonl"
        self.units = self.home / ".config" / "systemd" / "user"
        runs = f'#!/bin/sh\nexec "{sys.executable}" -m swipefl "$@"\n'
        self.program("swipefl", runs)
        for name in ("loginctl", "journalctl"):
            self.program(name, f'#!/bin/sh\necho "{name} $*" >> "{folder / "others"}"\n')
        self.program("crontab", f'#!/bin/sh\ncase "$1" in -l) cat "{folder}/tab" ;; -) cat > "{folder}/tab" ;; esac\n')
        self.env = {
            name: value
            for name, value in environment(Path("/nowhere"), PATH=self.systemctl.path, HOME=str(self.home)).items()
            if not name.startswith(("SWIPEFL_", "XDG_", "DBUS_SESSION_"))
        } | {"PYTHONPATH": str(ROOT), **SHORT}

    def program(self, name: str, text: str) -> None:
        (self.systemctl.folder / name).write_text(text)
        (self.systemctl.folder / name).chmod(0o755)

    def swipes(self) -> None:
        self.log.parent.mkdir(parents=True)
        shutil.copy(EXAMPLE, self.log)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Some lines of shell, at this person's prompt."""
        run = ["sh", "-euc", script]
        return subprocess.run(
            run, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=4 * LONG_S, check=False
        )

    def unit(self, name: str) -> str:
        return (self.units / name).read_text("utf-8")

    def night(self) -> list[int]:
        """What systemd would run, one step after the other; their exit codes."""
        codes = []
        for name in ("swipefl-ingest.service", "swipefl-cycle.service"):
            text = self.unit(name)
            line = re.findall(r"(?m)^ExecStart=:(.+)$", text)[0]
            variables = dict(shlex.split(each)[0].split("=", 1) for each in re.findall(r"(?m)^Environment=(.+)$", text))
            env = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", **SHORT, **variables}
            words = [word.replace("%%", "%") for word in shlex.split(line)]
            done = subprocess.run(words, env=env, cwd="/", capture_output=True, timeout=4 * LONG_S, check=False)
            codes.append(done.returncode)
        return codes


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_the_way_of_a_new_user(person: Person) -> None:
    person.swipes()
    before = files(person.home)
    install, look, _ = blocks(PAGE, "From nothing to a timer")
    done = person.run(install)
    assert done.returncode == 0, done.stderr
    assert "OnCalendar=*-*-* 04:30:00" in person.unit("swipefl-cycle.timer")
    assert str(person.log) in person.unit("swipefl-ingest.service")
    assert "loginctl enable-linger" in done.stderr
    assert person.systemctl.calls()[-2:] == ["--user enable swipefl-cycle.timer", "--user restart swipefl-cycle.timer"]
    assert person.night() == [0, 0]
    seen = person.run(look)
    assert (seen.returncode, "260" in seen.stdout) == (0, True), seen.stderr
    upgraded = person.run("swipefl timer install --json")  # after an upgrade, or any other day
    assert {unit["change"] for unit in json.loads(upgraded.stdout)["units"]} == {"unchanged"}
    gone = person.run(blocks(PAGE, "Without a trace")[0])
    assert gone.returncode == 0, gone.stderr
    assert files(person.home) == before


def test_a_timer_is_installed_as_the_commands_say(person: Person) -> None:
    done = person.run(blocks("examples/COMMANDS.md", "Every night")[0])
    assert done.returncode == 0, done.stderr
    assert str(person.log) in person.unit("swipefl-ingest.service")
    assert person.night() == [3, 0]  # no file yet: it says so, and a night it is all the same


def test_cron_does_it_where_there_is_no_systemd(person: Person) -> None:
    person.swipes()
    person.program("systemctl", "#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n")
    done = person.run("swipefl timer install")
    assert (done.returncode, "cron" in done.stderr, files(person.units)) == (2, True, set())
    assert not (person.data / "swipefl").exists()  # nothing was installed, and no empty home either
    added = person.run(blocks(PAGE, "From nothing to a timer")[2])
    assert added.returncode == 0, added.stderr
    table = (person.systemctl.folder.parent / "tab").read_text()
    (line,) = [line for line in table.splitlines() if not line.startswith("#")]
    *when, command = line.split(None, 5)
    assert when == ["7", "3", "*", "*", "*"]
    assert "%" not in command  # which cron takes for the end of a line
    night = person.run(command)
    assert night.returncode == 0, night.stderr
    assert "260 stored" in night.stdout
    assert "260 new swipes" in night.stdout
    (person.data / "swipefl" / "config.toml").write_text('log_file = "night.log"\n')
    for nights in (1, 2):
        assert person.run(command).returncode == 0
        lines = (person.data / "swipefl" / "night.log").read_text().splitlines()
        assert {"ingest finished", "round skipped"} <= set(re.findall("event='([a-z ]+)'", "".join(lines)))
        assert len({line.partition(" run_id=")[2] for line in lines}) == nights


def test_where_the_rest_of_the_disk_cannot_be_hidden_it_says_so(person: Person) -> None:
    person.systemctl.refuse("PrivateUsers=yes")
    done = person.run("swipefl timer install")
    assert (done.returncode, "hide the rest of the disk" in done.stderr) == (0, True)
    assert "PrivateUsers" not in person.unit("swipefl-cycle.service")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--at 24:00", "no time of day"),
        ("--at 3", "no time of day"),
        ("--at ''", "no time of day"),
        ("-", "name the file"),
        ("''", "empty path"),
        ("\"$(printf 'a\\nb')\"", "no systemd unit can name"),
        ("--system --run-as nobody-at-all", "knows no 'nobody-at-all'"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_done(person: Person, words: str, said: str) -> None:
    done = person.run(f"swipefl timer install --print {words}")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert files(person.home) == {person.home / ".config"}


def test_only_root_changes_the_systems_units(person: Person) -> None:
    nobody = "" if os.geteuid() else "setpriv --reuid=65534 --clear-groups "
    if person.run(f"{nobody}swipefl --version").returncode:
        pytest.skip("nobody else may run this swipefl")
    done = person.run(f"{nobody}swipefl timer remove --system")
    assert (done.returncode, "only root" in done.stderr) == (2, True), done.stderr


def test_files_that_settings_name_are_shown_to_the_night(person: Person) -> None:
    store = person.data / "swipefl"
    store.mkdir(parents=True)
    (store / "config.toml").write_text(
        f'device = "cuda"\nclient_certificate = "{person.home}/my cert.pem"\n'
        f'metrics_file = "{person.home}/metrics/swipefl.prom"\n'
    )
    done = person.run("swipefl timer install --print")
    assert f'"-{person.home}/my cert.pem"' in done.stdout
    (person.home / "dotfiles").mkdir()
    (store / "config.toml").rename(person.home / "dotfiles" / "swipefl.toml")
    (store / "config.toml").symlink_to(person.home / "dotfiles" / "swipefl.toml")
    linked = person.run("swipefl timer install --print").stdout
    assert f'"-{person.home}/my cert.pem"' in linked
    assert f'"-{person.home}/dotfiles/swipefl.toml"' in linked
    assert f'"-{person.home}/metrics"' in done.stdout
    assert done.stdout.count("PrivateDevices=yes") == 1  # what learns sees the card


def test_what_settings_name_without_a_folder_is_in_the_home_and_no_other_folder_is_shown(person: Person) -> None:
    store = person.data / "swipefl"
    store.mkdir(parents=True)
    (store / "config.toml").write_text('log_file = "night.log"\nmetrics_file = "swipefl.prom"\n')
    done = person.run("SWIPEFL_METRICS_FILE=other.prom swipefl timer install")
    assert done.returncode == 0, done.stderr
    text = person.unit("swipefl-cycle.service")
    assert [line for line in text.splitlines() if line.startswith(("BindPaths=", "ReadWritePaths="))] in (
        [f'BindPaths="{store}"'],
        [f'ReadWritePaths="{store}"'],
    )
    person.swipes()
    assert person.night() == [0, 0]
    assert (store / "night.log").read_text()
    assert (store / "swipefl.prom").read_text()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('log_file = "~/night.log"', "a folder of its own"),
        ('log_file = "~/.local/share/night.log"', "a folder of its own"),
        ('metrics_file = "~/.local/share/keyboard/swipefl.prom"', "a folder of its own"),
        ('client_certificate = "mine.pem"', "is not absolute"),
    ],
)
def test_files_that_would_show_a_night_too_much_or_that_it_would_not_find_are_refused(
    person: Person, setting: str, said: str
) -> None:
    store = person.data / "swipefl"
    store.mkdir(parents=True)
    (store / "config.toml").write_text(setting + "\n")
    done = person.run("swipefl timer install")
    assert (done.returncode, said in done.stderr, files(person.units)) == (2, True, set()), done.stderr


def test_the_home_stays_as_it_was_and_another_one_takes_no_nights(person: Person) -> None:
    home = person.home / "mine"
    assert person.run(f"swipefl timer install --home '{home}'").returncode == 0
    assert person.run("swipefl timer install --at 04:30").returncode == 0
    assert f"SWIPEFL_HOME={home}" in person.unit("swipefl-cycle.service")
    for command in ("install", "remove"):
        done = person.run(f"swipefl timer {command} --home '{person.home}/other'")
        assert (done.returncode, str(home) in done.stderr) == (2, True), done.stderr
    home.rename(person.home / "moved")
    assert person.run(f"swipefl timer install --home '{person.home}/moved'").returncode == 0
    assert person.run("swipefl timer remove").returncode == 0
    assert files(person.units) == set()

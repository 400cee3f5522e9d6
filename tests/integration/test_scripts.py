"""The scripts for a phone, a night and a mail, under two shells, with programs that only say what they were given."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.waiting import LONG_S, wait_until

SCRIPTS = sorted((ROOT / "examples" / "scripts").glob("*.sh"))
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"]}
FAKES = {
    "swipefl": 'echo "$*" >> "$SAID"; for code in 3 5 8; do case "$FAILS" in *" $1=$code "*) exit $code ;; esac; done',
    # what sshd does with a command: the person's shell there reads it; its home is $PHONE
    "ssh": 'for command; do :; done; cd "$PHONE"; sh -c "$command" || exit; [ -z "${BREAKS-}" ] || exit 255',
    "mail": 'printf "%s|" "$@" >> "$SAID"; cat >> "$SAID"',
}


class Bench:
    """A shell with those programs; `said` is what they were given."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self._shell = folder, shell
        (folder / "bin").mkdir()
        (folder / "phone").mkdir()
        for name, text in FAKES.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / "bin" / name).chmod(0o755)
        self.env = {
            "PATH": f"{folder}/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "SAID": str(folder / "said"),
            "PHONE": str(folder / "phone"),
            "FAILS": "",
        }

    def start(self, script: str, *words: str, **env: str) -> subprocess.Popen[str]:
        command = [*self._shell, str(ROOT / "examples" / "scripts" / script), *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.env | env, text=True, cwd=self.folder, **pipes)  # type: ignore[call-overload, no-any-return]

    def run(self, script: str, *words: str, **env: str) -> int:
        with self.start(script, *words, **env) as process:
            _, self.err = process.communicate(timeout=LONG_S)
        return process.returncode

    @property
    def said(self) -> str:
        path = self.folder / "said"
        return path.read_text() if path.exists() else ""


@pytest.fixture(params=SHELLS)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    shell = SHELLS[request.param]
    if not shutil.which(shell[0]):
        pytest.skip(f"no {shell[0]} here")
    return Bench(tmp_path, shell)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck here")
def test_they_are_clean() -> None:
    openrc = ROOT / "examples" / "openrc" / "swipefl-coordinator"
    subprocess.run(["shellcheck", *map(str, SCRIPTS)], check=True)
    # what OpenRC reads looks unused, and is called by it
    subprocess.run(["shellcheck", "--shell=sh", "--exclude=SC2034", str(openrc)], check=True)


@pytest.mark.parametrize("name", ["swipes.jsonl", "swipes of mine.jsonl", 'it\'s $HOME `id` "q" \\ %.jsonl', "-n", "ä"])
def test_a_phones_file_comes_whole_whatever_it_is_called(bench: Bench, name: str) -> None:
    (bench.folder / "phone" / name).write_text('{"a line": 1}\n')
    assert bench.run("collect.sh", "me@phone", name, "swipes of the phone") == 0, bench.err
    (came,) = (bench.folder / "swipes of the phone").iterdir()
    assert came.read_text() == '{"a line": 1}\n'
    assert came.stat().st_mode & 0o777 == 0o600
    assert bench.said == f"ingest -- swipes of the phone/{came.name}\n"


@pytest.mark.parametrize("name", ["nightly.sh", "report.sh"])
def test_each_place_that_swipefl_is_installed_in_is_looked_at(bench: Bench, name: str) -> None:
    places = [bench.folder / place for place in (".local/bin", "swipefl/bin")]
    for place in places:
        place.mkdir(parents=True)
        (bench.folder / "bin" / "swipefl").rename(place / "swipefl")
        bench.run(name, "me@here")
        assert bench.said
        (bench.folder / "said").unlink()
        (place / "swipefl").rename(bench.folder / "bin" / "swipefl")


def test_a_transfer_that_breaks_off_leaves_what_was_there(bench: Bench) -> None:
    (bench.folder / "phone" / "log").write_text("first\n")
    assert bench.run("collect.sh", "phone", "log", "here") == 0
    (bench.folder / "phone" / "log").write_text("first\nsecond, and then ")
    assert bench.run("collect.sh", "phone", "log", "here", BREAKS="1") == 255
    assert bench.run("collect.sh", "phone", "missing", "here") != 0
    assert [path.read_text() for path in (bench.folder / "here").iterdir()] == ["first\n"]
    assert bench.said.count("ingest") == 1


def test_one_that_is_ended_leaves_nothing_half(bench: Bench) -> None:
    slow = 'touch "$HOME/begun"; echo half; until [ -e "$HOME/told" ]; do sleep 0.05; done'
    (bench.folder / "bin" / "ssh").write_text(f"#!/bin/sh\n{slow}\n")
    with bench.start("collect.sh", "phone", "log", "here") as process:
        wait_until((bench.folder / "begun").exists)
        process.terminate()
        (bench.folder / "told").touch()  # a shell hears of a signal once its command is over
        assert process.wait(LONG_S) in (143, -15)
    assert list((bench.folder / "here").iterdir()) == []
    assert bench.said == ""


def test_two_at_once_both_end_well(bench: Bench) -> None:
    (bench.folder / "phone" / "log").write_text("line\n" * 1000)
    running = [bench.start("collect.sh", "phone", "log", "here") for _ in range(4)]
    assert [process.wait(LONG_S) for process in running] == [0, 0, 0, 0]
    for process in running:
        process.communicate(timeout=LONG_S)
    (came,) = (bench.folder / "here").iterdir()
    assert came.read_text() == "line\n" * 1000


@pytest.mark.parametrize("words", [(), ("phone",), ("-oProxyCommand=id", "log", "here"), ("", "log", "here")])
def test_what_is_no_host_is_refused(bench: Bench, words: tuple[str, ...]) -> None:
    assert bench.run("collect.sh", *words) == 2
    assert bench.said == ""


@pytest.mark.parametrize(
    ("fails", "code"),
    [("", 0), (" ingest=3 ", 0), (" cycle=8 ", 0), (" ingest=8 ", 0), (" ingest=5 ", 5), (" cycle=5 ", 5)],
)
def test_a_night_learns_whatever_became_of_its_ingest(bench: Bench, fails: str, code: int) -> None:
    assert bench.run("nightly.sh", "my swipes", "others", FAILS=fails) == code
    assert bench.said.splitlines() == ["ingest -- my swipes others", "cycle --rounds 3"]


@pytest.mark.parametrize("name", ["-x.jsonl", "--help", "--home=/tmp", "-", "--"])
def test_what_looks_like_an_option_is_a_name_to_what_reads(bench: Bench, name: str) -> None:
    """Each name that is handed on stands behind `--`, where no command takes it for an option."""
    assert bench.run("nightly.sh", name) == 0
    (bench.folder / "phone" / "log").write_text('{"a line": 1}\n')
    folder = "-here" if name == "-x.jsonl" else name if name.strip("-") and "/" not in name else "here"
    assert bench.run("collect.sh", "phone", "log", folder) == 0, bench.err
    reads = [line for line in bench.said.splitlines() if line.startswith("ingest")]
    assert reads == [f"ingest -- {name}", f"ingest -- {folder}/phone-log"]


def test_a_mail_comes_where_something_is_wrong_or_always(bench: Bench) -> None:
    assert bench.run("report.sh", "anna@example.org") == 0
    assert bench.said.splitlines() == ["doctor", "status"]
    assert bench.run("report.sh", "anna@example.org", "always") == 0
    assert "anna@example.org|" in bench.said
    assert ": all is well|" in bench.said
    assert bench.run("report.sh", "anna@example.org", FAILS=" doctor=5 ") == 0
    assert ": something is wrong|" in bench.said
    assert bench.run("report.sh", "-oops") == 2

"""What stands in a unit is what was meant, whatever a path holds; and what a person wrote stays theirs."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.operations import surroundings
from swipefl.operations.surroundings import code, command, outermost
from swipefl.operations.timer import Manager, Timer
from swipefl.operations.unit_texts import (
    CYCLE,
    INGEST,
    TIMER,
    TRIAL,
    Night,
    Remembered,
    is_edited,
    remembered,
    unit_texts,
)
from swipefl.operations.unit_words import rest_of_line, word
from swipefl.operations.units import timer_findings

HOME = Path("/home/anna/.local/share/swipefl")
NIGHT = Night(("/usr/bin/python3", "-P", "-m", "swipefl"), HOME, (Path("/home/anna/swipes.jsonl"),))
STRANGE = '/home/ä n/100%h $HOME/it\'s "q"/back\\slash/a:b;c#d/ [x] {y} *?/日本語'


def read(line: str) -> list[str]:
    """The words of a line as systemd takes them apart: quotes, a backslash before what it keeps, specifiers."""
    words, quote, escaped, here = [], "", False, None
    for letter in line:
        if escaped:
            here, escaped = (here or "") + letter, False
        elif letter == "\\":
            escaped = True
        elif quote:
            here, quote = (here or "") + ("" if letter == quote else letter), "" if letter == quote else quote
        elif letter in "'\"":
            here, quote = here or "", letter
        elif letter in " \t":
            words, here = words + ([here] if here is not None else []), None
        else:
            here = (here or "") + letter
    assert not quote
    assert not escaped
    words += [here] if here is not None else []
    assert all(each.replace("%%", "").count("%") == 0 for each in words)
    return [each.replace("%%", "%") for each in words]


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), min_size=1), min_size=1))
def test_a_word_is_read_as_it_was_meant(texts: list[str]) -> None:
    assert read(" ".join(map(word, texts))) == texts


@pytest.mark.parametrize("text", ["/a\nExecStart=/bin/sh", "/a\0b", "/a\tb", "/a\udcff", "/a\x1b[0m", "/a\u2028b"])
def test_what_no_unit_can_name_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="no systemd unit can name"):
        word(text)


@pytest.mark.parametrize(("path", "line"), [("/a b", "/a b"), ("/a%h", "/a%%h"), ("/a ", "/a /"), ("/a\\", "/a\\/")])
def test_the_rest_of_a_line_has_no_blank_at_its_end(path: str, line: str) -> None:
    assert rest_of_line(Path(path)) == line


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("person", [None, "root"])
def test_units_for_strange_paths_are_valid(person: str | None, tmp_path: Path) -> None:
    folder = Path(f"{tmp_path}{STRANGE}")
    folder.mkdir(parents=True)
    python = folder / "python"
    python.symlink_to(shutil.which("true") or "/bin/true")
    paths = {"reads": (folder,), "writes": (folder / "written",)}
    night = Night((str(python), "-P", "-m", "swipefl"), folder / "home", (folder / "log",), person=person, **paths)
    units = tmp_path / "units"
    units.mkdir()
    for name, text in unit_texts(night).items():
        (units / name).write_text(text, "utf-8")
    names = [str(units / name) for name in (TIMER, CYCLE, INGEST)]
    how = [] if person else ["--user"]
    run = ["systemd-analyze", *how, "verify", *names]
    env = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(run, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_what_is_hidden_is_shown_again_and_the_log_is_never_the_learners() -> None:
    night = Night(NIGHT.command, Path("/srv/swipefl"), (Path("/home/a/log"),), reads=(Path("/usr"), Path("/root/venv")))
    texts = unit_texts(night)
    assert "ReadWritePaths=/srv/swipefl\n" in texts[CYCLE]
    assert "BindReadOnlyPaths=-/root/venv\n" in texts[CYCLE]
    assert "=-/usr" not in texts[CYCLE]
    assert "/home/a/log" in texts[INGEST]
    assert "/home/a/log" not in texts[CYCLE]


def test_what_runs_is_this_very_interpreter_and_all_that_it_imports_is_shown() -> None:
    done = subprocess.run([*command(), "--version"], capture_output=True, check=True, cwd="/")
    assert done.stdout.startswith(b"swipefl ")
    wanted = [json.__file__, pytest.__file__, Night.__module__ and __import__(Night.__module__).__file__]
    assert all(any(Path(file or "").is_relative_to(folder) for folder in code()) for file in wanted)


@given(st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda names: Path("/", *names))))
def test_outermost_cover_all_and_none_covers_another(paths: set[Path]) -> None:
    found = outermost(paths)
    assert all(any(path.is_relative_to(other) for other in found) for path in paths)
    assert not any(one != other and one.is_relative_to(other) for one in found for other in found)


class Systemd:
    """Answers as told; what starts is what does not hold `refused`."""

    def __init__(self, units: Path, refused: str = "\0", code: int = 0, shown: str = "") -> None:
        self.units, self.refused, self.code, self.shown, self.calls = units, refused, code, shown, [""][:0]

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        words = [word for word in command[1:] if word != "--user"]
        self.calls.append(" ".join(words))
        if words[0] == "start":
            return int(self.refused in (self.units / words[1]).read_text()), ""
        return self.code, self.shown if words[0] == "show" else "Failed to connect to bus"


def timer_in(folder: Path, **answers: object) -> tuple[Timer, Systemd]:
    units = folder / "config" / "systemd" / "user"
    systemd = Systemd(units, **answers)  # type: ignore[arg-type]
    return Timer(Manager(units, folder / "data" / "systemd" / "timers"), systemd, folder / "linger"), systemd


def test_installing_again_changes_nothing_and_removing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "data").mkdir()
    before = sorted(tmp_path.rglob("*"))
    timer, systemd = timer_in(tmp_path)
    assert {unit.change for unit in timer.install(NIGHT, "anna").units} == {"written"}
    assert not list(timer.manager.units.glob(f"*{TRIAL}*"))
    assert systemd.calls[-3:] == ["daemon-reload", f"enable {TIMER}", f"restart {TIMER}"]
    assert {unit.change for unit in timer.install(NIGHT, "anna").units} == {"unchanged"}
    timer.manager.stamps.mkdir(parents=True)
    (timer.manager.stamps / f"stamp-{TIMER}").touch()
    assert len(timer.remove().removed) == 4
    assert timer.remove().removed == ()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_timer_of_ones_own_is_seen_and_goes_on_when_ours_are_removed(tmp_path: Path) -> None:
    """As who copied the units by hand has it."""
    timer, systemd = timer_in(tmp_path)
    timer.manager.units.mkdir(parents=True)
    for name in (CYCLE, INGEST, TIMER):
        (timer.manager.units / name).write_text("[Service]\nExecStart=/home/b/.local/bin/swipefl cycle\n")
    (found,) = timer_findings([timer], NIGHT, "anna")
    assert (found.name, found.state) == ("timer-own", "note")
    assert str(timer.manager.units / TIMER) in found.says
    assert "--edited" in (found.remedy or "")
    assert timer.remove().removed == ()
    assert not [call for call in systemd.calls if "disable" in call or "stop" in call]
    timer.remove(also_edited=True)
    assert [call for call in systemd.calls if "disable" in call]


def test_nothing_is_prepared_where_systemd_does_not_answer(tmp_path: Path) -> None:
    asked: list[str] = []
    manager = timer_in(tmp_path)[0].manager
    with pytest.raises(UsageError):
        Timer(manager, lambda command: (127, "not installed")).install(NIGHT, "anna", prepare=lambda: asked.append("x"))
    assert asked == []
    timer_in(tmp_path)[0].install(NIGHT, "anna", prepare=lambda: asked.append("x"))
    assert asked == ["x"]


def test_what_a_person_wrote_stays_until_they_say_otherwise(tmp_path: Path) -> None:
    timer, _ = timer_in(tmp_path)
    timer.install(NIGHT, "anna")
    edited, other = timer.manager.units / CYCLE, timer.manager.units / "other.service"
    edited.write_text(edited.read_text().replace("--rounds 3", "--rounds 1"))
    other.write_text("[Service]\n")
    (dropin := timer.manager.units / f"{INGEST}.d").mkdir()
    (dropin / "override.conf").write_text("[Service]\n")
    with pytest.raises(UsageError, match="was edited"):
        timer.install(NIGHT, "anna")
    assert "--rounds 1" in edited.read_text()
    gone = timer.remove()
    assert sorted(gone.kept) == sorted(map(str, (edited, dropin)))
    assert sorted(path.name for path in timer.manager.units.iterdir()) == sorted((CYCLE, dropin.name, other.name))
    again = {unit.path: unit.change for unit in timer.install(NIGHT, "anna", also_edited=True).units}
    assert again[str(edited)] == "renewed"
    timer.remove(also_edited=True)
    assert [path.name for path in timer.manager.units.iterdir()] == [other.name]


@pytest.mark.parametrize("own", ["", "[Service]\nExecStart=/bin/true\n"])
def test_a_unit_of_that_name_that_is_not_ours_is_never_taken(tmp_path: Path, own: str) -> None:
    timer, _ = timer_in(tmp_path)
    timer.manager.units.mkdir(parents=True)
    path = timer.manager.units / TIMER
    path.write_text(own) if own else path.symlink_to("/dev/null")  # as `systemctl mask` does it
    with pytest.raises(UsageError, match="is your own"):
        timer.install(NIGHT, "anna")
    assert timer.remove().kept == (str(path),)
    assert path.exists()


def test_where_systemd_does_not_answer_nothing_is_written(tmp_path: Path) -> None:
    timer, _ = timer_in(tmp_path, code=1)
    with pytest.raises(UsageError, match="Failed to connect to bus"):
        timer.install(NIGHT, "anna")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_hidden_it_runs_all_the_same_and_says_so(tmp_path: Path) -> None:
    timer, _ = timer_in(tmp_path, refused="PrivateUsers=yes")
    assert not timer.install(NIGHT, "anna").is_confined
    text = (timer.manager.units / CYCLE).read_text()
    assert "CapabilityBoundingSet" not in text
    assert "SystemCallFilter=@system-service" in text


def test_where_it_cannot_run_at_all_nothing_is_installed(tmp_path: Path) -> None:
    timer, _ = timer_in(tmp_path, refused="[Service]")
    with pytest.raises(UsageError, match="swipefl-trial"):
        timer.install(NIGHT, "anna")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


SHOWN = f"""\
Id={TIMER}
UnitFileState=enabled
ActiveState={{active}}
NextElapseUSecRealtime=Fri 2026-11-27 03:12:00 UTC

Id={CYCLE}
Result={{result}}
ExecMainStatus=5

Id={INGEST}
Result=success
"""


@pytest.mark.parametrize(
    ("active", "result", "said"),
    [
        ("active", "success", {"timer": "ok", "timer-linger": "note"}),
        ("inactive", "success", {"timer": "wrong", "timer-linger": "note"}),
        ("active", "exit-code", {"timer": "ok", "timer-failed": "wrong", "timer-linger": "note"}),
    ],
)
def test_it_is_found_out_how_the_timer_does(tmp_path: Path, active: str, result: str, said: dict[str, str]) -> None:
    timer, _ = timer_in(tmp_path, shown=SHOWN.format(active=active, result=result))
    timer.install(NIGHT, "anna")
    assert {found.name: found.state for found in timer_findings([timer], NIGHT, "anna")} == said


def test_a_timer_that_is_missing_moved_edited_or_anothers_is_found_out(tmp_path: Path) -> None:
    timer, _ = timer_in(tmp_path)

    def found(night: Night = NIGHT) -> dict[str, str]:
        return {found.name: found.state for found in timer_findings([timer], night, "anna")}

    assert found() == {"timer": "note"}
    timer.install(NIGHT, "anna")
    assert found()["timer"] == "unknown"  # nothing is shown
    assert found(Night(("/new/python",), HOME, NIGHT.logs))["timer-moved"] == "wrong"
    assert found(Night(NIGHT.command, Path("/srv/other"), NIGHT.logs)) == {"timer": "note"}
    assert "timer-older" not in found()
    for other in ({"reads": (Path("/home/b/cert.pem"),)}, {"writes": (Path("/home/b/logs"),)}, {"at": "05:00"}):
        assert found(replace(NIGHT, **other))["timer-older"] == "note"  # type: ignore[arg-type]
    path = timer.manager.units / CYCLE
    path.write_text(path.read_text() + "# mine\n")
    assert found()["timer-edited"] == "note"
    (timer.manager.units / INGEST).unlink()
    assert found() == {"timer": "wrong"}


@pytest.mark.parametrize("name", [CYCLE, INGEST, TIMER])
@pytest.mark.parametrize("is_link", [False, True])
def test_a_folder_beside_a_unit_goes_and_what_a_link_leads_to_stays(tmp_path: Path, name: str, is_link: bool) -> None:
    timer, systemd = timer_in(tmp_path)
    timer.install(NIGHT, "anna")
    (dots := tmp_path / "dots").mkdir()
    (dots / "own.conf").touch()
    folder = timer.manager.units / f"{name}.d"
    folder.symlink_to(dots) if is_link else dots.rename(folder)
    assert str(folder) in timer.remove(also_edited=True).removed
    assert (folder.exists(), folder.is_symlink(), dots.exists()) == (False, False, is_link)
    assert "daemon-reload" in systemd.calls[-2:]


def test_systemd_hears_of_what_went_though_something_else_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer, systemd = timer_in(tmp_path)
    timer.install(NIGHT, "anna")
    (timer.manager.units / f"{CYCLE}.d").mkdir()
    monkeypatch.setattr("shutil.rmtree", lambda path: (_ for _ in ()).throw(PermissionError(13, "no", str(path))))
    with pytest.raises(UsageError) as raised:
        timer.remove(also_edited=True)
    assert (raised.value.code, "daemon-reload" in systemd.calls[-2:]) == ("unit-not-removed", True)


@pytest.mark.parametrize("name", [CYCLE, INGEST, TIMER])
def test_a_pipe_under_a_unit_s_name_keeps_nobody_waiting(tmp_path: Path, name: str) -> None:
    """It is the person's own, as whatever swipefl did not write."""
    timer, _ = timer_in(tmp_path)
    timer.manager.units.mkdir(parents=True)
    os.mkfifo(timer.manager.units / name)
    assert timer.text(name) == ""
    with pytest.raises(UsageError) as raised:
        timer.install(NIGHT, "anna")
    assert raised.value.code == "edited-unit"
    assert str(timer.manager.units / name) in timer.remove().kept
    timer.install(NIGHT, "anna", also_edited=True)
    assert timer.text(name) == unit_texts(NIGHT)[name]


@pytest.mark.parametrize("at", ["5", "null", '"25:00"', '""', "[]", '"03:00\\n"'])
def test_a_time_that_is_none_is_that_of_a_timer_of_which_nobody_said_one(at: str) -> None:
    told = remembered(f'# for {{"at": {at}, "logs": ["/a"], "home": "/b"}}\n')
    assert told == Remembered("03:00", (Path("/a"),), Path("/b"))


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "{}", "5", "x", '{"at": "03:00", "logs": [5]}', '{"at": "03:00", "logs": {}}']
)
def test_what_cannot_be_read_of_a_timer_is_nothing(line: str) -> None:
    assert remembered(f"# for {line}\n") is None


@settings(max_examples=20)
@given(st.integers(0, 400), st.characters(categories=["L"]))
def test_every_edit_is_seen(place: int, letter: str) -> None:
    text = unit_texts(NIGHT)[TIMER]
    place = min(place, len(text))
    assert not is_edited(text)
    assert is_edited(f"{text[:place]}{letter}{text[place:]}")


def test_an_interpreter_behind_a_folder_that_this_user_may_not_look_into_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, seen = tmp_path / "closed", tmp_path / "python"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "python").symlink_to("python3")
    seen.symlink_to(closed / "bin" / "python")
    monkeypatch.setattr(surroundings, "command", lambda: (str(seen),))
    monkeypatch.setattr(surroundings.site, "getsitepackages", lambda: [str(closed / "bin" / "site-packages")])

    def refusing(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:  # root may look everywhere
        def refused(path: str | Path | int, **more: object) -> os.stat_result:
            if str(path).startswith(f"{closed}/"):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, **more)

        return refused

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    assert {tmp_path, closed / "bin"} <= {*code(), *surroundings._links(seen)}

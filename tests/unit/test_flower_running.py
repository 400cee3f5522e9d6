"""Following a run of Flower to its end: what is told, begun again, and what ends it. The SuperLink is played."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from swipefl.errors import CoordinatorUnreachable, Interrupted, UsageError, WorkerLost
from swipefl.flower.project import FlowerNodes, write_project
from swipefl.flower.running import FUTILE, GoingOn, Runner, RunState

DONE = RunState(is_over=True, is_done=True)
KILLED = RunState(is_over=True, why="No heartbeat received from the task")
RAISED = RunState(is_over=True, has_raised=True, why="ServerApp failed with exception: no")
STOPPED = RunState(is_over=True, is_stopped=True)
LOST = None
AWAY = CoordinatorUnreachable("superlink-away", "no answer")


@dataclass
class Played:
    """A SuperLink that is asked to begin runs: each writes its pieces, and then stands as is said, in that order."""

    runs: list[tuple[list[str], list[Any]]]
    on: int | None = None  # a run that goes on before
    silent: list[Exception] = field(default_factory=list)  # what it answers first
    begun: int = 0
    is_as_written: bool = True
    afters: list[float] = field(default_factory=list)

    def _answer(self) -> None:
        if self.silent:
            raise self.silent.pop(0)

    def going_on(self, project: str, folder: Path) -> GoingOn | None:
        assert re.fullmatch("swipefl/swipefl-coordinators-[0-9a-f]{8}", project)
        self._answer()
        on, self.on = self.on, None
        return None if on is None else GoingOn(on, self.is_as_written)

    def submit(self, folder: Path) -> int:
        self._answer()
        self.begun += 1
        return self.begun - 1

    def written(self, number: int, after: float) -> Iterator[tuple[str, float]]:
        self.afters.append(after)
        pieces = self.runs[number][0]
        while pieces:
            yield pieces.pop(0), float(len(self.afters))
            if pieces and pieces[0] == "(cut)":
                pieces.pop(0)
                raise AWAY

    def state(self, number: int) -> RunState | None:
        states = self.runs[number][1]
        said = states[0] if len(states) == 1 else states.pop(0)
        if isinstance(said, Exception):
            raise said
        assert said is None or isinstance(said, RunState)
        return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_project(tmp_path, FlowerNodes.COORDINATORS, 3, "/versions")
    return tmp_path


def run(link: Played, folder: Path, **parts: Any) -> tuple[list[Any], list[str], int]:
    """The rounds that were told of, what else was, and how often the run was begun."""
    rounds: list[Any] = []
    told: list[str] = []
    runner = Runner(link, folder, rounds.append, told.append, wait=lambda seconds: None, **parts)  # type: ignore[arg-type]
    report = runner.run()
    assert report.rounds == len(rounds)
    assert report.begun == link.begun
    return [done["version"] for done in rounds], told, report.begun


def test_each_round_is_told_of_once_however_it_comes(folder: Path) -> None:
    pieces = [
        'INFO: begun\n{"ver',
        'sion": 1}',
        '\n{"version": 2}\nround 3 is near\n{"version": }\n',
        '{"version": 3}\n',
    ]
    assert run(Played([(pieces, [DONE])]), folder) == ([1, 2, 3], [], 1)


def test_a_connection_that_breaks_goes_on_behind_what_was_read(folder: Path) -> None:
    going = RunState(is_over=False)
    link = Played([(['{"version": 1}\n{"ver', "(cut)", 'sion": 2}\n'], [AWAY, AWAY, going, DONE])])
    rounds, told, _ = run(link, folder)
    assert rounds == [1, 2]
    assert link.afters == [0.0, 1.0, 2.0]  # the last: it is over, is there more?
    assert len(told) == 1  # not at each try


@pytest.mark.parametrize("ended", [KILLED, LOST, RAISED])
def test_a_run_that_ended_too_early_is_begun_again(folder: Path, ended: RunState | None) -> None:
    link = Played([(['{"version": 1}\n'], [ended]), (['{"version": 2}\n'], [DONE])])
    rounds, told, begun = run(link, folder)
    assert (rounds, len(told), begun) == ([1, 2], 1, 2)


def test_one_that_is_killed_is_begun_again_as_often_as_it_takes(folder: Path) -> None:
    link = Played([*[([], [KILLED]) for _ in range(3 * FUTILE)], (['{"version": 1}\n'], [DONE])])
    assert run(link, folder)[0] == [1]


def test_one_that_fails_by_itself_again_and_again_is_an_error(folder: Path) -> None:
    link = Played([([], [RAISED]) for _ in range(FUTILE)])
    with pytest.raises(WorkerLost, match="ServerApp failed with exception: no"):
        run(link, folder)
    assert link.begun == FUTILE


def test_rounds_in_between_are_no_reason_to_give_up(folder: Path) -> None:
    link = Played([*[([f'{{"version": {n}}}\n'], [RAISED]) for n in range(2 * FUTILE)], ([], [DONE])])
    assert run(link, folder)[0] == list(range(2 * FUTILE))


def test_one_that_somebody_stopped_stays_stopped(folder: Path) -> None:
    with pytest.raises(WorkerLost, match="stopped"):
        run(Played([([], [STOPPED])]), folder)


def test_a_run_that_goes_on_is_followed_and_none_begun_beside_it(folder: Path) -> None:
    assert run(Played([(['{"version": 7}\n'], [DONE])], on=0), folder) == ([7], [], 0)


def test_one_that_was_begun_with_other_numbers_is_followed_and_that_is_said(folder: Path) -> None:
    link = Played([(['{"version": 7}\n'], [DONE])], on=0, is_as_written=False)
    rounds, told, begun = run(link, folder)
    assert (rounds, begun) == ([7], 0)
    assert "pyproject.toml says something else since" in told[0]


def test_two_projects_are_never_taken_for_one(tmp_path: Path) -> None:
    """Each federation's runs are its own, though one SuperLink may have both."""
    names = set()
    for folder in (tmp_path / "one", tmp_path / "other"):
        write_project(folder, FlowerNodes.COORDINATORS, 3, "/versions")
        names.add(tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"])
    assert len(names) == 2


def test_one_that_goes_away_while_a_run_is_followed_is_waited_for(folder: Path) -> None:
    rounds, told, begun = run(Played([(['{"version": 2}\n'], [AWAY, AWAY, DONE])], on=0), folder)
    assert (rounds, len(told), begun) == ([2], 1, 0)


def test_a_superlink_that_never_answered_is_an_error(folder: Path) -> None:
    with pytest.raises(CoordinatorUnreachable):
        run(Played([], silent=[AWAY]), folder)


def test_one_that_is_away_while_a_run_is_to_be_begun_again_is_waited_for(folder: Path) -> None:
    class Leaving(Played):
        def state(self, number: int) -> RunState | None:
            self.silent = [AWAY] * 3 if number == 0 else []
            return super().state(number)

    rounds, told, begun = run(Leaving([([], [KILLED]), ([], [DONE])]), folder)
    assert (rounds, len(told), begun) == ([], 2, 2)  # that it ended, and that it is waited


def test_a_stop_ends_it_at_the_next_moment(folder: Path) -> None:
    going = RunState(is_over=False)
    with pytest.raises(Interrupted):
        run(Played([([], [going])]), folder, stop=lambda: Interrupted(15))


@pytest.mark.parametrize("text", [None, "[project", "[project]\nname = 'x'\n", "[tool]\nflwr = 3\n"])
def test_a_folder_without_a_project_is_an_error(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match="holds no project"):
        run(Played([]), tmp_path)

"""Following a run of Flower to its end: what is told, begun again, and what ends it. The SuperLink is played."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from swipefl.errors import CoordinatorUnreachable, Interrupted, Remedy, UsageError, WorkerLost
from swipefl.flower.project import FlowerNodes, write_project
from swipefl.flower.running import FUTILE, MOST_ENDS, GoingOn, Runner, RunState
from swipefl.flower.waiting import NAMED, Waiting, sentence_of

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


def test_what_a_round_waits_for_is_told_where_it_is_still_so(folder: Path) -> None:
    """Once it is quiet: a run that is followed tells all that it waited for before, too."""
    old, new = (Waiting(5, ready, 2, {7: "no-coordinator"}).line() + "\n" for ready in (1, 2))
    is_told = Event()

    class Quiet(Played):
        def written(self, number: int, after: float) -> Iterator[tuple[str, float]]:
            yield old + '{"version": 1}\n' + old + new, 1.0
            assert is_told.wait(60)
            yield '{"version": 2}\n' + old, 2.0

    told: list[str] = []

    def hear(sentence: str) -> None:
        told.append(sentence)
        is_told.set()

    link = Quiet([([], [DONE])])
    Runner(link, folder, lambda done: None, hear, wait=lambda seconds: None).run()  # type: ignore[arg-type]
    assert told == ["a round waits: of 5 nodes 2 are ready, and it takes 2; node 7: no-coordinator"]


def test_of_many_nodes_some_are_named() -> None:
    said = sentence_of(Waiting(50, 0, 2, dict.fromkeys(range(50), "tired")).line())
    assert said
    assert said.count("tired") == NAMED
    assert said.endswith("; 40 more")


@pytest.mark.parametrize("line", ["", "waiting", '{"waiting": 3}', '{"waiting": {"nodes": 1}}', '{"waiting":', "[]"])
def test_any_other_line_says_nothing_of_waiting(line: str) -> None:
    assert sentence_of(line) is None


@pytest.mark.parametrize("ended", [KILLED, LOST, RAISED])
def test_a_run_that_ended_too_early_is_begun_again(folder: Path, ended: RunState | None) -> None:
    link = Played([(['{"version": 1}\n'], [ended]), (['{"version": 2}\n'], [DONE])])
    rounds, told, begun = run(link, folder)
    assert (rounds, len(told), begun) == ([1, 2], 1, 2)


def test_one_that_is_killed_is_begun_again_as_often_as_it_takes(folder: Path) -> None:
    link = Played([*[([], [KILLED]) for _ in range(MOST_ENDS - 1)], (['{"version": 1}\n'], [DONE])])
    assert run(link, folder)[0] == [1]


def test_one_that_never_comes_to_a_round_is_an_error_whatever_ends_it(folder: Path) -> None:
    """As one that dies before it speaks; who looks is told where to."""
    ends = [KILLED, LOST, KILLED, RAISED, RAISED] * MOST_ENDS
    link = Played([([], [ended]) for ended in ends])
    with pytest.raises(WorkerLost, match=f"ended {MOST_ENDS} times without a round") as failed:
        run(link, folder)
    assert (failed.value.remedy, link.begun) == (Remedy.SEE_SUPERLINK, MOST_ENDS)


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
    going, told = RunState(is_over=False), list[str]()
    link = Played([([], [going]) for _ in range(8)], on=7)

    def stop() -> Interrupted | None:
        return Interrupted(15) if link.on is None else None

    runner = Runner(link, folder, lambda done: None, told.append, stop)  # type: ignore[arg-type]
    with pytest.raises(Interrupted):
        runner.run()
    named = "`flwr stop 7 NAME`, where NAME is what ~/.flwr/config.toml calls this SuperLink,"  # as `flwr` wants it
    assert told == [f"the rounds go on at the SuperLink; {named} ends them"]


@pytest.mark.parametrize("text", [None, "[project", "[project]\nname = 'x'\n", "[tool]\nflwr = 3\n"])
def test_a_folder_without_a_project_is_an_error(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match="holds no project") as refused:
        run(Played([]), tmp_path)
    assert "('" not in str(refused.value)  # words of Python's

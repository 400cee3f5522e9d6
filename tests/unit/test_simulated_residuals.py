"""What quantising loses in a simulation is owed as on devices: by whose update was taken, and over any cut."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import norm_of, residual_from, shapes_of
from swipefl.simulation.participants import participants_of
from swipefl.simulation.residuals import Residuals
from swipefl.simulation.scenario import Scenario, Troubles
from swipefl.simulation.work import Task, contribute, evaluate_part
from tests.support.simulations import PLAN, Here, simulation

EVERYBODY = Scenario(4, 6, PLAN, Strategy(optimizer="fedavg"))
SHAPES = shapes_of(base_checkpoint().parameters)


def owed(folder: Path, number: int) -> dict[int, bytes]:
    return {client: path.read_bytes() for client, path in Residuals(folder).owed(number).items()}


def after_rounds(swipes: Path, folder: Path, scenario: Scenario) -> Iterator[dict[int, bytes]]:
    """What is owed after each round."""
    for number, _ in enumerate(simulation(swipes, folder, scenario).rounds(), 1):
        yield owed(folder, number)


def files(folder: Path) -> dict[str, bytes]:
    """All that a later round begins with, by name; a round's line says how long it took."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: blob for name, blob in found.items() if "rounds" not in name and "round." not in name}


def test_a_client_sends_what_it_owes_and_owes_what_that_leaves_over(swipes: Path, tmp_path: Path) -> None:
    """As a device does: the same change with and without it, and what is left is one quantising error."""
    rounds = simulation(swipes, tmp_path / "out", EVERYBODY).rounds()
    client, *_ = participants_of(swipes, swipes.parent / "people")
    kept, residual, lost = tmp_path / "kept", None, []
    for number in range(1, 4):
        start = tmp_path / "out" / f"{number - 1:05}" / "model.safetensors"
        made = contribute(Task(client, number, start, False, residual), EVERYBODY)
        other = contribute(Task(client, number, start, False), EVERYBODY)
        assert (made.blob == other.blob) is (residual is None)
        next(rounds)
        assert owed(tmp_path / "out", number)[0] == made.residual
        kept.write_bytes(made.residual)
        residual = kept
        lost.append(norm_of(residual_from(made.residual, SHAPES) or {}))
    assert max(lost) < 0.02 * PLAN.max_norm


def test_there_is_one_file_a_client_that_is_owed_or_has_an_update_on_its_way(swipes: Path, tmp_path: Path) -> None:
    scenario = replace(EVERYBODY, rounds=5, troubles=Troubles(dropout=0.2, late=0.5, delay=2))
    out = tmp_path / "out"
    for number, due in enumerate(after_rounds(swipes, out, scenario), 1):
        sent = json.loads((out / f"{number:05}" / "sent.json").read_text())
        assert len({update["client"] for update in sent}) == len(sent), "who has one on its way makes none"
        assert len(list(out.glob("residual-*"))) == len(due) + len(sent)
    assert len(due) == 5


def test_who_is_hostile_or_refused_owes_what_it_owed(swipes: Path, tmp_path: Path) -> None:
    """Hostile ones are drawn anew in each round: whoever is one leaves what was owed as it was."""
    for cunning in (False, True):
        troubles = Troubles(byzantine=0.5, cunning=cunning)
        history = list(after_rounds(swipes, tmp_path / str(cunning), replace(EVERYBODY, troubles=troubles)))
        changed = {
            client
            for before, after in pairwise([{}, *history])
            for client in after
            if before.get(client) != after[client]
        }
        same = [client for before, after in pairwise(history) for client in before if before[client] == after[client]]
        assert changed
        assert same
        assert all(before.keys() <= after.keys() for before, after in pairwise(history))
    only = replace(EVERYBODY, troubles=Troubles(byzantine=1.0))
    assert list(after_rounds(swipes, tmp_path / "only", only)) == [{}] * 4
    assert not list((tmp_path / "only").glob("residual-*"))


def test_floats_leave_nothing_over(swipes: Path, tmp_path: Path) -> None:
    exact = replace(EVERYBODY, rounds=2, compressed=False, bounded=False)
    assert list(after_rounds(swipes, tmp_path / "out", exact)) == [{}] * 2
    assert not list((tmp_path / "out").glob("residual-*"))


class Dies(Here):
    """One that dies when a model of a round is to be evaluated: updates have landed then, and it is not done."""

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        if work is evaluate_part and given[0].parent.name != "00000":
            raise KeyboardInterrupt
        return super().submit(work, *given, **named)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_cut_round_is_done_again_from_what_was_owed_before_it(swipes: Path, tmp_path: Path, cut: int) -> None:
    scenario = replace(EVERYBODY, clients_per_round=4, troubles=Troubles(late=0.3, delay=2))
    whole, resumed = tmp_path / "whole", tmp_path / "cut"
    list(simulation(swipes, whole, scenario).rounds())
    with pytest.raises(KeyboardInterrupt):
        list(simulation(swipes, resumed, replace(scenario, rounds=cut), Dies()).rounds(swipes))
    assert [row.round for row in simulation(swipes, resumed, scenario).results()] == list(range(cut))
    list(simulation(swipes, resumed, scenario).rounds())
    assert files(resumed) == files(whole)


def test_a_simulation_of_more_rounds_is_one_that_was_longer_from_the_start(swipes: Path, tmp_path: Path) -> None:
    whole, longer = tmp_path / "whole", tmp_path / "longer"
    list(simulation(swipes, whole, EVERYBODY).rounds())
    for rounds in (2, 4):
        list(simulation(swipes, longer, replace(EVERYBODY, rounds=rounds)).rounds())
    assert files(longer) == files(whole)
    assert sorted(owed(longer, 4)) == [0, 1, 2, 3, 4]

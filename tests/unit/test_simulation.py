"""A federation of generated people on one machine: repeatable, resumable, and no less wary than a coordinator."""

import json
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from swipefl.decoder.checkpoint import base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate
from swipefl.decoder.lexicon import load_lexicon
from swipefl.federation.aggregation import Aggregation
from swipefl.federation.protocol.plan import ContributionPlan
from swipefl.federation.update import difference, norm_of
from swipefl.gesture.formats import read_examples
from swipefl.simulation.participants import clients_of
from swipefl.simulation.scenario import Recipe, Troubles
from swipefl.simulation.simulation import RoundResult, Simulation

PLAN = ContributionPlan(epochs=1, batch_size=8, learning_rate=1e-3, max_norm=0.5)
FEDAVG = Aggregation(optimizer="fedavg")


class Here(Executor):
    """Runs what it is given in this process, at once."""

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*given, **named))
        return future


def simulation(swipes: Path, folder: Path, recipe: Recipe) -> Simulation:
    clients = clients_of(swipes, swipes.parent / "people")
    folder.mkdir(exist_ok=True)
    return Simulation(clients, recipe, base_checkpoint(), folder, Here(), parallel=1)


def ran(swipes: Path, folder: Path, recipe: Recipe) -> tuple[list[RoundResult], dict[str, np.ndarray]]:
    results = list(simulation(swipes, folder, recipe).rounds())
    model = checkpoint_from_bytes((max(folder.glob("0*")) / "master.safetensors").read_bytes())
    return results, dict(model.parameters)


def moved(weights: dict[str, np.ndarray]) -> float:
    return norm_of(difference(weights, base_checkpoint().parameters))


def test_the_people_of_a_file_become_clients_once(swipes: Path, tmp_path: Path) -> None:
    clients = clients_of(swipes, tmp_path / "people")
    assert [len(client.examples()) for client in clients] == [12] * 5 + [3]
    before = (tmp_path / "people" / "00000.jsonl").stat().st_mtime_ns
    assert clients_of(swipes, tmp_path / "people") == clients
    assert (tmp_path / "people" / "00000.jsonl").stat().st_mtime_ns == before


def test_equal_seeds_give_equal_models_also_after_a_cut(swipes: Path, tmp_path: Path) -> None:
    recipe = Recipe(4, 3, PLAN, Aggregation(), Troubles(dropout=0.2, late=0.5, delay=2))
    _, whole = ran(swipes, tmp_path / "whole", recipe)
    cut = simulation(swipes, tmp_path / "cut", recipe).rounds()
    next(cut)
    next(cut)
    cut.close()
    results, resumed = ran(swipes, tmp_path / "cut", recipe)
    assert [result.round for result in results] == [3, 4]
    for name, array in whole.items():
        np.testing.assert_array_equal(resumed[name], array)
    _, other = ran(swipes, tmp_path / "other", replace(recipe, seed=1))
    assert any((other[name] != array).any() for name, array in whole.items())


def test_a_client_with_too_few_swipes_sends_nothing(swipes: Path, tmp_path: Path) -> None:
    (result,), _ = ran(swipes, tmp_path / "out", Recipe(1, 6, PLAN, FEDAVG))
    assert (result.clients, result.examples) == (5, 60)


def test_reversed_updates_are_refused_unless_nobody_looks(swipes: Path, tmp_path: Path) -> None:
    hostile = Recipe(1, 6, PLAN, FEDAVG, Troubles(byzantine=1.0))
    (refused,), same = ran(swipes, tmp_path / "bounded", hostile)
    assert (refused.clients, moved(same)) == (0, 0.0)
    (taken,), harmed = ran(swipes, tmp_path / "unbounded", replace(hostile, bounded=False))
    assert taken.clients == 5
    assert moved(harmed) > PLAN.max_norm
    (cunning,), within = ran(
        swipes, tmp_path / "cunning", replace(hostile, troubles=Troubles(byzantine=1.0, cunning=True))
    )
    assert cunning.clients == 5
    assert 0 < moved(within) <= PLAN.max_norm * 1.01


def test_late_updates_arrive_and_none_is_lost(swipes: Path, tmp_path: Path) -> None:
    recipe = Recipe(4, 5, PLAN, FEDAVG, Troubles(late=1.0, delay=1))
    results, _ = ran(swipes, tmp_path / "out", recipe)
    assert results[0].clients == 0
    sent = json.loads((tmp_path / "out" / "00004" / "sent.json").read_text())
    made = sum(round(result.bytes_up / 551_718) for result in results)
    assert sum(result.clients for result in results) + len(sent) == made
    assert len(list((tmp_path / "out").glob("update-*"))) == len(sent)


def test_float32_and_int8_come_to_nearly_the_same(swipes: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, max_norm=100.0)
    _, compressed = ran(swipes, tmp_path / "int8", Recipe(1, 5, plan, FEDAVG))
    _, exact = ran(swipes, tmp_path / "float32", Recipe(1, 5, plan, FEDAVG, compressed=False, bounded=False))
    assert norm_of(difference(compressed, exact)) < 0.015 * moved(exact)


def test_the_start_is_evaluated_where_rounds_are(swipes: Path, tmp_path: Path) -> None:
    never, always = (simulation(swipes, tmp_path / name, Recipe(1, 2, PLAN, FEDAVG)) for name in ("never", "always"))
    (last,) = never.rounds(swipes)
    assert last.top1 is not None
    assert never.start_scores() is None
    (last,) = always.rounds(swipes, every=1)
    assert always.start_scores() == evaluated_in_one_go(swipes)


def evaluated_in_one_go(swipes: Path) -> tuple[float, float]:
    decoder = Decoder(base_checkpoint(), load_lexicon)
    whole = evaluate(decoder.decode_and_spell, list(read_examples(swipes)), lambda example: True)
    return whole.top1, whole.top3

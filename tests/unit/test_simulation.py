"""A federation of generated people on one machine: repeatable, resumable, and no less wary than a coordinator."""

import json
import stat
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from swipefl.decoder.checkpoint import base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import Top, evaluate_by
from swipefl.decoder.lexicon import load_lexicon
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import difference, norm_of
from swipefl.gesture.formats import read_examples
from swipefl.simulation.participants import Participant, participants_of
from swipefl.simulation.scenario import Scenario, Troubles
from swipefl.simulation.simulation import RoundResult, Scores
from swipefl.simulation.work import Task, contribute
from tests.support.simulations import PLAN, simulation

FEDAVG = Strategy(optimizer="fedavg")


def ran(swipes: Path, folder: Path, scenario: Scenario) -> tuple[list[RoundResult], dict[str, np.ndarray]]:
    results = list(simulation(swipes, folder, scenario).rounds())
    model = checkpoint_from_bytes((max(folder.glob("0*")) / "master.safetensors").read_bytes())
    return results, dict(model.parameters)


def moved(weights: dict[str, np.ndarray]) -> float:
    return norm_of(difference(weights, base_checkpoint().parameters))


def test_the_people_of_a_file_become_clients_whose_files_are_their_owners_alone(swipes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "people"
    folder.mkdir(0o755, parents=True)
    (folder / "00099.jsonl").write_text("somebody else")
    clients = participants_of(swipes, folder)
    assert [len(client.examples()) for client in clients] == [12] * 5 + [3]
    assert sorted(folder.iterdir()) == [client.path for client in clients]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(client.path.stat().st_mode) for client in clients} == {0o600}


def test_equal_seeds_give_equal_models_also_after_a_cut(swipes: Path, tmp_path: Path) -> None:
    scenario = Scenario(4, 3, PLAN, Strategy(), Troubles(dropout=0.2, late=0.5, delay=2))
    _, whole = ran(swipes, tmp_path / "whole", scenario)
    cut = simulation(swipes, tmp_path / "cut", scenario).rounds()
    next(cut)
    next(cut)
    cut.close()
    results, resumed = ran(swipes, tmp_path / "cut", scenario)
    assert [result.round for result in results] == [3, 4]
    for name, array in whole.items():
        np.testing.assert_array_equal(resumed[name], array)
    _, other = ran(swipes, tmp_path / "other", replace(scenario, seed=1))
    assert any((other[name] != array).any() for name, array in whole.items())


def test_a_client_with_too_few_swipes_sends_nothing(swipes: Path, tmp_path: Path) -> None:
    (result,), _ = ran(swipes, tmp_path / "out", Scenario(1, 6, PLAN, FEDAVG))
    assert (result.clients, result.examples) == (5, 60)


def test_reversed_updates_are_refused_unless_nobody_looks(swipes: Path, tmp_path: Path) -> None:
    hostile = Scenario(1, 6, PLAN, FEDAVG, Troubles(byzantine=1.0))
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
    scenario = Scenario(4, 5, PLAN, FEDAVG, Troubles(late=1.0, delay=1))
    results, _ = ran(swipes, tmp_path / "out", scenario)
    assert results[0].clients == 0
    sent = json.loads((tmp_path / "out" / "00004" / "sent.json").read_text())
    made = sum(round(result.bytes_up / 551_718) for result in results)
    assert sum(result.clients for result in results) + len(sent) == made
    assert len(list((tmp_path / "out").glob("update-*"))) == len(sent)


def contributed(client: Participant, start: Path, round_number: int, seed: int = 0) -> bytes:
    made = contribute(Task(client, round_number, start, hostile=False), Scenario(9, 1, PLAN, FEDAVG, seed=seed))
    assert made.blob
    return made.blob


def test_a_client_trains_with_another_seed_in_each_round_and_as_every_other(swipes: Path, tmp_path: Path) -> None:
    first, second, *_ = participants_of(swipes, tmp_path / "people")
    twin = Participant(second.number, first.path)  # another client with the same swipes
    start = tmp_path / "start.safetensors"
    start.write_bytes(base_checkpoint().to_bytes())
    blob = contributed(first, start, 1)
    assert contributed(first, start, 1) == blob
    others = [contributed(first, start, 2), contributed(twin, start, 1), contributed(first, start, 1, seed=1)]
    assert len({blob, *others}) == 4


def test_other_clients_are_drawn_in_each_round(swipes: Path, tmp_path: Path) -> None:
    results, _ = ran(swipes, tmp_path / "out", Scenario(6, 2, PLAN, FEDAVG))
    assert len({result.examples for result in results}) > 1  # one of them has too few


def test_the_step_falls_with_the_rounds(swipes: Path, tmp_path: Path) -> None:
    """After one steady round the second moves half as far, and so on to a tenth."""
    steady, falling = (Scenario(4, 5, PLAN, replace(FEDAVG, steady=rounds)) for rounds in (0, 1))
    ways = []
    for name, scenario in (("steady", steady), ("falling", falling)):
        rounds, places = simulation(swipes, tmp_path / name, scenario).rounds(), [base_checkpoint().parameters]
        for number, _ in enumerate(rounds, 1):
            master = (tmp_path / name / f"{number:05}" / "master.safetensors").read_bytes()
            places.append(checkpoint_from_bytes(master).parameters)
        ways.append([norm_of(difference(there, here)) for here, there in pairwise(places)])
    shares = [short / long for long, short in zip(*ways, strict=True)]
    assert shares[0] == 1
    np.testing.assert_allclose(shares[1:], [1 / 2, 1 / 3, 1 / 4], rtol=0.35)  # the clients' changes differ a little
    assert shares[1] > shares[2] > shares[3]


def test_float32_and_int8_come_to_nearly_the_same(swipes: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, max_norm=100.0)
    _, compressed = ran(swipes, tmp_path / "int8", Scenario(1, 5, plan, FEDAVG))
    _, exact = ran(swipes, tmp_path / "float32", Scenario(1, 5, plan, FEDAVG, compressed=False, bounded=False))
    assert norm_of(difference(compressed, exact)) < 0.015 * moved(exact)


def test_the_start_is_judged_first_as_round_0(swipes: Path, tmp_path: Path) -> None:
    plain, grouped = (simulation(swipes, tmp_path / name, Scenario(2, 2, PLAN, FEDAVG)) for name in ("a", "b"))
    rows = list(plain.rounds(swipes))
    assert [(row.round, row.version, row.judged, row.top1 is None) for row in rows] == [
        (0, 1, 63, False),
        (1, 2, None, True),
        (2, 3, 63, False),
    ]
    assert not rows[0].by
    assert (rows[0].clients, rows[0].bytes_up, rows[0].bytes_down) == (0, 0, 0)
    start, _, last = grouped.rounds(swipes, by="user")
    assert Scores(Top(start.top1 or 0, start.top3 or 0, start.judged), start.by) == in_one_go(swipes)
    assert grouped.results()[0] == start
    assert sorted(last.by) == sorted({example.gesture.user for example in read_examples(swipes)})
    assert sum(top.swipes or 0 for top in last.by.values()) == last.judged


def test_a_start_that_was_judged_is_not_judged_again(swipes: Path, tmp_path: Path) -> None:
    """Also where its line was cut, or the simulation was begun before rounds had a line for it."""
    begun = simulation(swipes, tmp_path / "out", Scenario(2, 2, PLAN, FEDAVG)).rounds(swipes)
    start = next(begun)
    begun.close()
    lines = tmp_path / "out" / "rounds.jsonl"
    for cut in (1, 30, len(lines.read_bytes())):
        lines.write_bytes(lines.read_bytes()[:-cut])
        assert simulation(swipes, tmp_path / "out", Scenario(2, 2, PLAN, FEDAVG)).results() == [start]
    rows = list(simulation(swipes, tmp_path / "out", Scenario(1, 2, PLAN, FEDAVG)).rounds(swipes))
    assert [row.round for row in rows] == [1]
    of_before = [line for line in lines.read_text().splitlines(keepends=True) if '"round": 0' not in line]
    assert len(of_before) == 1
    lines.write_text(of_before[0])
    (tmp_path / "out" / "start.json").write_text("[[0.5, 0.75], {}]")
    later = simulation(swipes, tmp_path / "out", Scenario(2, 2, PLAN, FEDAVG))
    assert [row.round for row in later.rounds(swipes)] == [2]
    assert (later.results()[0].round, later.results()[0].top1) == (0, 0.5)
    assert [row.round for row in later.results()] == [0, 1, 2]


def in_one_go(swipes: Path) -> Scores:
    decoder = Decoder(base_checkpoint(), load_lexicon)
    grouped = [(example, str(example.gesture.user)) for example in read_examples(swipes)]
    whole, groups = evaluate_by(decoder.decode_and_spell, grouped, lambda example: True)
    by = {name: Top(group.top1, group.top3, group.examples) for name, group in groups.items()}
    return Scores(Top(whole.top1, whole.top3, whole.examples), by)


def test_noise_in_a_simulation_is_that_of_the_sum_over_the_clients_that_were_asked(
    swipes: Path, tmp_path: Path
) -> None:
    """Also in a round that nobody answers; equal seeds draw it alike."""
    quiet = Scenario(1, 5, PLAN, FEDAVG, Troubles(dropout=1.0), noise=0.4)
    (result,), weights = ran(swipes, tmp_path / "a", quiet)
    assert result.clients == 0
    change = difference(weights, base_checkpoint().parameters)
    count = sum(array.size for array in change.values())
    expected = 0.4 * PLAN.max_norm / 5
    assert abs((norm_of(change) / expected) ** 2 - count) < 5 * np.sqrt(2 * count) + 1e-3 * count
    _, again = ran(swipes, tmp_path / "b", quiet)
    _, beside = ran(swipes, tmp_path / "c", replace(quiet, troubles=Troubles()))
    for name in weights:
        np.testing.assert_array_equal(weights[name], again[name])
    honest = difference(beside, weights)  # the noise is the same, and goes
    assert 0 < norm_of(honest) <= PLAN.max_norm


def test_a_client_counts_once_in_a_round_however_late_its_updates_are(swipes: Path, tmp_path: Path) -> None:
    """There are five; noise hides one update of each."""
    results, _ = ran(swipes, tmp_path / "out", Scenario(8, 6, PLAN, FEDAVG, Troubles(late=1.0, delay=3)))
    assert 0 < max(result.clients for result in results) <= 5


@pytest.mark.parametrize("cut", [1, 2, 30, 10_000])
def test_a_last_line_that_was_cut_is_written_again(swipes: Path, tmp_path: Path, cut: int) -> None:
    """By a full disk or a kill: the rounds go on as if nothing had been."""
    whole, _ = ran(swipes, tmp_path / "whole", Scenario(3, 2, PLAN, FEDAVG))
    ran(swipes, tmp_path / "cut", Scenario(2, 2, PLAN, FEDAVG))
    lines = tmp_path / "cut" / "rounds.jsonl"
    text = lines.read_bytes()
    last = len(text.splitlines(keepends=True)[-1])
    lines.write_bytes(text[: -min(cut, last)])
    results, _ = ran(swipes, tmp_path / "cut", Scenario(3, 2, PLAN, FEDAVG))
    assert [result.round for result in results] == [3]
    again = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [line["examples"] for line in again] == [result.examples for result in whole]
    assert lines.read_bytes().startswith(text)


def test_a_line_that_was_never_begun_is_of_a_round_to_be_done_again(swipes: Path, tmp_path: Path) -> None:
    _, whole = ran(swipes, tmp_path / "whole", Scenario(2, 2, PLAN, FEDAVG))
    cut = simulation(swipes, tmp_path / "cut", Scenario(2, 2, PLAN, FEDAVG))
    cut._finish = lambda *given: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        next(cut.rounds())
    (tmp_path / "cut" / "rounds.jsonl").write_text('{"round": 1, "ver')
    results, again = ran(swipes, tmp_path / "cut", Scenario(2, 2, PLAN, FEDAVG))
    assert [result.round for result in results] == [1, 2]
    for name in whole:
        np.testing.assert_array_equal(again[name], whole[name])

"""What was stored and sent when the score had nine weights, where it has more: rounds, visits, simulations go on."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save
from structlog.testing import capture_logs

from swipefl.decoder.checkpoint import SCORE, SPREADS, Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.errors import BadUpdate, VersionConflict
from swipefl.federation.coordinator.admission import Verdict, admit
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Aggregator
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.strategy import OPTIMIZERS, RULES, Strategy
from swipefl.federation.update import (
    Delta,
    decode_update,
    encode_update,
    encoded_norms,
    narrowed,
    residual_from,
    shapes_of,
)
from swipefl.simulation.scenario import Scenario
from tests.support.simulations import PLAN, simulation
from tests.support.states import enrolled
from tests.support.updates import delta

NINE = 9
SHAPES = Architecture(4).parameter_shapes()
# As `to_json` of then wrote it, in a model of then: the weights that there were, and none of later ones.
SCORE_OF_THEN = {"alpha": 0.747, "beta": 0.815, "temperature": 0.248, "doubt": 0.986, "missed": 6.2}


def of_then(change: Delta) -> Delta:
    return {**change, SCORE: change[SCORE][:NINE]}


def model_of_then() -> Checkpoint:
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in Architecture(4).shapes().items()}
    return Checkpoint("bilstm-4", weights, ScoreWeights(**SCORE_OF_THEN))


def change(seed: int = 0) -> Delta:
    return delta(model_of_then().parameters, seed)


def update_of_then(seed: int = 0) -> bytes:
    return encode_update(of_then(change(seed)), 1e9).blob


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A coordinator of then, at version 1."""
    with State(tmp_path / "coordinator.db") as state:
        state.create(model_of_then())
        yield state


def remembers(state: State, *kinds: str) -> None:
    """Gives the coordinator moments as rounds of then left them."""
    moments = {f"{kind}.{name}": np.abs(array) for kind in kinds for name, array in of_then(change(9)).items()}
    state.sql.run("UPDATE masters SET moments = ?", (save(moments),))


def receive(state: State, *blobs: bytes, version: int = 1) -> None:
    policy = Policy()
    received = [Received(f"{n}", enrolled(state), version, 10, blob) for n, blob in enumerate(blobs)]
    assert admit(state, policy, received) == [Verdict("accepted")] * len(blobs)


def advance(state: State, strategy: Strategy) -> Checkpoint:
    aggregator = Aggregator(Policy(strategy=strategy, least=1), Metrics())
    version = aggregator.publish(aggregator.draft(state), state)
    assert version.made_by == "aggregated"
    return checkpoint_from_bytes(state.versions.blob(version.number) or b"")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_rounds_go_on_from_moments_and_updates_of_then(state: State, optimizer: str, rule: str) -> None:
    """One that has all weights may be among them; who gave none of the later ones moves none of them."""
    strategy = Strategy(optimizer=optimizer, rule=rule)
    remembers(state, "first", "second")
    receive(state, update_of_then(1), update_of_then(2), update_of_then(3))
    made = advance(state, strategy)
    assert made.score.of_parts[:NINE].tolist() != model_of_then().score.of_parts[:NINE].tolist()
    assert made.score.of_parts[NINE:].tolist() == model_of_then().score.of_parts[NINE:].tolist()
    receive(state, encode_update(change(4), 1e9).blob, version=2)
    later = advance(state, strategy)
    assert (later.score.of_parts[NINE:] != made.score.of_parts[NINE:]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_devices_of_then_read_what_their_updates_made(state: State, optimizer: str) -> None:
    """They refuse a model with weights that they do not know, and are told to upgrade: not before there is a need."""
    receive(state, update_of_then(1))
    advance(state, Strategy(optimizer=optimizer))
    receive(state, update_of_then(2), version=2)
    blob = advance(state, Strategy(optimizer=optimizer)).to_bytes(half=True)
    header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
    assert json.loads(header["__metadata__"]["swipefl"])["score"].keys().isdisjoint({"context", "first"})


def test_an_update_that_fits_no_longer_is_dropped_and_the_others_make_their_version(state: State) -> None:
    receive(state, update_of_then(1), update_of_then(2), update_of_then(3))
    state.sql.run("UPDATE updates SET blob = ? WHERE number = 2", (b"of a swipefl that nobody knows",))
    with capture_logs() as logs, pytest.raises(VersionConflict):
        advance(state, Strategy())
    assert [(line["event"], line["number"], line["reason"]) for line in logs] == [("update dropped", 2, "damaged")]
    advance(state, Strategy())
    assert state.versions.newest().updates == 2
    assert state.updates.waiting() == []


def test_an_update_of_fewer_score_weights_leaves_the_others_as_they_are() -> None:
    sent = decode_update(update_of_then(), SHAPES)
    known = decode_update(update_of_then(), {**SHAPES, SCORE: (NINE,)})
    assert sent[SCORE].tolist() == [*known[SCORE].tolist(), 0, 0]
    assert encoded_norms(update_of_then(), SHAPES) == encoded_norms(update_of_then(), {**SHAPES, SCORE: (NINE,)})


@pytest.mark.parametrize(
    "parts",
    [
        {"score.int8": np.zeros(12, np.int8), "score.scale": np.zeros(12, np.float16)},
        {"score.int8": np.zeros(9, np.int8), "score.scale": np.zeros(8, np.float16)},
        {"score.int8": np.zeros((9, 1), np.int8), "score.scale": np.zeros(9, np.float16)},
        {"score.int8": np.zeros((), np.int8), "score.scale": np.zeros((), np.float16)},
        {"head.bias.int8": np.zeros(5, np.int8), "head.bias.scale": np.zeros(5, np.float16)},
    ],
)
def test_nothing_else_may_be_of_another_shape(parts: dict[str, np.ndarray]) -> None:
    with pytest.raises(BadUpdate) as refused:
        decode_update(save({**load(update_of_then()), **parts}), SHAPES)
    assert refused.value.code == "wrong-shape"


@pytest.mark.parametrize(("said", "sent"), [(0, NINE), (NINE, NINE), (10, 10), (11, 11), (12, 11), (2**32 - 1, 11)])
def test_a_coordinator_gets_as_many_score_weights_as_it_says_that_it_knows(said: int, sent: int) -> None:
    """An earlier one says nothing, and takes what is sent: the first nine as they are, and no other."""
    blob = encode_update(change(), 1e9).blob
    there = narrowed(blob, said)
    assert (there == blob) is (sent == len(SPREADS))
    whole, part = decode_update(blob, SHAPES), decode_update(there, {**SHAPES, SCORE: (sent,)})
    assert part[SCORE].tolist() == whole[SCORE][:sent].tolist()
    assert all((part[name] == whole[name]).all() for name in whole if name != SCORE)
    assert narrowed(update_of_then(), said) == update_of_then()


def test_what_is_no_update_is_sent_as_it_is() -> None:
    for blob in (b"", b"damaged", save({"a": np.zeros(3, np.float32)})):
        assert narrowed(blob, 0) == blob


def test_what_was_owed_then_is_owed_still() -> None:
    owed = of_then(change())
    read = residual_from(save(owed), SHAPES)
    assert read
    assert shapes_of(read) == SHAPES
    assert read[SCORE].tolist() == [*owed[SCORE].tolist(), 0, 0]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_simulation_of_then_goes_on(swipes: Path, tmp_path: Path, compressed: bool) -> None:
    """Its moments, updates on their way, residuals and scores of the start are as they were written then."""
    scenario = Scenario(2, 3, PLAN, compressed=compressed, bounded=compressed)
    begun = simulation(swipes, tmp_path / "out", replace(scenario, rounds=1))
    list(begun.rounds())
    folder = tmp_path / "out" / "00001"
    moments = load((folder / "moments.safetensors").read_bytes())
    (folder / "moments.safetensors").write_bytes(save({**moments, "first.score": moments["first.score"][:NINE]}))
    on_its_way = {"client": 0, "made_in": 1, "due": 2, "examples": 20, "path": "update-00001-00000"}
    (folder / "sent.json").write_text(json.dumps([on_its_way]))
    made = of_then(delta(checkpoint_from_bytes((folder / "model.safetensors").read_bytes()).parameters, norm=0.1))
    made_blob = encode_update(made, PLAN.max_norm).blob if compressed else save(made)
    (tmp_path / "out" / on_its_way["path"]).write_bytes(made_blob)  # type: ignore[operator]
    for owed in (tmp_path / "out").glob("residual-*"):
        residual = load(owed.read_bytes())
        owed.write_bytes(save({**residual, SCORE: residual[SCORE][:NINE]}))
    (tmp_path / "out" / "start.json").write_text("[0.5, 0.75]")
    later = simulation(swipes, tmp_path / "out", scenario)
    (second,) = later.rounds()
    assert second.clients > 1
    began = later.results()[0]  # as it was kept before rounds had a line for it
    assert (began.round, began.top1, began.top3, began.judged, began.by) == (0, 0.5, 0.75, None, {})

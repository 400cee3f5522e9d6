"""The server's rounds: everyone has the newest version, enough have enough updates, each gives, one version is made.

A round is an attempt to make the next version. Killed before that version's state is written, nothing of it counts, and
the next attempt, by whoever starts anew in the same folder, is given all of it again. What nodes answer goes to a
strategy of Flower's as weights, the server's own plus the change that came; answers that are not used stop no round.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import structlog
from flwr.app import ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.encoder import usable
from swipefl.errors import BadUpdate, CheckpointError, Remedy, UsageError
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.protocol.bounds import LARGEST_VERSION, check
from swipefl.federation.protocol.plan import LEAST_NORM, MOST_NORM, Plan
from swipefl.federation.round import Master
from swipefl.federation.wire.v1.federation_pb2 import SignedManifest
from swipefl.flower import records
from swipefl.flower.accepting import Refused, Terms, content_of, reason_of, sifted
from swipefl.flower.checkpoints import Folder, Line, Made, Sums
from swipefl.flower.records import ARRAYS, CONFIG, METRICS, WEIGHT, Given
from swipefl.flower.strategies import LEAST_NODES, Choice, Memory, memory_of, strategy_of

LOOK_S = 1.0  # from one look at the nodes to the next, at first
LONGEST_LOOK_S = 30.0  # each look starts a process on each node
MOST_NODES = 1_000_000


@dataclass(frozen=True)
class Course:
    """How rounds go: by which strategy, and how many altogether, 0 for ever.

    A round needs `min_nodes`, and does not wait for the other nodes that are there longer than `max_wait_s`; a node's
    change is `max_norm` at most, and its answer there within `timeout_s`. Raises UsageError for what is no course, as
    with fewer nodes than the strategy takes.
    """

    choice: Choice = field(default_factory=Choice)
    rounds: int = 0
    min_nodes: int = LEAST_NODES
    max_wait_s: float = Policy().max_wait_s
    max_norm: float = Plan().max_norm
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        check("rounds", self.rounds, 0, LARGEST_VERSION - 1)
        check("min-nodes", self.min_nodes, 1, MOST_NODES)
        check("max-wait-s", self.max_wait_s, 0)
        check("max-norm", self.max_norm, LEAST_NORM, MOST_NORM)
        check("timeout-s", self.timeout_s, 1)
        if self.min_nodes < self.choice.least_nodes:
            what = "{strategy} as it is set needs {least} nodes at least, and min-nodes is {nodes}"
            facts = {"strategy": self.choice.name, "least": self.choice.least_nodes, "nodes": self.min_nodes}
            raise UsageError("too-few-nodes", what, Remedy.CORRECT_SETTING, **facts)


@dataclass(frozen=True)
class Stands:
    """Where a node stands: the version that it has, how many updates wait, and how few it would give."""

    node: int
    participant: str
    version: int
    waiting: int
    fewest: int


class Rounds:
    """Rounds of the nodes of a `grid`, kept in a `folder`; `start` is version 1, where there is none yet.

    `told` hears of each round as it ends, and first of those that ended before: who follows may have missed some.
    `clock` gives seconds, `new_attempt` an id.
    """

    def __init__(
        self,
        grid: Grid,
        folder: Folder,
        course: Course,
        start: Callable[[], Checkpoint],
        told: Callable[[Mapping[str, Any]], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        new_attempt: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._grid = grid
        self._folder = folder
        self._course = course
        self._start = start
        self._told = told
        self._clock = clock
        self._sleep = sleep
        self._new_attempt = new_attempt
        self._pause_s = LOOK_S

    def run(self) -> None:
        """Makes versions until there are as many as rounds are wanted. Raises StoreError, StoreBusy, CheckpointError.

        Every node that is there has the last one then.
        """
        with self._folder.held():
            for line in self._folder.lines():
                self._told(line)
            made, signed = self._folder.newest() or self._first()
            while True:
                self._tell_all(made, signed)
                if self._course.rounds and made.version > self._course.rounds:
                    return
                made, signed = self._next(made, signed)

    def _first(self) -> tuple[Made, SignedManifest]:
        made = Made(1, usable(self._start()))
        return made, self._folder.write(made)

    def _next(self, made: Made, signed: SignedManifest) -> tuple[Made, SignedManifest]:
        """The version after `made`, after as many attempts as it takes."""
        while True:
            self._wait(made, signed)
            if following := self._attempted(made, signed):
                self._pause_s = LOOK_S
                return following, self._folder.write(following)
            self._rest()

    def _rest(self) -> None:
        self._sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_LOOK_S)

    def _tell_all(self, made: Made, signed: SignedManifest) -> None:
        """Every node that is there gets the version; what it came to on their holdouts is noted, once."""
        began = self._clock()
        while len(nodes := self._nodes()) < self._course.min_nodes and self._clock() - began < self._course.max_wait_s:
            self._rest()
        self._pause_s = LOOK_S
        before, after = self._tell(nodes, made, signed)
        if made.sums:
            sums = made.sums
            line = Line(made.version, sums.coordinators, sums.updates, sums.examples, before, after, sums.fault)
            if self._folder.note(line):
                self._told(asdict(line))

    def _tell(self, nodes: Sequence[int], made: Made, signed: SignedManifest) -> tuple[float | None, float | None]:
        """These nodes get the version; top-1 of the one before and of it, the mean of who has a holdout."""
        judged = []
        for reply in self._ask(MessageType.EVALUATE, self._offer(made, signed), nodes):
            try:
                judged.append(_judgement(content_of(reply)))
            except BadUpdate as error:
                _log_refused(Refused(reply.metadata.src_node_id, reason_of(error), str(error)))
        scored = [(weight, *scores) for weight, *scores in judged if weight > 0 and None not in scores]
        if not scored:
            return None, None
        weights, before, after = (np.array(column, np.float64) for column in zip(*scored, strict=True))
        return float(np.average(before, weights=weights)), float(np.average(after, weights=weights))

    def _wait(self, made: Made, signed: SignedManifest) -> None:
        """Until all nodes that are there have enough updates, or `min_nodes` do and the others were waited for."""
        began = self._clock()
        while True:
            nodes = self._nodes()
            stands = self._standings(nodes)
            self._tell([each.node for each in stands if each.version < made.version], made, signed)
            ready = {s.participant for s in stands if s.version == made.version and s.waiting >= max(1, s.fewest)}
            has_waited = self._clock() - began >= self._course.max_wait_s
            if len(ready) >= self._course.min_nodes and (len(ready) >= len(nodes) or has_waited):
                return
            structlog.get_logger().info("waiting", version=made.version, nodes=len(nodes), ready=len(ready))
            self._rest()

    def _standings(self, nodes: Sequence[int]) -> list[Stands]:
        stands = []
        for reply in self._ask(MessageType.QUERY, RecordDict(), nodes):
            try:
                stands.append(_stands(reply))
            except BadUpdate as error:
                _log_refused(Refused(reply.metadata.src_node_id, reason_of(error), str(error)))
        return stands

    def _attempted(self, made: Made, signed: SignedManifest) -> Made | None:
        """The next version, None where too few nodes gave something that can be used: they give it again."""
        attempt, content = self._new_attempt(), self._offer(made, signed)
        arrays, config = content[ARRAYS], ConfigRecord(dict(content[CONFIG]))
        config["attempt"], config["max-norm"] = attempt, self._course.max_norm
        strategy = strategy_of(self._course.choice, arrays, made.memory)
        asked = strategy.configure_train(made.version, arrays, config, self._grid)
        replies = self._grid.send_and_receive(asked, timeout=self._course.timeout_s)
        shapes = {name: array.shape for name, array in made.model.parameters.items()}
        gifts, refused = sifted(replies, Terms(attempt, shapes, self._course.max_norm, made.included))
        for each in refused:
            _log_refused(each)
        if len(gifts) < self._course.min_nodes:
            structlog.get_logger().warning("too few answers", version=made.version, answers=len(gifts))
            return None
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range is found below
            averaged, _ = strategy.aggregate_train(made.version, _as_weights(gifts, made))
            moved = {name: array.numpy().astype(np.float32) for name, array in averaged.items()}
            return _following(made, gifts, moved, memory_of(strategy, arrays))

    def _offer(self, made: Made, signed: SignedManifest) -> RecordDict:
        return records.offer(made.model, signed, made.included, self._folder.key())

    def _nodes(self) -> list[int]:
        return sorted(self._grid.get_node_ids())

    def _ask(self, what: str, content: RecordDict, nodes: Sequence[int]) -> Iterable[Message]:
        messages = [Message(content, node, what) for node in nodes]
        return self._grid.send_and_receive(messages, timeout=self._course.timeout_s) if messages else []


def _as_weights(gifts: Sequence[Given], made: Made) -> list[Message]:
    """What was given, as a strategy expects it: the weights that each came to, and how much they weigh."""
    start = made.model.parameters
    messages = []
    for gift in gifts:
        arrays = records.arrays_of({name: start[name] + change for name, change in gift.delta.items()})
        content = RecordDict({ARRAYS: arrays, METRICS: MetricRecord({WEIGHT: gift.weight})})
        messages.append(Message(content, 0, MessageType.TRAIN))
    return messages


def _following(made: Made, gifts: Sequence[Given], moved: dict[str, Any], memory: Memory) -> Made:
    """The next version. Where no device would take its model it is one of the same weights, and nothing remembered."""
    included = {**made.included, **{gift.participant: gift.contribution for gift in gifts}}
    fault = None
    model = made.model.with_parameters(moved)
    try:
        usable(Master(model).published())
        if not all(np.isfinite(array).all() for array in memory.values()):
            fault = "what the strategy remembers is not finite"
    except CheckpointError as error:
        fault = str(error)
    if fault:
        structlog.get_logger().warning("candidate not published", version=made.version + 1, reason=fault)
    updates, examples = sum(gift.updates for gift in gifts), sum(gift.examples for gift in gifts)
    sums = Sums(len(gifts), updates, examples, fault)
    structlog.get_logger().info("made", version=made.version + 1, coordinators=len(gifts), updates=updates)
    return Made(made.version + 1, made.model if fault else model, {} if fault else memory, included, sums)


def _stands(reply: Message) -> Stands:
    """Where a node says that it stands. Raises BadUpdate."""
    content = content_of(reply)
    try:
        participant, numbers = content[CONFIG]["participant"], content[METRICS]
        version, waiting, fewest = (int(numbers[name]) for name in ("version", "waiting", "fewest"))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadUpdate("no-standing", "the node does not say where it stands") from error
    if not records.is_id(participant):
        raise BadUpdate("no-participant", "the node does not say who it is")
    return Stands(reply.metadata.src_node_id, participant, version, waiting, fewest)


def _judgement(content: RecordDict) -> tuple[float, float | None, float | None]:
    """What a node says of a version: how much that weighs, and top-1 before and with it. Raises BadUpdate."""
    try:
        numbers = content[METRICS]
        said = [float(numbers[WEIGHT]), *(_score(numbers, name) for name in ("top1-before", "top1-after"))]
    except (KeyError, TypeError, ValueError) as error:
        raise BadUpdate("no-judgement", "the node does not say what the version is worth") from error
    return said[0], said[1], said[2]  # type: ignore[return-value]


def _score(numbers: MetricRecord, name: str) -> float | None:
    if name not in numbers:
        return None
    score = float(numbers[name])
    if not 0 <= score <= 1:
        raise ValueError(name)
    return score


def _log_refused(refused: Refused) -> None:
    structlog.get_logger().warning("answer not used", node=refused.node, reason=refused.reason, says=refused.says)

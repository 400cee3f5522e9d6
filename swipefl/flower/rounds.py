"""The server's rounds: everyone has the newest version, enough have enough updates, each gives, one version is made.

A round is an attempt to make the next version. Killed before that version's state is written, nothing of it counts, and
the next attempt, by whoever starts anew in the same folder, is given all of it again. What nodes answer goes to a
strategy of Flower's as weights, the server's own plus the change that came; answers that are not used stop no round.

A folder may be an older copy of itself, restored: then nodes have versions that it signed and knows nothing of, and
would follow none that is older. So its newest version is made anew under a number beyond theirs, with all that it says
is included as it was. That is all that is in this model: what nodes have lent since is in none that is gone on from, so
they take it back and lend it again; what went into the lost versions is lost with them, and counts nowhere a second
time. Nodes show what they have by the server's own signature, so that none can move it by a mere word.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import structlog
from flwr.app import ConfigRecord, Message, MessageType, MetricRecord, RecordDict
from flwr.serverapp import Grid

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.encoder import usable
from swipefl.errors import BadUpdate, CheckpointError, Remedy, UsageError
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.protocol.bounds import REMEMBERED, check
from swipefl.federation.protocol.plan import LEAST_NORM, MOST_NORM, Plan
from swipefl.federation.protocol.signing import public_bytes
from swipefl.federation.round import Master
from swipefl.federation.wire.v1.federation_pb2 import Manifest, SignedManifest
from swipefl.flower import records
from swipefl.flower.accepting import (
    Refused,
    Stands,
    Terms,
    content_of,
    judgement_of,
    log_refused,
    reason_of,
    sifted,
    standing_of,
)
from swipefl.flower.asking import Patience, Questions
from swipefl.flower.checkpoints import Folder, Line, Made, Sums
from swipefl.flower.project import MOST_ROUNDS
from swipefl.flower.records import ARRAYS, CONFIG, METRICS, WEIGHT, Given
from swipefl.flower.strategies import LEAST_NODES, Choice, Memory, memory_of, strategy_of
from swipefl.flower.waiting import NO_ANSWER, Waiting

LOOK_S = 1.0  # from one look at the nodes to the next, at first
LONGEST_LOOK_S = 30.0  # each look starts a process on each node
ASK_S = 120.0  # a node says within this where it stands, or is not waited for
LONGEST_RETELL_S = 3600.0  # between two tries to give a node a version that it does not take
MOST_NODES = 1_000_000
MOST_SHARE = 0.75
LACKS_UPDATES = "too few updates yet"
FORGOTTEN = "contribution-forgotten"  # what a node says that gives nothing for this version any more


@dataclass(frozen=True)
class Course:
    """How rounds go: by which strategy, and how many altogether, 0 for ever.

    A round needs `min_nodes`, and waits for the other nodes that are there no longer than `max_wait_s`: until they have
    enough, and again for what they answer; `timeout_s` is the most for an answer, though there be none. A node's change
    is `max_norm` at most, and it weighs no more than the share `max_share` of a round, whatever it says that it is of.
    Raises UsageError for what is no course, as with fewer nodes than the strategy takes.
    """

    choice: Choice = field(default_factory=Choice)
    rounds: int = 0
    min_nodes: int = LEAST_NODES
    max_wait_s: float = Policy().max_wait_s
    max_norm: float = Plan().max_norm
    max_share: float = MOST_SHARE
    timeout_s: float = 3600.0

    def __post_init__(self) -> None:
        check("rounds", self.rounds, 0, MOST_ROUNDS)
        check("min-nodes", self.min_nodes, 1, MOST_NODES)
        check("max-wait-s", self.max_wait_s, 0)
        check("max-norm", self.max_norm, LEAST_NORM, MOST_NORM)
        check("max-share", self.max_share, 0.5, 1)
        check("timeout-s", self.timeout_s, 1)
        if self.min_nodes < self.choice.least_nodes:
            what = "{strategy} as it is set needs {least} nodes at least, and min-nodes is {nodes}"
            facts = {"strategy": self.choice.name, "least": self.choice.least_nodes, "nodes": self.min_nodes}
            raise UsageError("too-few-nodes", what, Remedy.CORRECT_SETTING, **facts)


@dataclass(frozen=True)
class Retell:
    """When a node is asked again for what it did not take or give, how long after the last time, and `why` not."""

    at_s: float
    pause_s: float
    why: str


class Rounds:
    """Rounds of the nodes of a `grid`, kept in a `folder`; `start` is version 1, where there is none yet.

    `told` hears of each round as it ends, and first of the latest before: who follows may have missed some.
    `waits` hears what a round waits for, whenever that is something else. `clock` gives seconds, `new_attempt` an id.
    """

    def __init__(
        self,
        grid: Grid,
        folder: Folder,
        course: Course,
        start: Callable[[], Checkpoint],
        told: Callable[[Mapping[str, Any]], None] = lambda line: None,
        waits: Callable[[Waiting], None] = lambda waiting: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        new_attempt: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._grid = grid
        self._folder = folder
        self._course = course
        self._start = start
        self._told = told
        self._waits = waits
        self._waiting: Waiting | None = None  # what was told last
        self._clock = clock
        self._sleep = sleep
        self._new_attempt = new_attempt
        self._pause_s = LOOK_S
        self._questions = Questions(grid, clock, sleep)
        self._retells = dict[int, Retell]()  # of the nodes that did not take the newest version
        self._declined = dict[int, Retell]()  # and of those that gave nothing that could be used
        self._again_at = clock()  # no version is made anew before for what was forgotten

    def run(self) -> None:
        """Makes versions until there are as many as rounds are wanted. Raises StoreError, StoreBusy, CheckpointError.

        Every node that is there has the last one then.
        """
        with self._folder.held():
            for line in self._folder.lines():
                self._told(line)
            made, signed = self._folder.newest() or self._first()
            self._gather()
            if ahead := _ahead(made, signed, self._standings(self._nodes())[0]):
                made = _again(made, ahead)
                signed = self._folder.write(made)
            while True:
                self._tell_all(made, signed)
                if self._course.rounds and made.rounds >= self._course.rounds:
                    return
                made, signed = self._next(made, signed)

    def _first(self) -> tuple[Made, SignedManifest]:
        made = Made(1, usable(self._start()))
        return made, self._folder.write(made)

    def _gather(self) -> None:
        """Until enough nodes are there, and not for ever."""
        began = self._clock()
        while len(nodes := self._nodes()) < self._course.min_nodes and self._clock() - began < self._course.max_wait_s:
            self._tell_waiting(Waiting(len(nodes), 0, self._course.min_nodes, {}))
            self._rest()
        self._pause_s = LOOK_S

    def _rest(self) -> None:
        self._sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_LOOK_S)

    def _next(self, made: Made, signed: SignedManifest) -> tuple[Made, SignedManifest]:
        """The version after `made`, after as many attempts as it takes; or the same anew, where nodes are ahead."""
        while True:
            ready, ahead = self._wait(made, signed)
            following = _again(made, ahead) if ahead else self._attempted(made, signed, ready)
            if following:
                self._pause_s = LOOK_S
                self._waiting = None
                self._retells.clear()
                self._declined.clear()
                return following, self._folder.write(following)
            self._rest()

    def _tell_all(self, made: Made, signed: SignedManifest) -> None:
        """Every node that is there gets the version; what it came to on their holdouts is noted, once."""
        self._gather()
        before, after = self._tell(self._nodes(), made, signed, self._patience)
        if made.sums:
            sums = made.sums
            counts = sums.coordinators, sums.updates, sums.examples
            line = Line(made.version, made.rounds, *counts, before, after, sums.fault)
            if self._folder.note(line):
                self._told(asdict(line))

    def _tell(
        self, nodes: Sequence[int], made: Made, signed: SignedManifest, patience: Patience
    ) -> tuple[float | None, float | None]:
        """These nodes get the version; top-1 of the one before and of it, the mean of who has a holdout."""
        judged, refused, now = {}, dict[int, str](), self._clock()
        for reply in self._questions.ask(MessageType.EVALUATE, self._offers(nodes, made, signed), patience):
            try:
                judged[reply.metadata.src_node_id] = judgement_of(content_of(reply), made.version)
            except BadUpdate as error:
                refused |= _refused(reply, error)
        why = {node: "it does not show it" if node in judged else refused.get(node, NO_ANSWER) for node in nodes}
        _put_off(self._retells, why, now)  # until it shows that it has it
        scored = [scores for scores in judged.values() if scores]
        if not scored:
            return None, None
        before, after = np.mean(scored, axis=0)
        return float(before), float(after)

    def _tell_behind(self, nodes: Sequence[int], made: Made, signed: SignedManifest) -> None:
        """Nodes that have not got the version get it; who does not take it is not sent the whole model at each look."""
        now = self._clock()
        due = [node for node in nodes if node not in self._retells or self._retells[node].at_s <= now]
        self._tell(due, made, signed, replace(self._patience, most_s=min(ASK_S, self._course.timeout_s)))

    def _wait(self, made: Made, signed: SignedManifest) -> tuple[list[int], int]:
        """Nodes that have enough updates: all that can have, or `min_nodes` once the others were waited for.

        Or the version that nodes know and this folder does not. One that does not even answer is not waited for, nor
        one that says why it cannot, or does not take the version.
        """
        began = self._clock()
        while True:
            nodes = self._nodes()
            stands, others = self._standings(nodes)
            if ahead := _ahead(made, signed, stands):
                return [], ahead
            for each in stands:
                if each.version == made.version:
                    self._retells.pop(each.node, None)
            self._tell_behind([each.node for each in stands if each.version < made.version], made, signed)
            may_give = [s for s in stands if s.version == made.version and self._is_asked(s.node)]
            are_ready = [s for s in may_give if s.waiting >= max(1, s.fewest)]
            unready = {each.node: self._lack(each, made) for each in stands if each not in are_ready}
            ready, are_awaited = len({each.participant for each in are_ready}), LACKS_UPDATES in unready.values()
            has_waited = self._clock() - began >= self._course.max_wait_s
            if ready >= self._course.min_nodes and (has_waited or not are_awaited):
                return [each.node for each in are_ready], 0
            self._tell_waiting(Waiting(len(nodes), ready, self._course.min_nodes, others | unready))
            self._rest()

    def _lack(self, stands: Stands, made: Made) -> str:
        """Why a node is not ready; unless it lacks updates, or has not said that it has them, it cannot be."""
        if stands.version < made.version and stands.node in self._retells:
            return f"it does not take version {made.version}: {self._retells[stands.node].why}"
        if not self._is_asked(stands.node):
            return f"it gives nothing now: {self._declined[stands.node].why}"
        return LACKS_UPDATES

    def _is_asked(self, node: int) -> bool:
        """Whether what a node gives is asked for: not at every look, where it has just given nothing."""
        return node not in self._declined or self._declined[node].at_s <= self._clock()

    def _tell_waiting(self, waiting: Waiting) -> None:
        structlog.get_logger().info("waiting", nodes=waiting.nodes, ready=waiting.ready, least=waiting.least)
        if waiting != self._waiting:
            self._waiting = waiting
            self._waits(waiting)

    def _standings(self, nodes: Sequence[int]) -> tuple[list[Stands], dict[int, str]]:
        """Where nodes stand; and of those that do not say so, why."""
        stands, most_s, key = [], min(ASK_S, self._course.timeout_s), public_bytes(self._folder.key())
        others = dict.fromkeys(nodes, NO_ANSWER)
        patience = Patience(most_s, most_s, len(nodes), most_s)
        for reply in self._questions.ask(MessageType.QUERY, dict.fromkeys(nodes, RecordDict()), patience):
            try:
                stands.append(standing_of(reply, key))
                others.pop(reply.metadata.src_node_id, None)
            except BadUpdate as error:
                others |= _refused(reply, error)
        return stands, others

    def _attempted(self, made: Made, signed: SignedManifest, ready: Sequence[int]) -> Made | None:
        """The next version, None where too few nodes gave something that can be used: they give it again."""
        attempt, content = self._new_attempt(), self._offer(made, signed)
        asked: dict[str, Any] = {"attempt": attempt, "max-norm": self._course.max_norm}
        content[CONFIG] = ConfigRecord({**content.config_records[CONFIG], **asked})
        replies = self._questions.ask(MessageType.TRAIN, dict.fromkeys(ready, content), self._patience)
        shapes = {name: array.shape for name, array in made.model.parameters.items()}
        gifts, refused = sifted(replies, Terms(attempt, shapes, self._course.max_norm, made.included))
        for each in refused:
            log_refused(each)
        why = {each.node: each.reason for each in refused}
        for node in {reply.metadata.src_node_id for reply in replies} - why.keys():
            self._declined.pop(node, None)
        _put_off(self._declined, why, self._clock())
        if len(gifts) < self._course.min_nodes:
            structlog.get_logger().warning("too few answers", version=made.version, answers=len(gifts))
            return self._renewed(made) if any(each.reason == FORGOTTEN for each in refused) else None
        arrays = content.array_records[ARRAYS]
        strategy = strategy_of(self._course.choice, arrays, made.memory)
        messages = _as_weights(bounded(gifts, self._course.max_share), made)
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range is found below
            averaged: Any = strategy.aggregate_train(made.version, messages)[0]  # None of no messages
            moved = {name: array.numpy().astype(np.float32) for name, array in averaged.items()}
            return _following(made, gifts, moved, memory_of(strategy, arrays))

    def _renewed(self, made: Made) -> Made | None:
        """The same version under the next number, for which everybody gives anew; None where one was just made so."""
        if self._clock() < self._again_at:
            return None
        self._again_at = self._clock() + LONGEST_RETELL_S
        return _again(made, made.version)

    @property
    def _patience(self) -> Patience:
        """For what takes a node long."""
        course = self._course
        return Patience(course.timeout_s, course.timeout_s, course.min_nodes, course.max_wait_s)

    def _offer(self, made: Made, signed: SignedManifest) -> RecordDict:
        return records.offer(made.model, signed, made.included, self._folder.key())

    def _nodes(self) -> list[int]:
        return sorted(self._grid.get_node_ids())

    def _offers(self, nodes: Sequence[int], made: Made, signed: SignedManifest) -> dict[int, RecordDict]:
        return dict.fromkeys(nodes, self._offer(made, signed)) if nodes else {}


def _ahead(made: Made, signed: SignedManifest, stands: Sequence[Stands]) -> int:
    """The newest version that nodes have of this server and its folder does not know, or knows otherwise; or 0."""
    ours = Manifest.FromString(signed.manifest).sha256
    unknown = (
        s.version for s in stands if s.version > made.version or (s.version == made.version and s.sha256 != ours)
    )
    return max(unknown, default=0)


def _again(made: Made, beyond: int) -> Made:
    """The same version under a number beyond that one."""
    structlog.get_logger().warning("version made anew", version=made.version, beyond=beyond)
    return replace(made, version=beyond + 1, sums=None)


def _put_off(retells: dict[int, Retell], nodes: Mapping[int, str], now: float) -> None:
    """These nodes are not asked the same at every look, each for why not: after a pause that is twice the last one."""
    for node, why in nodes.items():
        pause_s = min(2 * retells[node].pause_s, LONGEST_RETELL_S) if node in retells else LOOK_S
        retells[node] = Retell(now + pause_s, pause_s, why)


def bounded(gifts: Sequence[Given], share: float) -> list[Given]:
    """The same, of which none weighs more than this share (0.5 at least) of the whole."""
    if share == 1:
        return list(gifts)
    whole, fair = sum(gift.weight for gift in gifts), []
    for gift in gifts:
        most = share / (1 - share) * (whole - gift.weight)
        if gift.weight > most:
            structlog.get_logger().warning("weighs less", participant=gift.participant, said=gift.weight, weight=most)
        fair.append(replace(gift, weight=min(gift.weight, most)))
    return fair


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
    version = made.version + 1
    since = {**made.since, **{gift.participant: version for gift in gifts}}
    since = {name: its for name, its in since.items() if its > version - REMEMBERED}
    included = {**made.included, **{gift.participant: gift.contribution for gift in gifts}}
    included = {name: included[name] for name in since}
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
    model, memory = (made.model, {}) if fault else (model, memory)
    return Made(version, model, memory, included, since, sums, made.rounds + 1)


def _refused(reply: Message, error: BadUpdate) -> dict[int, str]:
    """Why a node's answer is not used, by its number; it is logged."""
    node, reason = reply.metadata.src_node_id, reason_of(error)
    log_refused(Refused(node, reason, str(error)))
    return {node: reason}

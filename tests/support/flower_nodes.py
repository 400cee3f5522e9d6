"""Flower's grid without Flower's processes: nodes that answer where they are called."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import Error, Message, RecordDict
from flwr.serverapp import Grid

from swipefl.errors import SwipeflError
from swipefl.federation.coordinator.admission import admit
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Holdout
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.update import Delta, encode_update
from swipefl.flower import records
from swipefl.flower.checkpoints import Folder
from swipefl.flower.coordinator_app import Node
from swipefl.flower.rounds import Course, Rounds
from swipefl.flower.strategies import Choice
from swipefl.flower.waiting import Waiting
from tests.support.lending import FOLLOWING
from tests.support.states import SMALL, enrolled

FEDAVG = Choice("fedavg")
Answer = Callable[[Message], RecordDict | Error | None]


class Nodes(Grid):  # type: ignore[misc]
    """Nodes by number; one that answers None does not."""

    def __init__(self, nodes: Mapping[int, Answer]) -> None:
        self.nodes = dict(nodes)
        self.asked: list[tuple[str, int]] = []
        self._numbers = count()
        self._answers: dict[str, Message] = {}
        self._messages: dict[str, Message] = {}

    def get_node_ids(self) -> list[int]:
        return list(self.nodes)

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        ids = []
        for message in messages:
            node = message.metadata.dst_node_id
            self.asked.append((message.metadata.message_type, node))
            ids.append(f"{next(self._numbers)}")
            answer = self.nodes[node](message) if node in self.nodes else None
            if answer is not None:
                self._answers[ids[-1]] = Message(answer, reply_to=message)
            self._messages[ids[-1]] = message
        return ids

    def answer_late(self, id: str, answer: Answer) -> None:
        """What was asked long ago has an answer now."""
        content = answer(self._messages[id])
        if content is not None:
            self._answers[id] = Message(content, reply_to=self._messages[id])

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        return [self._answers.pop(each) for each in message_ids if each in self._answers]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        raise NotImplementedError

    def set_run(self, run: Any) -> None:
        raise NotImplementedError

    @property
    def run(self) -> Any:
        raise NotImplementedError

    def create_message(self, *about: Any, **more: Any) -> Message:
        raise NotImplementedError


def city_in(
    home: Path, seed: int, devices: int = 2, policy: Policy = FOLLOWING, holdout: Holdout | None = None
) -> "City":
    """A new coordinator with so many devices."""
    home.mkdir()
    with State(home / "coordinator.db") as state:
        state.create(SMALL)
        return City(home, seed, tuple(enrolled(state) for _ in range(devices)), policy, holdout)


@dataclass(frozen=True)
class City:
    """A coordinator with its devices: each gives one update of each version, told by its seed and that version."""

    home: Path
    seed: int
    devices: tuple[str, ...]
    policy: Policy = FOLLOWING
    holdout: Holdout | None = None
    size: float = 0.02

    def __call__(self, message: Message) -> RecordDict:
        """What its node answers; its devices have visited before."""
        with State(self.home / "coordinator.db") as state:
            node = Node(state, self.policy, self.holdout)
            self.visited(state)
            what = message.metadata.message_type
            try:
                return node.query() if what == "query" else getattr(node, what)(message.content)
            except SwipeflError as error:
                return records.nothing(error.code, str(error))

    def visited(self, state: State) -> None:
        """Every device has given what it has to give to the version that there is."""
        newest, followed = state.versions.newest(), state.contributions.followed()
        if followed is None:
            return
        for number, device in enumerate(self.devices):
            blob = encode_update(self.change(number, followed.version), self.policy.plan.max_norm).blob
            admit(state, self.policy, [Received(f"{followed.version}", device, newest.number, 10, blob)])

    def change(self, device: int, version: int) -> Delta:
        """What a device learned from a version."""
        rng = np.random.default_rng((self.seed, device, version))
        return {n: rng.normal(0, self.size, a.shape).astype(np.float32) for n, a in SMALL.parameters.items()}


class Time:
    """Seconds that pass while somebody sleeps, and in no other way."""

    def __init__(self, most_s: float = 1000.0) -> None:
        self.now_s, self.most_s = 0.0, most_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.now_s < self.most_s, "it waits for ever"


def run(
    grid: Nodes,
    folder: Path,
    course: Course,
    time: Time | None = None,
    waits: Callable[[Waiting], None] = lambda waiting: None,
) -> Folder:
    time = time or Time()
    clock: dict[str, Any] = {"clock": lambda: time.now_s, "sleep": time.sleep}
    Rounds(grid, Folder(folder), course, lambda: SMALL, waits=waits, **clock).run()
    return Folder(folder)

"""Nodes are asked, and what each answers is taken by itself: none can spoil, or hold up, what another one says.

Flower's own way of asking waits for the last answer, and ends with an error where one cannot be read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import httpx
from flwr.app import Message, RecordDict
from flwr.serverapp import Grid

from swipefl.errors import BadUpdate
from swipefl.flower.accepting import Refused, content_of, log_refused

PULL_S = 1.0  # from one look for answers to the next


@dataclass(frozen=True)
class Patience:
    """How long answers are waited for: `most_s`, or no longer than `usual_s` once `least` nodes gave one.

    A question counts for as long as `lasts_s`: a node that comes to it later does not answer it.
    """

    most_s: float
    lasts_s: float
    least: int
    usual_s: float

    def is_over(self, waited_s: float, answers: int) -> bool:
        """Whether the others are waited for no longer."""
        return waited_s >= self.most_s or (answers >= self.least and waited_s >= self.usual_s)


class Questions:
    """Questions to the nodes of a `grid`. `clock` gives seconds.

    A node that let one pass is asked the next ones too, and not waited for until it has answered one of them.
    """

    def __init__(self, grid: Grid, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._grid = grid
        self._clock = clock
        self._sleep = sleep
        self._owed: dict[int, str] = {}  # the first question that each node let pass, by its id; none that lapsed

    def ask(self, what: str, contents: Mapping[int, RecordDict], patience: Patience) -> list[Message]:
        """What the nodes answer, each the content that is for it; each is of the node that was asked."""
        self._forgive(contents)
        sent = {node: self._sent(what, node, content, patience) for node, content in contents.items()}
        waiting = {node: id for node, id in sent.items() if id is not None}
        answers, began = list[Message](), self._clock()
        while True:
            for node, id in list(waiting.items()):
                if pulled := self._pulled(node, id):
                    del waiting[node]
                    self._owed.pop(node, None)
                    answers += [message for message in pulled if message is not None]
            is_over = patience.is_over(self._clock() - began, sum(map(_is_given, answers)))
            if is_over or waiting.keys() <= self._owed.keys():
                self._owed |= {node: self._owed.get(node) or id for node, id in waiting.items()}
                return answers
            self._sleep(PULL_S)

    def _forgive(self, nodes: Iterable[int]) -> None:
        """Who has answered at last is waited for again."""
        for node in [node for node in nodes if self._owed.get(node)]:
            pulled = self._pulled(node, self._owed[node])
            if any(message is not None and not message.has_error() for message in pulled):
                del self._owed[node]
            elif pulled:  # it was asked for too long
                self._owed[node] = ""

    def _sent(self, what: str, node: int, content: RecordDict, patience: Patience) -> str | None:
        ids = list(self._grid.push_messages([Message(content, node, what, ttl=patience.lasts_s)]))
        return ids[0] if ids else None

    def _pulled(self, node: int, id: str) -> list[Message | None]:
        """A node's answer, if it is there; None for one that is none. Raises httpx.TransportError without a SuperLink.

        What a node wrote is read by Flower, which raises whatever that leads to.
        """
        try:
            messages = list(self._grid.pull_messages([id]))
            if any(not m.has_error() and m.metadata.src_node_id != node for m in messages):
                raise BadUpdate("another-node", "the answer is said to be another node's")
        except httpx.TransportError:
            raise
        except Exception as error:
            log_refused(Refused(node, "unreadable-answer", type(error).__name__))
            return [None]
        return list(messages)


def _is_given(answer: Message) -> bool:
    try:
        content_of(answer)
    except BadUpdate:
        return False
    return True

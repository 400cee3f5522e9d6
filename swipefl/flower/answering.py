"""What any node says to Flower: an answer, or that there is none, and of which kind the reason is.

What went wrong, and where, stays in the node's own log: a path, or the words of an exception, may tell of its owner.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import structlog
from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp

from swipefl.errors import Remedy, SwipeflError, UsageError
from swipefl.flower import records


class Node(Protocol):
    """What takes part in rounds."""

    def query(self) -> RecordDict:
        """Where it stands."""

    def train(self, content: RecordDict) -> RecordDict:
        """How it would change the version that comes. Raises SwipeflError where it gives nothing."""

    def evaluate(self, content: RecordDict) -> RecordDict:
        """That it has the version that comes; what that is worth. Raises SwipeflError where it does not take it."""


NodeOf = Callable[[Context], AbstractContextManager[Node]]


def home_of(context: Context, what: str) -> Path:
    """The home that a node's config says, of what the node is. Raises UsageError where it says none."""
    home = context.node_config.get("home")
    if not isinstance(home, str) or not home:
        nothing = "this node's config says no home of a {what} (home='/path')"
        raise UsageError("no-home", nothing, Remedy.SAY_HOME, what=what)
    try:
        return Path(home).expanduser()
    except RuntimeError as error:
        unknown = "this node's config says a home of a {what} whose user is not known here"
        raise UsageError("no-home", unknown, Remedy.SAY_HOME, what=what) from error


def app_of(node_of: NodeOf) -> ClientApp:
    """The ClientApp of the node that a context's config names."""

    def query(message: Message, context: Context) -> Message:
        return _answer(message, context, node_of, lambda node: node.query())

    def train(message: Message, context: Context) -> Message:
        return _answer(message, context, node_of, lambda node: node.train(message.content))

    def evaluate(message: Message, context: Context) -> Message:
        return _answer(message, context, node_of, lambda node: node.evaluate(message.content))

    app = ClientApp()
    app.query()(query)
    app.train()(train)
    app.evaluate()(evaluate)
    return app


def _answer(message: Message, context: Context, node_of: NodeOf, ask: Callable[[Node], RecordDict]) -> Message:
    try:
        with node_of(context) as node:
            return Message(ask(node), reply_to=message)
    except SwipeflError as error:
        structlog.get_logger().warning("nothing given", reason=str(error), code=error.code)
        code = error.code
    except Exception as error:  # whose words Flower would send
        structlog.get_logger().error("nothing given", reason=type(error).__name__, code="fault")
        code = "fault"
    return Message(records.nothing(code, "this node gives nothing now; its log says why"), reply_to=message)

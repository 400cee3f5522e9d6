"""`app`: the ClientApp of Flower's engine for simulations, which does one task a message.

A task is a pickle, and whoever sends one has this process do what they like: it does none but where the engine set
it up, though any SuperNode could be asked for this app by its name.
"""

import os
from typing import Any

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from swipefl.errors import UsageError
from swipefl.flower.engine.tasks import OURS, done

RECORD, FIELD = "swipefl", "task"


def train(message: Message, context: Context) -> Message:
    """Does what came, and replies what became of it. Raises UsageError where this is no process of the engine."""
    if OURS not in os.environ:
        raise UsageError("no-engine-here", "this is no process of a simulation's engine: it does no tasks")
    return Message(content(done(held(message))), reply_to=message)


def content(task: bytes) -> RecordDict:
    """What a message says: a task, or what became of it."""
    return RecordDict({RECORD: ConfigRecord({FIELD: task})})


def held(message: Message) -> bytes:
    """The inverse of `content`."""
    task: Any = message.content.config_records[RECORD][FIELD]
    return bytes(task)


app = ClientApp()
app.train()(train)

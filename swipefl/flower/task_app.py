"""`app`: the ClientApp of Flower's engine for simulations, which does one task a message."""

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from swipefl.flower.tasks import done

RECORD, FIELD = "swipefl", "task"


def train(message: Message, context: Context) -> Message:
    """Does what came, and replies what became of it."""
    return Message(content(done(held(message))), reply_to=message)


def content(task: bytes) -> RecordDict:
    """What a message says: a task, or what became of it."""
    return RecordDict({RECORD: ConfigRecord({FIELD: task})})


def held(message: Message) -> bytes:
    """The inverse of `content`."""
    task: bytes = message.content[RECORD][FIELD]
    return task


app = ClientApp()
app.train()(train)

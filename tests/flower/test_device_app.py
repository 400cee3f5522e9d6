"""A device as a node of Flower: what it gives is how its swipes change the model, and nothing else of them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("flwr")

from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.app.user_config import UserConfig
from flwr.proto.message_pb2 import Message as ProtoMessage
from flwr.supercore.task_identity import TaskIdentity

from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.device.choosing import to_learn_from
from swipefl.federation.update import Delta, norms_of, shapes_of
from swipefl.flower import device_app, records
from swipefl.flower.accepting import Terms, accepted
from swipefl.flower.checkpoints import Folder, Made
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import put

SWIPED = ("keyboard", "finger", "little", "people", "water", "apple")  # in nothing that Flower or we say of ourselves
ATTEMPT = "a" * 32
PLAN = {"epochs": 1, "batch-size": 8, "learning-rate": 1e-3}


@pytest.fixture(autouse=True)
def of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Flower sets in the processes of a run."""
    for name in ("run_id", "task_id", "node_id"):
        monkeypatch.setattr(TaskIdentity, f"_{name}", 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A device with swipes, most of which are to learn from."""
    with Store(tmp_path / "home" / "swipefl.db") as store:
        put(store, examples(200, 7, words=SWIPED))
    return tmp_path / "home"


def context_of(home: Path | str | None, node: int = 5) -> Context:
    config = UserConfig() if home is None else UserConfig({"home": str(home)})
    return Context(1, node, config, RecordDict(), UserConfig())


class Server:
    """What offers versions, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = Folder(folder)

    def offer(self, version: int = 1, **config: Any) -> RecordDict:
        made = Made(version, base_checkpoint())
        with self.folder.held():
            content = records.offer(made.model, self.folder.write(made), made.included, self.folder.key())
        said = {"attempt": ATTEMPT, "max-norm": 4.0, **PLAN, **config}
        content[records.CONFIG] = ConfigRecord({**content[records.CONFIG], **said})
        return content


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "server")


def asked(what: str, content: RecordDict, context: Context) -> Message:
    message = Message(content, context.node_id, what)
    return device_app.app(message, context)


def gift_of(reply: Message, max_norm: float = 4.0) -> records.Given:
    """What a server of ours takes of it. Raises BadUpdate."""
    return accepted(reply, Terms(ATTEMPT, shapes_of(base_checkpoint().parameters), max_norm, {}))


def reason_of(reply: Message) -> str:
    assert records.ARRAYS not in reply.content
    return str(reply.content[records.CONFIG]["reason"])


def rows(home: Path) -> dict[str, list[Any]]:
    """All that a store holds."""
    with closing(sqlite3.connect(home / "swipefl.db")) as store:
        names = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        return {name: list(store.execute(f'select * from "{name}"')) for name in names}


def test_a_device_gives_how_its_swipes_change_the_model_and_writes_nothing(home: Path, server: Server) -> None:
    before = rows(home)
    context = context_of(home)
    gift = gift_of(asked(MessageType.TRAIN, server.offer(), context))
    with Store(home / "swipefl.db") as store:
        learned = len(to_learn_from(store, 0))
    assert (gift.updates, gift.examples, gift.weight) == (1, learned, float(learned))
    assert 0 < norms_of(gift.delta).whole < 4.001
    assert rows(home) == before
    again = gift_of(asked(MessageType.TRAIN, server.offer(), context))
    assert (again.participant, again.contribution) == (gift.participant, gift.contribution)
    assert all((again.delta[name] == array).all() for name, array in gift.delta.items())
    assert gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home, 6))).participant != gift.participant


def test_what_it_gives_is_clipped_to_the_server_s_bound_and_its_own(home: Path, server: Server) -> None:
    def norm(bound: float) -> float:
        reply = asked(MessageType.TRAIN, server.offer(**{"max-norm": bound}), context_of(home))
        assert norms_of(gift_of(reply).delta).fault(bound) is None
        return norms_of(gift_of(reply).delta).whole

    free = norm(1000.0)
    assert norm(free / 4) == pytest.approx(free / 4, rel=1e-3)
    (home / "config.toml").write_text(f"max_norm = {free / 8}\n")
    assert norm(free / 4) == pytest.approx(free / 8, rel=1e-3)


def test_the_message_s_plan_counts_within_what_a_device_does_for_anybody(home: Path, server: Server) -> None:
    def moved(**plan: Any) -> Delta:
        return gift_of(asked(MessageType.TRAIN, server.offer(**plan), context_of(home)), 1000.0).delta

    longer = moved(epochs=2)
    assert any((longer[name] != array).any() for name, array in moved().items())
    reply = asked(MessageType.TRAIN, server.offer(epochs="many"), context_of(home))
    assert reason_of(reply) == "unreadable-plan"


def test_too_few_swipes_give_nothing(tmp_path: Path, server: Server) -> None:
    with Store(tmp_path / "new" / "swipefl.db") as store:
        put(store, examples(3, 1))
    context = context_of(tmp_path / "new")
    stands = asked(MessageType.QUERY, RecordDict(), context).content
    assert (stands[records.METRICS]["waiting"], stands[records.METRICS]["fewest"]) == (0, 1)
    assert reason_of(asked(MessageType.TRAIN, server.offer(), context)) == "few-examples"


def test_it_says_that_it_is_ready_and_not_how_many_swipes_it_has(home: Path, server: Server) -> None:
    context = context_of(home)
    stands = asked(MessageType.QUERY, RecordDict(), context).content[records.METRICS]
    assert dict(stands) == {"version": 0, "waiting": 1, "fewest": 1}
    asked(MessageType.EVALUATE, server.offer(3), context)
    assert asked(MessageType.QUERY, RecordDict(), context).content[records.METRICS]["version"] == 3


def test_while_another_run_has_the_device_it_gives_nothing(home: Path, server: Server) -> None:
    with hold(home):
        reply = asked(MessageType.TRAIN, server.offer(), context_of(home))
    assert reason_of(reply) == "held"
    assert str(home) not in str(reply.content)
    gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home)))


@pytest.mark.parametrize("shares", [False, True])
def test_scores_leave_rounded_and_only_if_the_owner_shares_them(home: Path, server: Server, shares: bool) -> None:
    with Store(home / "swipefl.db") as store:
        held_out = store.gestures.counts()["held_out"]
    assert held_out > 20
    (home / "config.toml").write_text(f"share_scores = {str(shares).lower()}\n")
    told = dict(asked(MessageType.EVALUATE, server.offer(2), context_of(home)).content[records.METRICS])
    if not shares:
        assert told == {records.WEIGHT: 0, "version": 2}
        return
    swipes = told[records.WEIGHT]
    assert swipes == round(held_out / 5) * 5
    assert told["top1-before"] == told["top1-after"]  # the version is the base
    assert (told["top1-after"] * swipes) % 5 == pytest.approx(0, abs=1e-9)


def test_another_server_and_an_older_version_are_refused(home: Path, server: Server, tmp_path: Path) -> None:
    context = context_of(home)
    asked(MessageType.EVALUATE, server.offer(2), context)
    gift_of(asked(MessageType.TRAIN, server.offer(2), context))
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context)) == "older-version"
    other = Server(tmp_path / "other")
    assert reason_of(asked(MessageType.TRAIN, other.offer(3), context)) == "another-server"
    forged = server.offer(3)
    forged[records.ARRAYS] = records.arrays_of({**base_checkpoint().parameters, **_moved()})
    assert reason_of(asked(MessageType.TRAIN, forged, context)) == "another-model"


def _moved() -> Mapping[str, Any]:
    name, array = next(iter(base_checkpoint().parameters.items()))
    return {name: array + np.float32(1)}


@pytest.mark.parametrize(("where", "reason"), [(None, "no-home"), ("", "no-home"), ("/nowhere/at/all", "no-device")])
def test_a_node_without_a_device_gives_nothing(server: Server, where: str | None, reason: str) -> None:
    assert reason_of(asked(MessageType.TRAIN, server.offer(), context_of(where))) == reason
    assert not Path("/nowhere").exists()


def test_what_goes_wrong_inside_says_nothing_to_the_server(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object, **named: object) -> None:
        raise ValueError("keyboard (12.5, 30.25)")

    monkeypatch.setattr(device_app, "contribution", fails)
    reply = asked(MessageType.TRAIN, server.offer(), context_of(home))
    assert reason_of(reply) == "fault"
    assert b"keyboard" not in bytes_of(reply)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str], home: Path) -> Iterator[Path]:
    """A log file of the device."""
    (home / "config.toml").write_text(f'share_scores = true\nlog_file = "{home / "log"}"\n')
    yield home / "log"
    out, err = capfd.readouterr()
    assert out == ""
    assert_nothing_of_the_swipes(err.encode(), home)


def test_no_word_and_no_point_is_in_what_leaves_or_is_logged(home: Path, server: Server, said: Path) -> None:
    """All bytes of all messages, and of the state that Flower keeps of a node."""
    context = context_of(home)
    for what in (MessageType.QUERY, MessageType.EVALUATE, MessageType.TRAIN):
        assert_nothing_of_the_swipes(bytes_of(asked(what, server.offer(), context)), home)
    assert_nothing_of_the_swipes(bytes_of(Message(context.state, 1, "query")), home)
    with hold(home):
        assert_nothing_of_the_swipes(bytes_of(asked(MessageType.TRAIN, server.offer(), context)), home)
    assert said.stat().st_size
    assert_nothing_of_the_swipes(said.read_bytes(), home)


def bytes_of(message: Message) -> bytes:
    """What of a message crosses the network."""
    from flwr.common.serde import recorddict_to_proto

    whole = ProtoMessage(content=recorddict_to_proto(message.content))
    return bytes(whole.SerializeToString())


def assert_nothing_of_the_swipes(sent: bytes, home: Path) -> None:
    with Store(home / "swipefl.db") as store:
        learned = [stored.example for stored in to_learn_from(store, 0)]
    lower = sent.lower()
    assert not [word for word in SWIPED if word.encode() in lower]
    for example in learned:
        points = np.asarray(example.gesture.points, np.float64)
        for dtype in ("<f8", "<f4"):
            flat = points.astype(dtype)
            assert flat[:3].tobytes() not in sent
            assert np.ascontiguousarray(flat[:4, 0]).tobytes() not in sent
        assert json.dumps(points[0, :2].tolist())[1:-1].encode() not in sent
        assert example.gesture.id.encode() not in sent or len(example.gesture.id) < 5

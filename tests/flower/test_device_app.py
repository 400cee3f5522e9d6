"""A device as a node of Flower: what it gives is how its swipes change the model, and nothing else of them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import count
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
from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.device.choosing import to_learn_from
from swipefl.device.ownership import forget
from swipefl.federation.device.joined import JOINED
from swipefl.federation.device.leaving import Left, leave
from swipefl.federation.device.node import FOLLOWED, HAS_LEFT, followed
from swipefl.federation.protocol.signing import public_bytes
from swipefl.federation.update import Delta, decode_update, encode_update, norms_of, shapes_of
from swipefl.flower import device_app, records
from swipefl.flower.accepting import Terms, accepted
from swipefl.flower.checkpoints import Folder, Made
from swipefl.store.store import Store
from tests.support.command import ANY_MACHINE, swipefl
from tests.support.people import examples
from tests.support.played import MEMBER
from tests.support.stores import put

SWIPED = ("keyboard", "finger", "little", "people", "water", "apple")  # in nothing that Flower or we say of ourselves
ATTEMPT = "a" * 32
PLAN = {"epochs": 1, "batch-size": 8, "learning-rate": 1e-3}


@pytest.fixture(autouse=True)
def of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Flower sets in the processes of a run."""
    for name in ("run_id", "task_id", "node_id"):
        monkeypatch.setattr(TaskIdentity, f"_{name}", 1)


@pytest.fixture(autouse=True)
def on_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on battery."""
    for name, value in ANY_MACHINE.items():
        monkeypatch.setenv(name, value)


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

    def offer(self, version: int = 1, model: Checkpoint | None = None, **config: Any) -> RecordDict:
        made = Made(version, model or base_checkpoint())
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
    """All that a store holds but for what the node remembers, and what left."""
    with closing(sqlite3.connect(home / "swipefl.db")) as store:
        names = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        held = {name: list(store.execute(f'select * from "{name}"')) for name in names}
    return {**held, "meta": [row for row in held["meta"] if row[0] != FOLLOWED], "departures": []}


def status_of(home: Path) -> dict[str, Any]:
    done = swipefl(home, "status", "--json")
    assert done.code == 0
    return dict(json.loads(done.out))


def test_a_device_gives_how_its_swipes_change_the_model_and_writes_nothing_else(home: Path, server: Server) -> None:
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
    versions = count(1)

    def norm(bound: float) -> float:
        reply = asked(MessageType.TRAIN, server.offer(next(versions), **{"max-norm": bound}), context_of(home))
        assert norms_of(gift_of(reply).delta).fault(bound) is None
        return norms_of(gift_of(reply).delta).whole

    free = norm(1000.0)
    assert norm(free / 4) == pytest.approx(free / 4, rel=1e-2)
    (home / "config.toml").write_text(f"max_norm = {free / 8}\n")
    assert norm(free / 4) == pytest.approx(free / 8, rel=1e-2)


def test_the_message_s_plan_counts_within_what_a_device_does_for_anybody(home: Path, server: Server) -> None:
    def moved(version: int, **plan: Any) -> Delta:
        return gift_of(asked(MessageType.TRAIN, server.offer(version, **plan), context_of(home)), 1000.0).delta

    longer = moved(1, epochs=2)
    assert any((longer[name] != array).any() for name, array in moved(2).items())
    reply = asked(MessageType.TRAIN, server.offer(3, epochs="many"), context_of(home))
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
    assert dict(stands) == {"waiting": 1, "fewest": 1}
    asked(MessageType.EVALUATE, server.offer(3), context)
    stands = asked(MessageType.QUERY, RecordDict(), context).content[records.CONFIG]
    assert records.proven(stands["proof"], public_bytes(server.folder.key()))[0] == 3


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
    first = dict(asked(MessageType.EVALUATE, server.offer(1), context_of(home)).content[records.METRICS])
    assert first == {records.WEIGHT: 0, "version": 1}  # there is none that it could be better than
    told = dict(asked(MessageType.EVALUATE, server.offer(2), context_of(home)).content[records.METRICS])
    if not shares:
        assert told == {records.WEIGHT: 0, "version": 2}
        return
    swipes = told[records.WEIGHT]
    assert swipes == round(held_out / 5) * 5
    assert told["top1-before"] == told["top1-after"]  # they are one model
    assert (told["top1-after"] * swipes) % 5 == pytest.approx(0, abs=1e-9)


def test_what_is_told_of_a_version_is_beside_the_one_before_and_told_again_as_it_was(
    home: Path, server: Server
) -> None:
    """Gains of several rounds add up to what all of them gained; and nobody asks out what is held out."""
    (home / "config.toml").write_text("share_scores = true\n")

    def told(version: int, model: Checkpoint) -> dict[str, Any]:
        reply = asked(MessageType.EVALUATE, server.offer(version, model=model), context_of(home))
        return dict(reply.content[records.METRICS])

    base, worse = base_checkpoint(), worsened()
    told(1, base)
    second = told(2, worse)
    assert second["top1-after"] < second["top1-before"]
    third = told(3, base)
    assert third["top1-before"] == second["top1-after"]
    assert third["top1-after"] == second["top1-before"]
    with Store(home / "swipefl.db") as store:
        put(store, examples(200, 8, words=SWIPED))
    assert told(3, base) == third


def worsened() -> Checkpoint:
    """A model that reads nothing right."""
    base = base_checkpoint()
    return base.with_parameters({name: np.zeros_like(array) for name, array in base.parameters.items()})


def test_of_one_version_there_is_one_change_whatever_it_learned_meanwhile(home: Path, server: Server) -> None:
    def gave(version: int, attempt: str, **config: Any) -> records.Given:
        reply = asked(MessageType.TRAIN, server.offer(version, attempt=attempt, **config), context_of(home))
        return accepted(reply, Terms(attempt, shapes_of(base_checkpoint().parameters), 4.0, {}))

    first = gave(1, "a" * 32)
    with Store(home / "swipefl.db") as store:
        put(store, examples(60, 8, words=SWIPED))
    again = gave(1, "b" * 32, epochs=2)
    assert again.examples == first.examples
    assert all((again.delta[name] == array).all() for name, array in first.delta.items())
    assert norms_of(gave(1, "c" * 32, **{"max-norm": 0.5}).delta).fault(0.5) is None
    assert gave(2, "d" * 32).examples > first.examples


def test_what_was_given_is_forgotten_with_the_swipes_that_it_was_made_of(home: Path, server: Server) -> None:
    """And another change, without them, would say what they were."""
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    with Store(home / "swipefl.db") as store:
        forget(store, word=SWIPED[0])
        known = followed(store.meta)
    assert known
    assert known.given
    assert known.given.blob is None
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context_of(home))) == "contribution-forgotten"
    gift_of(asked(MessageType.TRAIN, server.offer(2), context_of(home)))


def test_what_leaves_is_rounded_as_on_the_wire_of_coordinators(home: Path, server: Server) -> None:
    """A row of a change has 255 values at most."""
    gift = gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home)))
    wide = [row for array in gift.delta.values() if array.ndim == 2 for row in array if len(row) > 255]
    assert wide
    assert all(len(np.unique(row)) <= 255 for row in wide)
    assert decode_update(encode_update(gift.delta, 1000.0).blob, shapes_of(gift.delta)).keys() == gift.delta.keys()


def test_swipes_that_are_kept_no_longer_are_learned_from_no_more(home: Path, server: Server) -> None:
    """Also where no night ever comes by."""
    (home / "config.toml").write_text("keep_swipes = 120\nshare_scores = true\n")
    gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home)))
    with Store(home / "swipefl.db") as store:
        assert sum(store.gestures.counts()[split] for split in ("train", "held_out")) == 120


def test_another_server_and_an_older_version_are_refused(home: Path, server: Server, tmp_path: Path) -> None:
    context = context_of(home)
    asked(MessageType.EVALUATE, server.offer(2), context)
    gift_of(asked(MessageType.TRAIN, server.offer(2), context))
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context)) == "older-version"
    other = Server(tmp_path / "other")
    assert reason_of(asked(MessageType.TRAIN, other.offer(3), context)) == "wrong-signer"
    assert reason_of(asked(MessageType.TRAIN, server.offer(2, model=worsened()), context)) == "another-model"
    fresh = context_of(home)  # as of another run, or a SuperNode that was started again
    assert reason_of(asked(MessageType.TRAIN, other.offer(3), fresh)) == "wrong-signer"
    forged = server.offer(3)
    forged[records.ARRAYS] = records.arrays_of({**base_checkpoint().parameters, **_moved()})
    assert reason_of(asked(MessageType.TRAIN, forged, context)) == "another-model"


def test_what_left_and_for_whom_is_told_wherever_its_owner_looks(home: Path, server: Server) -> None:
    """Each time that it left, and by its size."""
    alone = "this device belongs to no federation"
    assert status_of(home)["node"] is None
    assert alone in swipefl(home, "status").out
    assert alone in swipefl(home, "doctor").out
    gifts = [gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home))) for _ in range(2)]
    size = sum(array.nbytes for array in gifts[0].delta.values())
    told = status_of(home)
    assert [(each["bytes"], each["outcome"]) for each in told["left"]] == [(size, "sent")] * 2
    key = public_bytes(server.folder.key()).hex()
    assert told["node"] == {"version": 1, "key": key, "gave": True, "shares_scores": False}
    for command in ("status", "doctor"):
        said = swipefl(home, command).out
        assert alone not in said
        assert key[:12] in said
    asked(MessageType.EVALUATE, server.offer(2), context_of(home))
    assert status_of(home)["node"] == {"version": 2, "key": key, "gave": False, "shares_scores": False}


def test_a_version_that_comes_is_predicted_with_once_it_is_no_worse(home: Path, server: Server) -> None:
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert (status_of(home)["checkpoints"], status_of(home)["in_use"]) == ([], None)  # it is the base
    asked(MessageType.EVALUATE, server.offer(2, model=worsened()), context_of(home))
    (worse,) = status_of(home)["checkpoints"]
    assert (worse["kind"], worse["verdict"]["accepted"], status_of(home)["in_use"]) == ("global", False, None)
    asked(MessageType.EVALUATE, server.offer(3), context_of(home))
    *_, last = status_of(home)["checkpoints"]
    assert last["verdict"]["accepted"]
    assert status_of(home)["in_use"] == last["id"]
    before = len(status_of(home)["checkpoints"])
    asked(MessageType.TRAIN, server.offer(3), context_of(home))
    assert len(status_of(home)["checkpoints"]) == before


def test_one_of_a_coordinator_gives_to_nobody_else(home: Path, server: Server) -> None:
    """What is shared is shared with whom its owner said."""
    with Store(home / "swipefl.db") as store:
        store.memberships.set(MEMBER)
    for what in (MessageType.QUERY, MessageType.TRAIN, MessageType.EVALUATE):
        assert reason_of(asked(what, server.offer(), context_of(home))) == "member-already"
    assert status_of(home)["left"] == []


def test_it_works_when_its_owner_s_limits_let_it(home: Path, server: Server) -> None:
    """Whether it is asked for the first time or again; a version it takes all the same."""

    def not_now() -> None:
        (home / "config.toml").write_text("quiet_hours = '00:00-12:00,12:00-24:00'\nshare_scores = true\n")

    not_now()
    assert reason_of(asked(MessageType.TRAIN, server.offer(), context_of(home))) == "not-now"
    assert status_of(home)["left"] == []
    (home / "config.toml").write_text("share_scores = true\n")
    gift_of(asked(MessageType.TRAIN, server.offer(), context_of(home)))
    asked(MessageType.EVALUATE, server.offer(), context_of(home))
    not_now()
    assert reason_of(asked(MessageType.TRAIN, server.offer(), context_of(home))) == "not-now"
    reply = asked(MessageType.EVALUATE, server.offer(2, model=worsened()), context_of(home))
    assert dict(reply.content[records.METRICS]) == {records.WEIGHT: 0, "version": 2}
    status = status_of(home)
    assert (len(status["left"]), status["node"]["version"]) == (1, 2)
    assert [each["verdict"] for each in status["checkpoints"]] == [None]


@pytest.mark.parametrize("where", ["here", "on another machine"])
def test_a_store_that_comes_back_gives_nothing_else_for_the_same_version(
    home: Path, server: Server, tmp_path: Path, where: str
) -> None:
    """It may have given since it was copied."""
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert swipefl(home, "backup", str(tmp_path / "copy")).code == 0
    gift = gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    back = home if where == "here" else tmp_path / "other"
    assert swipefl(back, "restore", str(tmp_path / "copy"), "--yes").code == 0
    reply = asked(MessageType.TRAIN, server.offer(1), context_of(back))
    if where == "here":
        assert all((gift_of(reply).delta[name] == array).all() for name, array in gift.delta.items())
    else:
        assert reason_of(reply) == "contribution-forgotten"


def test_what_it_gave_after_a_copy_was_made_is_given_otherwise_by_no_copy(
    home: Path, server: Server, tmp_path: Path
) -> None:
    """The last of those that came meanwhile may be one that it gave something for: so the copy waits for one more."""
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert swipefl(home, "backup", str(tmp_path / "copy")).code == 0
    gift_of(asked(MessageType.TRAIN, server.offer(5), context_of(home)))
    assert swipefl(tmp_path / "other", "restore", str(tmp_path / "copy"), "--yes").code == 0
    there = context_of(tmp_path / "other")
    assert status_of(tmp_path / "other")["node"]["gave"] is False
    for _ in range(2):
        assert reason_of(asked(MessageType.TRAIN, server.offer(5), there)) == "contribution-forgotten"
    gift_of(asked(MessageType.TRAIN, server.offer(6), there))


def test_after_a_restore_the_shared_model_is_that_of_the_version_that_is_followed(home: Path, server: Server) -> None:
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert swipefl(home, "backup", str(home.parent / "copy")).code == 0
    asked(MessageType.EVALUATE, server.offer(2, model=worsened()), context_of(home))
    before = status_of(home)
    assert swipefl(home, "restore", str(home.parent / "copy"), "--yes").code == 0
    after = status_of(home)
    assert after["node"] == before["node"]
    assert [each["fingerprint"] for each in after["checkpoints"]] == [
        each["fingerprint"] for each in before["checkpoints"]
    ]


def test_a_model_that_is_lost_comes_with_the_same_version_again(home: Path, server: Server) -> None:
    asked(MessageType.EVALUATE, server.offer(2, model=worsened()), context_of(home))
    with Store(home / "swipefl.db") as store:
        store.sql.run("DELETE FROM checkpoints")
    asked(MessageType.EVALUATE, server.offer(2, model=worsened()), context_of(home))
    assert [each["kind"] for each in status_of(home)["checkpoints"]] == ["global"]


def test_a_copy_from_before_it_left_follows_nobody(home: Path, server: Server) -> None:
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert swipefl(home, "backup", str(home.parent / "copy")).code == 0
    assert swipefl(home, "leave").code == 0
    assert swipefl(home, "restore", str(home.parent / "copy"), "--yes").code == 0
    assert status_of(home)["node"] is None


def test_who_forgets_is_told_of_what_others_have_where_anything_left(home: Path, server: Server) -> None:
    """Also after it has left."""
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert "what others made" not in swipefl(home, "forget", "--word", SWIPED[0], "--yes").err
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    assert swipefl(home, "leave").code == 0
    assert "what others made" in swipefl(home, "forget", "--word", SWIPED[1], "--yes").err


def test_who_leaves_and_is_asked_again_gives_nothing_else_for_a_version_that_it_had(home: Path, server: Server) -> None:
    gift_of(asked(MessageType.TRAIN, server.offer(3), context_of(home)))
    assert swipefl(home, "leave").code == 0
    with Store(home / "swipefl.db") as store:
        put(store, examples(60, 8, words=SWIPED))
    assert reason_of(asked(MessageType.TRAIN, server.offer(3), context_of(home))) == "contribution-forgotten"
    gift_of(asked(MessageType.TRAIN, server.offer(4), context_of(home)))


def test_a_copy_of_what_was_no_node_yet_gives_nothing_for_the_first_version(
    home: Path, server: Server, tmp_path: Path
) -> None:
    assert swipefl(home, "backup", str(tmp_path / "copy")).code == 0
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    assert swipefl(tmp_path / "other", "restore", str(tmp_path / "copy"), "--yes").code == 0
    there = context_of(tmp_path / "other")
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), there)) == "contribution-forgotten"
    gift_of(asked(MessageType.TRAIN, server.offer(2), there))


def test_what_was_made_of_swipes_that_are_kept_no_longer_is_not_given_again(home: Path, server: Server) -> None:
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    (home / "config.toml").write_text("keep_swipes = 120\n")
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context_of(home))) == "contribution-forgotten"
    gift_of(asked(MessageType.TRAIN, server.offer(2), context_of(home)))


WHOLE = {"key": "00", "version": 1, "sha256": "00", "proof": "", "given": None, "told": None}
DAMAGED = [
    "{bad",
    "[]",
    "null",
    "7",
    "{}",
    "[" * 100_000,
    *(json.dumps({**WHOLE, **odd}) for odd in ({"key": "x"}, {"version": "x"}, {"given": 7}, {"told": 7})),
    json.dumps({**WHOLE, "version": float("inf")}),
    json.dumps({**WHOLE, "told": {"version": 1, "swipes": 5, "before": "x", "now": 1.0}}),
    *(json.dumps({key: value for key, value in WHOLE.items() if key != name}) for name in WHOLE),
]


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[:60])
def test_a_memory_that_makes_no_sense_keeps_its_owner_from_nothing(home: Path, server: Server, text: str) -> None:
    """Neither from erasing nor from leaving; and it is said what helps."""
    with Store(home / "swipefl.db") as store:
        store.meta.set(FOLLOWED, text)
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context_of(home))) == "damaged-node"
    done = swipefl(home, "status")
    assert (done.code, "a bug" in done.err, "swipefl leave" in done.err) == (5, False, True)
    with Store(home / "swipefl.db") as store:
        forget(store, word=SWIPED[0])
        assert followed(store.meta) is None
        store.meta.set(FOLLOWED, text)
        assert leave(store, lambda member: pytest.fail("it is no member")) == Left(None, was_node=True)
        assert followed(store.meta) is None
    assert reason_of(asked(MessageType.TRAIN, server.offer(1), context_of(home))) == "contribution-forgotten"


def test_the_doctor_finds_a_memory_that_makes_no_sense_and_a_copy_replaces_it(home: Path, server: Server) -> None:
    assert swipefl(home, "backup", str(home.parent / "copy")).code == 0
    with Store(home / "swipefl.db") as store:
        store.meta.set(FOLLOWED, "{")
    done = swipefl(home, "doctor")
    assert (done.code, "makes no sense" in done.out, "a bug" in done.out) == (9, True, False)
    assert swipefl(home, "restore", str(home.parent / "copy"), "--yes").code == 0
    assert status_of(home)["node"] is None


@pytest.mark.parametrize("text", ["x", " ", "x y", f"{'00' * 32} x"])
def test_whom_it_left_makes_no_sense_and_it_goes_on(home: Path, server: Server, text: str) -> None:
    with Store(home / "swipefl.db") as store:
        store.meta.set(HAS_LEFT, text)
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))


def test_what_did_not_arrive_is_given_again_without_the_pause_between_two(home: Path, server: Server) -> None:
    (home / "config.toml").write_text("contribute_every_h = 24.0\n")
    for _ in range(2):
        gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    assert reason_of(asked(MessageType.TRAIN, server.offer(2), context_of(home))) == "not-now"


@pytest.mark.parametrize("is_here", ["member", "node"])
def test_no_restore_makes_a_node_of_a_member(home: Path, server: Server, tmp_path: Path, is_here: str) -> None:
    """Who the device is here it stays."""

    def joins(home: Path) -> None:
        with Store(home / "swipefl.db") as store:
            store.memberships.set(MEMBER)

    other = tmp_path / "other"
    with Store(other / "swipefl.db") as store:
        put(store, examples(20, 9))
    if is_here == "member":
        joins(other)
        asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    else:
        joins(home)
        asked(MessageType.EVALUATE, server.offer(1), context_of(other))
    assert swipefl(home, "backup", str(tmp_path / "copy")).code == 0
    assert swipefl(other, "restore", str(tmp_path / "copy"), "--yes").code == 0
    status = status_of(other)
    assert (status["federation"] is None, status["node"] is None) == ((is_here == "node"), (is_here == "member"))


def test_a_node_that_leaves_is_still_no_member_of_whom_it_left_before(home: Path, server: Server) -> None:
    with Store(home / "swipefl.db") as store:
        store.memberships.set(MEMBER)
    assert swipefl(home, "backup", str(home.parent / "copy")).code == 0
    with Store(home / "swipefl.db") as store:
        leave(store, lambda member: Gone())  # type: ignore[arg-type, return-value]
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert swipefl(home, "leave").code == 0
    assert swipefl(home, "restore", str(home.parent / "copy"), "--yes").code == 0
    assert status_of(home)["federation"] is None


def test_of_a_store_that_comes_back_it_stays_known_what_went_to_others(home: Path, server: Server) -> None:
    with Store(home / "swipefl.db") as store:
        for _ in range(5):
            store.nights.depart("sent", 1000)
        store.meta.set(JOINED, "5")
    assert swipefl(home, "backup", str(home.parent / "copy")).code == 0
    other = home.parent / "other"
    with Store(other / "swipefl.db") as store:
        put(store, examples(20, 9))
    asked(MessageType.EVALUATE, server.offer(1), context_of(other))
    assert swipefl(other, "restore", str(home.parent / "copy"), "--yes").code == 0
    assert (len(status_of(other)["left"]), status_of(other)["left_before"]) == (5, 5)
    with Store(other / "swipefl.db") as store:
        store.nights.depart("sent", 1000)
        store.sql.run("DELETE FROM departures WHERE number < 6")
        store.meta.delete(JOINED)
    assert swipefl(other, "restore", str(home.parent / "copy"), "--yes").code == 0
    assert (len(status_of(other)["left"]), status_of(other)["left_before"]) == (1, 0)


class Gone:
    """A coordinator that takes it that a device leaves."""

    def __enter__(self) -> "Gone":
        return self

    def __exit__(self, *raised: object) -> None: ...

    def leave(self) -> None: ...


def test_what_went_to_others_before_is_not_said_to_have_gone_to_whom_it_gives_now(home: Path, server: Server) -> None:
    with Store(home / "swipefl.db") as store:
        store.nights.depart("sent", 552_000)
    asked(MessageType.EVALUATE, server.offer(1), context_of(home))
    assert "nothing left yet" in swipefl(home, "status").out
    gift_of(asked(MessageType.TRAIN, server.offer(1), context_of(home)))
    assert "2,1" in swipefl(home, "status").out
    assert (len(status_of(home)["left"]), status_of(home)["left_before"]) == (2, 1)


def test_a_device_that_leaves_follows_whoever_comes_first_then(home: Path, server: Server, tmp_path: Path) -> None:
    asked(MessageType.EVALUATE, server.offer(2), context_of(home))
    done = swipefl(home, "leave")
    assert done.code == 0
    assert "stop its SuperNode" in done.err
    assert status_of(home)["node"] is None
    assert "belongs to no federation" in swipefl(home, "leave").err
    other = Server(tmp_path / "other")
    gift_of(asked(MessageType.TRAIN, other.offer(1), context_of(home)))


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

"""What nodes are asked: whoever does not answer, or answers what cannot be read, is nobody else's matter."""

from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from flwr.app import Message, RecordDict
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, get_object_id
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents, validate_object_content
from structlog.testing import capture_logs

from swipefl.flower.asking import Patience, Questions
from swipefl.flower.records import nothing, standing
from swipefl.flower.rounds import Course
from tests.support.flower_nodes import FEDAVG, Nodes, Time, city_in, run

BAD = b"ConfigRecord  3\0" + b"\xff\xff\xff"  # which a SuperLink stores


def answering(message: Message) -> RecordDict:
    return standing("me", b"", 1, 1)


def silent(message: Message) -> None:
    return None


def patience(most_s: float = 10.0, least: int = 99, usual_s: float = 10.0) -> Patience:
    return Patience(most_s, most_s, least, usual_s)


class Spoiled(Nodes):
    """Answers go through Flower's own reading; what node 9 wrote in place of a record of its answer cannot be read."""

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        read = []
        for message in super().pull_messages(message_ids):
            objects = {id: each.deflate() for id, each in get_all_nested_objects(message).items()}
            if message.metadata.src_node_id == 9:
                validate_object_content(BAD)
                objects = {id: BAD if blob.startswith(b"ConfigRecord") else blob for id, blob in objects.items()}
            read.append(inflate_object_from_contents(get_object_id(message.deflate()), objects))
        return read


def asked(questions: Questions, *nodes: int, **how: float) -> list[int]:
    answers = questions.ask("query", dict.fromkeys(nodes, RecordDict()), patience(**how))  # type: ignore[arg-type]
    return sorted(answer.metadata.src_node_id for answer in answers)


def questions_to(grid: Nodes, time: Time) -> Questions:
    return Questions(grid, lambda: time.now_s, time.sleep)


def test_what_flower_cannot_read_costs_that_node_its_answer_and_nobody_else(tmp_path: Path) -> None:
    cities = {n: city_in(tmp_path / f"{n}", n) for n in (1, 2, 9)}
    with capture_logs() as logs:
        folder = run(Spoiled(cities), tmp_path / "server", Course(FEDAVG, rounds=1, max_wait_s=5))
    assert [line["coordinators"] for line in folder.lines()] == [2]
    refused = {(line["node"], line["reason"], line["says"]) for line in logs if line["event"] == "answer not used"}
    assert refused == {(9, "unreadable-answer", "DecodeError")}


def test_an_answer_in_another_node_s_name_is_none() -> None:
    class Lying(Nodes):
        def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
            messages = super().pull_messages(message_ids)
            for message in messages:
                message.metadata.__dict__["_src_node_id"] = 2
            return messages

    assert asked(questions_to(Lying({1: answering, 2: answering}), Time()), 1, 2) == [2]


def test_a_superlink_that_is_gone_is_no_node_s_fault() -> None:
    class Gone(Nodes):
        def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
            raise httpx.ConnectError("gone")

    with pytest.raises(httpx.ConnectError):
        asked(questions_to(Gone({1: answering}), Time()), 1)


def test_one_that_let_a_question_pass_is_waited_for_again_once_it_has_answered() -> None:
    time = Time()
    grid = Nodes({1: answering, 2: silent})
    questions = questions_to(grid, time)
    assert asked(questions, 1, 2) == [1]
    assert time.now_s == 10
    assert asked(questions, 1, 2) == [1]
    assert time.now_s == 10
    late = next(f"{number}" for number, (_, node) in enumerate(grid.asked) if node == 2)
    grid.answer_late(late, answering)
    assert asked(questions, 1, 2) == [1]  # it was silent once more
    assert time.now_s == 20
    grid.nodes[2] = answering
    assert asked(questions, 1, 2) == [1, 2]
    assert time.now_s == 20


def test_enough_answers_end_it_after_a_time_and_those_that_give_nothing_are_none() -> None:
    time = Time()
    grid = Nodes({1: answering, 2: answering, 3: silent, 4: lambda message: nothing("few", "no")})
    assert asked(questions_to(grid, time), 1, 2, 3, 4, most_s=100, least=2, usual_s=7) == [1, 2, 4]
    assert time.now_s == 7
    assert asked(questions_to(grid, time), 1, 3, 4, most_s=100, least=2, usual_s=7) == [1, 4]
    assert time.now_s == 107

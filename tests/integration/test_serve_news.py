"""What a server takes up while it serves, and that many who ask at once are answered as one who asks alone."""

import json
import threading
from pathlib import Path
from typing import Any

import swipefl
from swipefl.store.checkpoints import Verdict
from swipefl.store.store import Store
from swipefl.telling.plain import plain_candidates
from tests.support.phones import scaled
from tests.support.serving import Serving, client, serving
from tests.support.swipes import GOOD
from tests.support.waiting import wait_until

LINES = [json.loads(line) for line in GOOD]
CLIENTS = 12


def words_of(home: Path, line: dict[str, Any]) -> Any:
    """What a device that is opened now says, with what each score is the sum of."""
    with swipefl.open(home, languages="en") as device:
        return plain_candidates(device.predict(line), explain=True)


def test_a_model_is_used_from_when_it_was_adopted_and_no_restart_is_needed(tmp_path: Path) -> None:
    """A global one that came, that was accepted, a personal one, an earlier one, and none."""
    line, said = LINES[0], list[Any]()
    with (
        serving(tmp_path, SWIPEFL_LANGUAGES="en") as served,
        client(served) as api,
        Store(tmp_path / "swipefl.db") as store,
    ):

        def answer() -> Any:
            return api.post("predict?explain=true", json=line).json()["candidates"]

        def is_taken_up() -> None:
            expected = words_of(tmp_path, line)
            assert expected not in said
            wait_until(lambda: answer() == expected)
            said.append(expected)

        is_taken_up()
        store.checkpoints.add("global", scaled(0.9).to_bytes(), None, use=False)
        is_taken_up()
        number = store.checkpoints.add("global", scaled(0.8).to_bytes(), None, use=False)
        store.checkpoints.settle(number, Verdict(True, 9, 9, 5, 5))
        is_taken_up()
        first = store.checkpoints.add("personal", scaled(0.7).to_bytes(), None, use=True)
        is_taken_up()
        store.checkpoints.add("personal", scaled(0.6).to_bytes(), None, use=True)
        is_taken_up()
        for to in (first, "global", "base"):
            assert api.post("models/use", json={"to": to}).status_code == 200
            assert answer() == words_of(tmp_path, line) != said[-1]  # at once, where the server did it itself


def test_many_who_ask_at_once_get_the_words_that_a_device_finds(tmp_path: Path) -> None:
    lines = LINES[:30]
    with swipefl.open(tmp_path / "alone", languages="en") as device:
        expected = [plain_candidates(device.predict(line)) for line in lines]
    wrong, answered = list[object](), list[int]()

    def ask(served: Serving, number: int) -> None:
        with client(served, f"127.0.5.{number + 1}") as api:
            for at in (*range(number, len(lines)), *range(number)):
                answer = api.post("predict", json=lines[at])
                answered.append(at)
                if answer.status_code != 200 or answer.json()["candidates"] != expected[at]:
                    wrong.append((at, answer.status_code))

    with serving(tmp_path / "home", SWIPEFL_LANGUAGES="en") as served:
        clients = [threading.Thread(target=ask, args=(served, number)) for number in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
    assert len(answered) == CLIENTS * len(lines)
    assert not wrong

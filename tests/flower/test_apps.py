"""The two apps, as Flower calls them."""

import time
from pathlib import Path

import pytest
from flwr.app import Context, Message, RecordDict

from swipefl.errors import UsageError
from swipefl.flower.coordinator_app import app as coordinator_app
from swipefl.flower.server_app import app as server_app
from swipefl.flower.server_app import read_config
from swipefl.hosting import Coordinator, coordinator_of
from swipefl.settings.coordinator import CoordinatorSettings
from tests.support.flower_nodes import Nodes


def context(config: dict[str, str]) -> Context:
    return Context(1, 1, config, RecordDict(), {})


def home_in(folder: Path, settings: str = 'versions_from = "flower"\nleast = 1\n') -> Path:
    folder.mkdir()
    Coordinator(CoordinatorSettings(home=folder)).init()
    (folder / "coordinator.toml").write_text(settings)
    return folder


def reason(config: dict[str, str], what: str = "query") -> str:
    reply = coordinator_app(Message(RecordDict(), 1, what), context(config))
    return str(reply.content["config"].get("reason", ""))


def test_a_node_says_where_it_stands_and_why_it_cannot(tmp_path: Path) -> None:
    home = home_in(tmp_path / "city")
    reply = coordinator_app(Message(RecordDict(), 1, "query"), context({"home": str(home)}))
    assert dict(reply.content["metrics"]) == {"waiting": 0, "fewest": 1}
    assert reply.content["config"]["proof"] == b""
    assert reason({}) == "no-home"
    assert reason({"home": str(tmp_path)}) == "no-coordinator"
    assert reason({"home": str(home)}, "train") == reason({"home": str(home)}, "evaluate") == "unreadable-offer"


def test_its_owner_sees_when_a_node_came_last(tmp_path: Path) -> None:
    """Whatever it came for, and whatever it got; who makes its versions itself waits for none."""
    city, alone = home_in(tmp_path / "city"), home_in(tmp_path / "alone", "least = 1\n")
    hosting, began = coordinator_of(city, {}), int(time.time())
    assert hosting.status().node_came_at is None
    assert reason({"home": str(city)}, "train") == "unreadable-offer"
    assert began <= (hosting.status().node_came_at or 0) <= time.time()
    assert (hosting.status().versions_from, hosting.status().followed) == ("flower", None)
    assert reason({"home": str(alone)}) == ""
    status = coordinator_of(alone, {}).status()
    assert (status.versions_from, status.node_came_at) == ("here", None)


def test_what_goes_wrong_says_nothing_of_paths_and_no_words_of_an_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(home: Path) -> tuple[str, str]:
        reply = coordinator_app(Message(RecordDict(), 1, "query"), context({"home": str(home)}))
        assert not reply.has_error()
        config = reply.content["config"]
        return str(config["reason"]), str(config["says"])

    home, words = home_in(tmp_path / "city"), "this node gives nothing now; its log says why"
    assert said(tmp_path / "nowhere") == ("no-coordinator", words)
    (home / "coordinator.toml").write_text('holdout = "/nowhere/at/all"\n')
    assert said(home)[1] == words

    def fails(*given: object) -> None:
        raise ValueError(f"cannot read {home}")

    monkeypatch.setattr("swipefl.flower.coordinator_app.load_coordinator_settings", fails)
    assert said(home) == ("fault", words)


def test_a_server_and_a_coordinator_meet(tmp_path: Path) -> None:
    """Version 1 is followed; a run without rounds to make ends there."""
    home = home_in(tmp_path / "city")
    node = context({"home": str(home)})
    grid = Nodes({1: lambda message: coordinator_app(message, node).content})
    config = {"folder": str(tmp_path / "server"), "rounds": 1, "max-wait-s": 0}
    folder, course, start = read_config(config)
    from swipefl.flower.rounds import Rounds

    class Enough(Exception):
        pass

    def sleep(seconds: float) -> None:
        raise Enough

    with pytest.raises(Enough):
        Rounds(grid, folder, course, start, sleep=sleep).run()
    status = Coordinator(CoordinatorSettings(home=home)).status()
    assert (status.versions[-1].made_by, status.followed and status.followed.version) == ("followed", 1)


def test_a_coordinator_that_makes_its_versions_says_so(tmp_path: Path) -> None:
    home = home_in(tmp_path / "city", "least = 1\n")
    node = context({"home": str(home)})
    said = []

    def answer(message: Message) -> RecordDict:
        content = coordinator_app(message, node).content
        said.append(content["config"].get("reason"))
        return content

    from swipefl.flower.rounds import Rounds

    folder, course, start = read_config({"folder": str(tmp_path / "server"), "rounds": 1, "max-wait-s": 0})
    with pytest.raises(ZeroDivisionError):
        Rounds(Nodes({1: answer}), folder, course, start, sleep=lambda seconds: 1 // 0).run()  # type: ignore[arg-type, return-value]
    assert "versions-from-here" in said


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({}, "no-folder-said"),
        ({"strategy": "median"}, "unknown-choice"),
        ({"rounds": "many"}, "no-number-said"),
        ({"min-nodes": 1}, "too-few-nodes"),
        ({"strategy": "krum", "min-nodes": 4}, "too-few-nodes"),
        ({"max-norm": 0}, "out-of-range"),
        ({"timeout-s": float("nan")}, "out-of-range"),
        ({"malicious": 1}, "unknown-run-setting"),
        ({"name": "krum"}, "unknown-run-setting"),
    ],
)
def test_a_config_that_makes_no_sense_is_said(config: dict[str, object], code: str, tmp_path: Path) -> None:
    where = {} if code == "no-folder-said" else {"folder": str(tmp_path)}
    with pytest.raises(UsageError) as refused:
        server_app(Nodes({}), Context(1, 1, {}, RecordDict(), {**where, **config}))  # type: ignore[arg-type]
    assert refused.value.code == code


def test_what_a_run_does_not_say_is_as_everywhere(tmp_path: Path) -> None:
    _, course, _ = read_config({"folder": str(tmp_path), "strategy": "krum", "liars": 2, "server-lr": 1})
    assert (course.choice.name, course.choice.liars, course.choice.server_lr, course.min_nodes) == ("krum", 2, 1.0, 7)
    assert (course.max_norm, course.rounds) == (4.0, 0)

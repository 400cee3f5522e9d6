"""A person's own words in order, as a person meets them: from lines to `words phrases`, and gone again."""

import json
from pathlib import Path

import swipefl
from swipefl.gesture.formats.own import to_line
from tests.support.command import swipefl as run
from tests.support.stores import train_uses
from tests.support.swipes import lines


def said(word: str, before: str | None, count: int, seed: int = 0) -> bytes:
    """Lines of swipes that are learned from, which say what stood before."""
    found = train_uses(word, count, seed)
    return lines(*(to_line(example) | ({} if before is None else {"before": before}) for example in found))


def test_they_are_shown_counted_and_forgotten(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "swipes.jsonl"
    assert run(home, "words", "phrases", "--json").json == {"phrases": []}
    file.write_bytes(said("water", "My account is 4711, I drink", 3) + said("hello", "", 1) + said("house", None, 1))
    assert run(home, "ingest", str(file)).code == 0
    shown = run(home, "words", "phrases", "--json").json["phrases"]
    assert [(phrase["before"], phrase["word"], phrase["uses"]) for phrase in shown] == [
        ("drink", "water", 3),
        ("i drink", "water", 3),
        ("", "hello", 1),
    ]
    assert run(home, "status", "--json").json["in_order"] == 4
    lines_out = [json.loads(line) for line in run(home, "export").out.splitlines()]
    assert [line.get("before") for line in lines_out] == ["I drink"] * 3 + ["", None]
    preview = run(home, "forget", "--json", "--word", "drink", "--dry-run").json
    assert run(home, "forget", "--word", "drink", "--json").json == preview
    assert (preview["erased"], preview["stood_before"]) == (0, 3)
    after = [(phrase["before"], phrase["word"]) for phrase in run(home, "words", "phrases", "--json").json["phrases"]]
    assert after == [("", "hello")]
    assert run(home, "forget", "--all").code == 0
    assert run(home, "words", "phrases", "--json").json == {"phrases": []}


def test_a_running_device_knows_what_was_swiped_meanwhile(tmp_path: Path) -> None:
    """Also another one's: told apart are two words that this swipe may mean alike."""
    (swipe,) = train_uses("well", 1, seed=3)
    line = to_line(swipe) | {"before": "are you"}
    with swipefl.open(tmp_path / "home", languages="en") as device, swipefl.open(tmp_path / "home") as other:
        other.ingest(said("house", "see the", 1))
        before = {c.word: c.probability for c in device.predict(line, top=20)}
        other.ingest(said("we'll", "are you", 9))
        after = {c.word: c.probability for c in device.predict(line, top=20)}
        assert after["we'll"] > before["we'll"]
        assert after["well"] < before["well"]
        assert [phrase.word for phrase in device.words.phrases()] == ["we'll", "we'll", "house", "house"]
        device.forget(word="we'll")
        again = {c.word: c.probability for c in device.predict(line, top=20)}
        assert again == before

"""Evaluations by groups of lines, as a person asks for them."""

import json
from pathlib import Path

import pytest

from tests.support.command import swipefl
from tests.support.swipes import EXAMPLE, GOOD, lines
from tests.support.terminal import seen, swipefl_on_terminal

KEYS = {"examples", "in_lexicon", "top1", "top3", "top5", "greedy", "ece", "written", "written_examples", "ms_p50"}


def _file(path: Path, **fields: list[object]) -> Path:
    """The first swipes of the example, each with one more field, where that is not ..."""
    given = [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)]
    said = [{name: value for name, value in each.items() if value is not ...} for each in given]
    path.write_text("\n".join(json.dumps(json.loads(line) | more) for line, more in zip(GOOD, said, strict=False)))
    return path


def test_groups_stand_beside_the_whole_with_the_same_keys(tmp_path: Path) -> None:
    path = _file(tmp_path / "swipes.jsonl", text=["sentence", "words", "sentence", ..., None, True, 7, "words"])
    done = swipefl(tmp_path / "home", "evaluate", str(path), "--model", "base", "--by", "text", "--json").json
    groups = done.pop("by")
    assert done.keys() >= KEYS
    assert all(group.keys() == done.keys() for group in groups.values())
    counts = {name: group["examples"] for name, group in groups.items()}
    assert counts == {"sentence": 2, "words": 2, "(none)": 2, "true": 1, "7": 1}
    assert sum(group["top1"] * group["examples"] for group in groups.values()) == pytest.approx(8 * done["top1"])
    assert "by" not in swipefl(tmp_path / "home", "evaluate", "--json", str(path), "--model", "base").json


def test_what_is_no_swipe_that_a_word_was_meant_by_is_passed_over(tmp_path: Path) -> None:
    """Half a path cannot be judged by the word that it was to become; a deletion has none; one path is one swipe."""
    path = tmp_path / "swipes.jsonl"
    swipe = json.loads(GOOD[0])
    half = {**swipe, "coords": swipe["coords"][: len(swipe["coords"]) // 2], "final": False}
    others = [half, {**half, "private": True}, {**swipe, "private": True}, {"gesture_id": "a", "delete": True}]
    others += [{**swipe, "delete": True}, {"word": "kiwi", "language": "en", "personal": "added"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*others, swipe, {**swipe, "final": True}]))
    assert swipefl(tmp_path / "home", "evaluate", "--json", str(path), "--model", "base").json["examples"] == 1


def test_a_terminal_shows_a_row_for_each_group(tmp_path: Path) -> None:
    path = _file(tmp_path / "swipes.jsonl", hand=["left", "right", "[red]\x1b[2J"])
    done = swipefl_on_terminal(tmp_path / "home", "evaluate", str(path), "--model", "base", "--by", "hand")
    rows = {words[0]: words for line in seen(done.out) if (words := line.split())}
    assert {"left", "right"} <= rows.keys()
    assert rows["left"][1] == "1"
    assert "\x1b[2J" not in done.out


def test_stored_swipes_are_grouped_by_what_is_kept_of_them(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    done = swipefl(tmp_path, "evaluate", "--by", "keyboard", "--json").json
    assert done["by"]["qwerty"]["examples"] == done["examples"]
    refused = swipefl(tmp_path, "evaluate", "--by", "text")
    assert refused.code == 2
    assert "keyboard" in refused.err


def test_what_cannot_be_grouped_by_is_refused_without_a_word_of_it(tmp_path: Path) -> None:
    for field in ("coords", "gesture_id"):
        path = _file(tmp_path / "many.jsonl", hand=["left"] * 3) if field == "coords" else _many(tmp_path / "m.jsonl")
        refused = swipefl(tmp_path / "home", "evaluate", str(path), "--model", "base", "--by", field)
        assert refused.code == 2
        assert "--by" in refused.err
        assert "left" not in refused.err


def _many(path: Path) -> Path:
    """More groups than there may be, of swipes that are quickly decoded."""
    line = json.loads(GOOD[0])
    path.write_text("\n".join(json.dumps(line | {"gesture_id": f"g{i}", "width": 360 + i / 64}) for i in range(1001)))
    return path


def test_documents_and_tables_have_fields_too(tmp_path: Path) -> None:
    swipes = [json.loads(line) | {"hand": hand} for line, hand in zip(GOOD, ("left", "right", "left"), strict=False)]
    (tmp_path / "array.json").write_text(json.dumps(swipes, indent=1))
    rows = [
        f"{swipe['gesture_id']},{swipe['word']},{point['x']},{point['y']},{point['t']},370,222,{swipe['hand']}"
        for swipe in swipes
        for point in swipe["coords"]
    ]
    (tmp_path / "table.csv").write_text("\n".join(["gesture_id,word,x,y,t,width,height,hand", *rows]) + "\n")
    for name in ("array.json", "table.csv"):
        done = swipefl(
            tmp_path / "home", "evaluate", "--json", str(tmp_path / name), "--model", "base", "--by", "hand"
        ).json
        assert {hand: group["examples"] for hand, group in done["by"].items()} == {"left": 2, "right": 1}


def test_a_log_counts_as_it_is_in_the_end(tmp_path: Path) -> None:
    """As a store of it would: corrected words, swipes that were taken back, ids that are used again."""
    right = [json.loads(line) for line in GOOD[:12]]
    wrong = [{**line, "word": "zebra", "gesture_id": f"w{place}"} for place, line in enumerate(right)]
    taken = [{"gesture_id": line["gesture_id"], "delete": True} for line in (*wrong[8:], right[0])]
    again = {**right[0], "gesture_id": right[1]["gesture_id"]}
    log = tmp_path / "log.jsonl"
    log.write_bytes(lines(*wrong, *right[:8], *taken, again, {"gesture_id": again["gesture_id"], "delete": True}))
    assert swipefl(tmp_path / "home", "ingest", str(log)).code == 0
    (tmp_path / "kept.jsonl").write_text(swipefl(tmp_path / "home", "export").out)
    assert swipefl(tmp_path / "home", "ingest", "--json", str(tmp_path / "kept.jsonl")).json["stored"] == 0
    counted = [
        swipefl(tmp_path / "new", "evaluate", "--json", str(tmp_path / name)).json
        for name in ("log.jsonl", "kept.jsonl")
    ]
    assert [each["examples"] for each in counted] == [7, 7]
    assert counted[0]["top1"] == counted[1]["top1"] > 0


def test_no_file_tells_its_own_answers(tmp_path: Path) -> None:
    """Also where it was ingested before, and its words in order are known."""
    (tmp_path / "plain.jsonl").write_bytes(b"".join(GOOD[:60]))
    told = [{**json.loads(line), "before": f"so {json.loads(line)['word']}"} for line in GOOD[:60]]
    (tmp_path / "told.jsonl").write_bytes(lines(*told))
    found = []
    for name in ("plain", "told"):  # the same words are known to both
        assert swipefl(tmp_path / name, "ingest", "--json", str(tmp_path / f"{name}.jsonl")).json["stored"] == 60
        found.append(
            swipefl(tmp_path / name, "evaluate", "--json", str(tmp_path / "told.jsonl"), "--model", "base").json["top1"]
        )
    assert found[0] == found[1]

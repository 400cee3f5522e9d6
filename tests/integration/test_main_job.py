"""The main job as a new user does it: ingest, cycle, predict, evaluate, status, and what the owner may ask."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from swipefl.gesture.keyboard import built_in
from tests.support.command import ROOT, Done, environment, swipefl
from tests.support.readme import lines as lines_of
from tests.support.swipes import EXAMPLE, GOOD, SHARED, gesture, lines
from tests.support.waiting import LONG_S, catches, trains, wait_until

KEYS = ["round", "examples", "top1_before", "top1_after", "adopted", "update_id", "push", "skipped"]
COUNTS = ["swipes", "right_base", "right_before", "right_new", "steps_done", "steps"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A home in which the example was ingested and one cycle ran."""
    home = tmp_path_factory.mktemp("home")
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    return home, swipefl(home, "cycle", "--rounds", "3", "--json")


def test_cycle_makes_a_better_keyboard_and_no_contribution_for_nobody(trained: tuple[Path, Done]) -> None:
    home, cycle = trained
    rounds = cycle.json["rounds"]
    assert cycle.code == 0
    assert all(list(r) == KEYS + COUNTS for r in rounds)
    assert rounds[0]["adopted"]
    assert {(r["push"], r["update_id"]) for r in rounds} == {("none", None)}
    base, personal = (swipefl(home, "evaluate", "--model", m, "--json").json for m in ("base", "personal"))
    assert personal["top1"] > base["top1"]
    scores = ["examples", "in_lexicon", "top1", "top3", "top5", "greedy", "ece"]
    assert list(base) == [*scores, "written", "written_examples", "ms_p50", "ms_p99"]
    status = swipefl(home, "status", "--json").json
    (night,) = status["nights"]
    assert night == cycle.json["night"]
    judged = {"right_base": base, "right_now": personal}
    assert {name: night[name] for name in judged} == {
        name: round(e["top1"] * night["swipes"]) for name, e in judged.items()
    }
    assert night["swipes"] == base["examples"]
    assert (status["gain"]["swipes"], status["gain"]["verdict"]) == (0, "unproven"), "no swipe came since it was chosen"
    assert status["outbox"] == []
    assert status["gestures"]["good"] == 260


def test_a_second_cycle_has_nothing_to_do_and_never_loads_torch(trained: tuple[Path, Done]) -> None:
    home, _ = trained
    code = (
        "import sys\nfrom swipefl.cli.app import app\n"
        "try: app(['cycle', '--json'])\nexcept SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(home), capture_output=True, check=True)
    assert "nothing new" in json.loads(done.stdout)["rounds"][0]["skipped"]


def test_a_prediction_without_a_store_loads_neither_sqlite_nor_what_several_jobs_need(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom swipefl.cli.app import app\n"
        f"try: app(['predict', {str(EXAMPLE)!r}])\nexcept SystemExit: pass\n"
        "assert not {'torch', 'sqlite3', 'sqlite_utils', 'multiprocessing.connection'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, check=True)


def test_predict_answers_each_line_as_it_comes(trained: tuple[Path, Done]) -> None:
    """Over one open process: a good gesture, a broken line, a good one without a word."""
    home, _ = trained
    first, second = GOOD[:2]
    unlabelled = {k: v for k, v in json.loads(second).items() if k != "word"}
    command = [sys.executable, "-m", "swipefl", "predict", "-", "--json", "--top", "3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(home)) as process:
        assert process.stdin
        assert process.stdout
        for line, key in ((first, "candidates"), (b"{broken\n", "error"), (lines(unlabelled), "candidates")):
            process.stdin.write(line)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert key in answer
        assert [set(c) for c in answer["candidates"]] == [{"word", "spelled", "score", "probability"}] * 3
        process.stdin.close()
        assert process.wait(LONG_S) == 0


def test_predict_works_from_the_first_minute_and_makes_no_store(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = swipefl(home, "predict", "--json", "-", given=GOOD[0])
    assert done.json["candidates"][0]["spelled"] == json.loads(EXAMPLE.read_text().splitlines()[0])["word"]
    assert not home.exists()


def test_a_prior_moves_its_words_up_and_down(tmp_path: Path) -> None:
    first = GOOD[0]
    best, second, *_ = swipefl(tmp_path, "predict", "--json", "-", given=first).json["candidates"]
    prior = tmp_path / "prior.txt"
    prior.write_text(f"\ufeff{best['word']}\t-60\n\n{second['word']} -1.5\n")
    again = swipefl(tmp_path, "predict", "--json", "-", "--prior", str(prior), given=first).json["candidates"]
    assert again[0]["word"] == second["word"]
    assert again[0]["probability"] > second["probability"]
    assert best["word"] != again[0]["word"]


def test_a_prior_has_words_as_they_are_written(tmp_path: Path) -> None:
    """One that is spelled as the likeliest is, but written in a way that no list has, comes as it is written."""
    best = swipefl(tmp_path, "predict", "--json", "-", given=GOOD[0]).json["candidates"][0]
    written = f"{best['word'][:2]}-{best['word'][2:]}"
    prior = tmp_path / "prior.txt"
    prior.write_text(f"{written} -1\n")
    first = swipefl(tmp_path, "predict", "--json", "-", "--prior", str(prior), given=GOOD[0]).json["candidates"][0]
    assert (first["word"], first["spelled"]) == (written, best["spelled"])


def test_words_of_a_prior_that_no_keyboard_can_spell_are_counted(tmp_path: Path) -> None:
    prior = tmp_path / "prior.txt"
    prior.write_text("fine -3\nsecret++ -1\n")
    done = swipefl(tmp_path, "predict", "--json", "-", "--prior", str(prior), given=GOOD[0])
    assert (done.code, done.json["candidates"] != []) == (0, True)
    assert ("1 word that" in done.err, "secret" in done.err) == (True, False)


@pytest.mark.parametrize(
    "line",
    [
        "secretword",
        "secretword likely",
        "secretword 0.5",
        "secretword nan",
        "two words -3",
        "secretword -1e300",
        "secretword\t-3 -3",
        "' -3",
        "- -3",
    ],
)
def test_a_prior_that_cannot_be_read_names_its_line_and_no_word(tmp_path: Path, line: str) -> None:
    prior = tmp_path / "prior.txt"
    prior.write_text(f"fine -3\n{line}\n")
    done = swipefl(
        tmp_path, "predict", "--json", "-", "--prior", str(prior), given=EXAMPLE.read_bytes().splitlines()[0]
    )
    assert done.code == 3
    assert "line 2" in done.err
    assert "secret" not in done.err + done.out
    assert done.out == ""


def test_a_prior_that_is_missing_or_no_text_is_an_error(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "predict", "-", "--prior", str(tmp_path / "none.txt"), given=b"").code == 3
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert swipefl(tmp_path, "predict", "-", "--prior", str(tmp_path / "binary"), given=b"").code == 3


def test_a_name_that_was_swiped_twice_becomes_swipeable(trained: tuple[Path, Done]) -> None:
    home, _ = trained
    words = swipefl(home, "words", "list", "--json").json["words"]
    name = [w for w in words if w["word"] == "zuzanka"]
    assert name
    assert name[0]["origin"] == "typed"
    named = [line for line in EXAMPLE.read_bytes().splitlines() if b'"zuzanka"' in line]
    answers = swipefl(home, "predict", "--json", "-", given=b"\n".join(named) + b"\n").out.splitlines()
    right = sum(json.loads(a)["candidates"][0]["word"] == "zuzanka" for a in answers)
    assert right > len(named) / 2


def test_words_are_added_and_removed_by_hand(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "words", "add", "Żółtko").code == 0
    assert swipefl(tmp_path, "words", "add", "Ёжичек", "--language", "ru").code == 0
    listed = swipefl(tmp_path, "words", "list", "--json").json["words"]
    assert {(w["word"], *w["languages"]) for w in listed} >= {("Żółtko", "en"), ("Ёжичек", "ru")}
    assert swipefl(tmp_path, "words", "remove", "ёжичек", "--language", "ru").code == 0
    assert [w["word"] for w in swipefl(tmp_path, "words", "list", "--json").json["words"]] == ["Żółtko"]
    assert swipefl(tmp_path, "words", "add", "12").code == 2


def test_export_comes_back_by_ingest(trained: tuple[Path, Done], tmp_path: Path) -> None:
    home, _ = trained
    exported = swipefl(home, "export")
    again = swipefl(tmp_path, "ingest", "-", "--json", given=exported.out.encode())
    assert again.json["stored"] == 260
    assert swipefl(tmp_path, "export").out == exported.out
    assert swipefl(home, "ingest", "-", "--json", given=exported.out.encode()).json["duplicates"] == 260


def test_export_brings_back_keyboards_and_words_too(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    own = tmp_path / "own.json"
    own.write_text(json.dumps(built_in("qwerty").to_json() | {"name": "wide", "width": 720}))
    assert swipefl(old, "keyboards", "add", str(own)).code == 0
    assert swipefl(old, "words", "add", "Zuzanka").code == 0
    assert swipefl(old, "words", "remove", "swipefl").code == 0
    assert swipefl(old, "ingest", "-", given=lines(gesture(keyboard="wide", width=720, height=444))).code == 0
    exported = swipefl(old, "export").out
    report = swipefl(new, "ingest", "-", "--json", given=exported.encode()).json
    assert (report["read"], report["stored"]) == (1, 1)
    assert swipefl(new, "export").out == exported
    said = [json.loads(line) for line in exported.splitlines()]
    assert [(line.get("personal"), line.get("word")) for line in said] == [
        (None, None),
        (None, "we"),
        ("added", "Zuzanka"),
        ("removed", "swipefl"),
    ]


def test_reset_goes_back(trained: tuple[Path, Done]) -> None:
    home, _ = trained
    used = [c["id"] for c in swipefl(home, "status", "--json").json["checkpoints"] if c["in_use"]]
    assert len(used) == 1
    assert swipefl(home, "reset").code == 0
    assert not any(c["in_use"] for c in swipefl(home, "status", "--json").json["checkpoints"])
    assert swipefl(home, "reset", "--to", "global").code == 4
    assert swipefl(home, "reset", "--to", "nonsense").code == 2
    assert swipefl(home, "reset", "--to", str(used[0])).code == 0


def test_forget_leaves_no_trace(tmp_path: Path) -> None:
    """Not of the word, nor of what derives from it: models, words, updates, free pages, the write-ahead log."""
    assert swipefl(tmp_path, "ingest", str(EXAMPLE)).code == 0
    assert swipefl(tmp_path, "train", "--epochs", "1", "--json").code == 0
    assert swipefl(tmp_path, "forget").code == 2
    done = swipefl(tmp_path, "forget", "--word", "zuzanka", "--json")
    assert done.json["erased"] >= 6
    for path in tmp_path.iterdir():
        assert b"zuzanka" not in path.read_bytes()
    status = swipefl(tmp_path, "status", "--json").json
    assert status["checkpoints"] == []
    assert swipefl(tmp_path, "ingest", str(EXAMPLE), "--json").json["read"] == 0
    assert swipefl(tmp_path, "forget", "--all", "--json").json["erased"] == 260 - done.json["erased"]
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 0


def test_train_is_the_same_twice_and_makes_no_contribution(tmp_path: Path) -> None:
    fingerprints = []
    for home in (tmp_path / "a", tmp_path / "b"):
        swipefl(home, "ingest", str(EXAMPLE))
        done = swipefl(home, "train", "--epochs", "2", "--seed", "7", "--device", "cpu", "--json")
        assert done.json["loss_after"] < done.json["loss_before"]
        assert done.json["adopted"]
        fingerprints.append(done.json["checkpoint"])
        assert swipefl(home, "status", "--json").json["outbox"] == []
    assert fingerprints[0] == fingerprints[1]


def test_too_little_data_is_an_error_for_train_and_a_reason_for_cycle(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", "-", given=lines(gesture()))
    assert swipefl(tmp_path, "train").code == 3
    cycle = swipefl(tmp_path, "cycle", "--json")
    assert cycle.code == 0
    assert "too few swipes yet" in cycle.json["rounds"][0]["skipped"]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, -2), (signal.SIGTERM, -15)])
def test_a_signal_ends_the_cycle_by_that_signal_and_loses_nothing(tmp_path: Path, signum: int, code: int) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    command = [sys.executable, "-m", "swipefl", "cycle", "--rounds", "50"]
    endless = environment(tmp_path, SWIPEFL_EPOCHS="10000")
    with subprocess.Popen(command, env=endless, stderr=subprocess.PIPE) as process:
        lock = tmp_path / "lock"
        wait_until(lambda: lock.exists() and lock.read_bytes() and catches(process.pid, signum))
        busy = swipefl(tmp_path, "cycle")
        assert busy.code == 8
        assert str(process.pid) in busy.err
        ingested = swipefl(tmp_path, "ingest", "-", "--json", given=lines(gesture(gesture_id="late")))
        assert ingested.json["stored"] == 1
        wait_until(lambda: trains(process.pid))
        process.send_signal(signum)
        assert process.wait(LONG_S) == code
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 261


def test_a_corrupt_personal_checkpoint_is_named_and_can_be_left_behind(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    swipefl(tmp_path, "train", "--epochs", "1")
    with sqlite3.connect(tmp_path / "swipefl.db") as database:
        database.execute("UPDATE checkpoints SET blob = zeroblob(99)")
    first = GOOD[0]
    broken = swipefl(tmp_path, "predict", "-", given=first)
    assert broken.code == 4
    assert "reset" in broken.err
    assert swipefl(tmp_path, "reset").code == 0
    assert swipefl(tmp_path, "predict", "-", given=first).code == 0


@pytest.mark.skipif(not SHARED.is_dir(), reason="no recorded swipes here")
def test_the_main_job_on_a_real_person(tmp_path: Path) -> None:
    log = sorted((SHARED / "how_we_swipe" / "raw_logs").glob("*.log"))[0]
    report = swipefl(tmp_path, "ingest", str(log), "--json").json
    assert report["stored"] > 30
    assert report["read"] == report["stored"] + report["duplicates"] + report["rejected"]
    assert swipefl(tmp_path, "cycle", "--rounds", "3", "--json").json["rounds"][0]["examples"] > 20
    assert swipefl(tmp_path, "evaluate", "--model", "personal", "--json").json["examples"] > 3


def test_the_main_job_of_the_page_works(trained: tuple[Path, Done]) -> None:
    home, _ = trained
    for line in lines_of("examples/COMMANDS.md", "The main job"):
        words = line.split()
        assert words[0] == "swipefl"
        arguments = [str(ROOT / w) if w.startswith("examples/") else w for w in words[1:]]
        assert swipefl(home, *arguments).code == 0, line

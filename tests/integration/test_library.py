"""swipefl as a library: `swipefl.open` and what it gives, beside the command line that does the same."""

import ast
import dataclasses
import gc
import gzip
import importlib
import inspect
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import typer

import swipefl
from swipefl.cli.app import app
from swipefl.gesture.keyboard import built_in
from swipefl.settings.meanings import COORDINATOR, DEVICE
from tests.support.command import ROOT, environment
from tests.support.command import swipefl as command
from tests.support.coordinator import coordinator
from tests.support.people import write_people
from tests.support.swipes import EXAMPLE, GOOD, gesture
from tests.support.waiting import LONG_S, wait_until

LINES = [json.loads(line) for line in GOOD]
GROUPS = {"words": swipefl.Words, "keyboards": swipefl.Keyboards, "lexicons": swipefl.Lexicons, "timer": swipefl.Timer}
OTHERS = {"coordinator": swipefl.Coordinator, "flower": swipefl.FlowerProject}  # which are no device's
OF_SERVERS = {  # what only they ask
    "look", "hand_over", "check_free", "check_writable", "change", "landings", "confusions", "daily",
    "outlook",  # of `cycle --explain`
}  # fmt: skip
SERVERS = {"serve", "practise"}  # of a device that is open; another program has servers of its own
OF_SHELLS = {"completion"}
OF_THE_TERMINAL = {"home", "as_json", "yes", "default"}
CALLED = {"path": "swipes", "paths": "swipes", "id": "gesture_id", "rejects": "on_reject"}
LEFT_TO_CALLERS = {
    "predict": {
        "path",
        "model",
        "language",
        "prior",
        "jobs",
        "explain",
    },  # one gesture that says its language; a model in use, a word list; each Candidate has its parts
    "cycle": {"explain"},  # a function of its own
    "enroll": {"token_file"},
    "flower": {"folder"},  # that of the project that is asked
    "show": {"svg", "png"},  # what it says is all that is drawn
    "simulate": {"rounds"},  # and all that a Scenario says
}


@pytest.fixture
def device(tmp_path: Path) -> Iterator[swipefl.Device]:
    with swipefl.open(tmp_path / "home", languages="en", epochs=1) as device:
        yield device


def commands() -> Iterator[tuple[tuple[str, ...], Callable[..., Any]]]:
    """The words of every command, and its function."""
    for known in app.registered_commands:
        assert known.callback
        yield (known.name or known.callback.__name__,), known.callback
    for group in app.registered_groups:
        assert isinstance(group.typer_instance, typer.Typer)
        for known in group.typer_instance.registered_commands:
            assert known.callback
            yield (str(group.name), str(known.name)), known.callback


def face_of(words: tuple[str, ...]) -> object:
    """What a command's function belongs to in Python."""
    if words == ("simulate",):
        return swipefl
    if len(words) == 1:
        return swipefl.Upkeep if words[0] in functions_of(swipefl.Upkeep) else swipefl.Device
    return OTHERS[words[0]] if words[0] in OTHERS else GROUPS[words[0]]


def functions_of(face: type) -> set[str]:
    return {name for name, value in vars(face).items() if inspect.isfunction(value) and not name.startswith("_")}


def test_every_command_has_a_function_and_every_function_a_command() -> None:
    in_python: dict[object, set[str]] = {}
    for words, _ in commands():
        in_python.setdefault(face_of(words), set()).add(words[-1].replace("-", "_"))
    assert in_python.pop(swipefl) == {"simulate"}
    assert in_python.pop(swipefl.Device) - SERVERS - OF_SHELLS == functions_of(swipefl.Device) - {"close"} - OF_SERVERS
    assert {face: functions_of(face) - OF_SERVERS for face in in_python if isinstance(face, type)} == in_python
    assert {name for name in inspect.get_annotations(swipefl.Device)} == {*GROUPS, "upkeep"}


@pytest.mark.parametrize(
    ("words", "called"), list(commands()), ids=lambda each: " ".join(each) if isinstance(each, tuple) else ""
)
def test_what_a_command_takes_its_function_takes(words: tuple[str, ...], called: Callable[..., Any]) -> None:
    """But for settings, which are given to `open`, and what only a person at a terminal needs."""
    if words[0] in SERVERS | OF_SHELLS:
        pytest.skip("not of Python")
    function = getattr(face_of(words), words[-1].replace("-", "_"))
    if words == ("simulate",):
        pytest.skip("a Scenario has its options")
    settings = (COORDINATOR if words[0] == "coordinator" else DEVICE).keys() - {"keyboard"}
    options = inspect.signature(called).parameters.keys() - settings - OF_THE_TERMINAL
    options -= LEFT_TO_CALLERS.get(words[0], set()) | ({"keyboard"} if words == ("predict",) else set())
    taken = inspect.signature(function).parameters.keys()
    assert {CALLED.get(name, name) for name in options} <= taken


def test_importing_it_loads_nothing(tmp_path: Path) -> None:
    code = "import sys; before = set(sys.modules); import swipefl; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["swipefl"]


def test_a_prediction_loads_neither_torch_nor_grpc(tmp_path: Path) -> None:
    code = (
        "import sys, json, swipefl; swipefl.open().predict(json.loads(sys.stdin.readline()));"
        "assert not {'torch', 'grpc', 'typer', 'rich'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=True, input=GOOD[0])
    assert list(tmp_path.iterdir()) == []


def test_what_is_promised_is_there_and_frozen_and_annotated_alike() -> None:
    tree = ast.parse(Path(swipefl.__file__).read_text("utf-8"))
    typed = {
        alias.name: str(node.module)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if str(node.module).startswith("swipefl.")
    }
    assert typed == swipefl._PLACES
    for name, room in typed.items():
        value = getattr(swipefl, name)
        assert value is getattr(importlib.import_module(room), name)
        if dataclasses.is_dataclass(value):
            assert value.__dataclass_params__.frozen, name  # type: ignore[attr-defined]
    assert swipefl.errors.SwipeflError is swipefl.SwipeflError
    assert set(swipefl.__all__) <= set(dir(swipefl))
    with pytest.raises(AttributeError, match="no attribute 'numpy'"):
        swipefl.numpy  # noqa: B018
    with pytest.raises(ImportError):
        exec("from swipefl import nothing_of_the_kind")


def test_the_types_that_a_report_names_are_promised_too() -> None:
    names = {name: getattr(swipefl, name) for name in swipefl._PLACES}
    for value in filter(dataclasses.is_dataclass, names.values()):
        for hint in get_type_hints(value, localns=names).values():
            assert set(filter(dataclasses.is_dataclass, classes_in(hint))) <= set(names.values()), value


def classes_in(hint: Any) -> Iterator[Any]:
    yield hint
    for inner in get_args(hint):
        yield from classes_in(inner)


def test_the_reference_is_what_the_docstrings_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.api", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_trains_on_a_file_and_says_what_got_better(tmp_path: Path) -> None:
    script = ROOT / "examples" / "train.py"
    assert len(script.read_text().splitlines()) < 30
    done = subprocess.run(
        [sys.executable, str(script), str(EXAMPLE)],
        env=environment(tmp_path, SWIPEFL_EPOCHS="1"),
        capture_output=True,
        text=True,
        check=True,
        timeout=2 * LONG_S,
    )
    first, *_, last = done.stdout.splitlines()
    assert (first, "held-out swipes" in last) == ("260 swipes are stored", True)


def test_a_script_of_a_user_is_typed(tmp_path: Path) -> None:
    """As it is installed: the package says that it has types."""
    assert (ROOT / "swipefl" / "py.typed").exists()
    (tmp_path / "good.py").write_text((ROOT / "examples" / "train.py").read_text())
    (tmp_path / "bad.py").write_text(
        "import swipefl\n"
        "swipefl.nothing\n"
        "device = swipefl.open(1)\n"
        "device.predict({}, top='five')\n"
        "word: int = device.predict({})[0].word\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "good.py", "bad.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stdout.splitlines() if line.startswith(("good.py", "bad.py"))]
    assert [line.split(":")[:2] for line in ours] == [["bad.py", str(number)] for number in (2, 3, 4, 5)], done.stdout


def text_file(path: Path) -> Any:
    path.write_bytes(b"".join(GOOD[:9]))
    return path.open(encoding="utf-8")


def packed(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"".join(GOOD[:9])))
    return path


def plain(path: Path) -> Path:
    path.write_bytes(b"".join(GOOD[:9]))
    return path


WAYS: dict[str, Callable[[Path], Any]] = {
    "dicts": lambda path: LINES[:9],
    "a generator of dicts": lambda path: (line for line in LINES[:9]),
    "lines as text": lambda path: [line.decode() for line in GOOD[:9]],
    "lines without their newlines": lambda path: [line.decode().strip() for line in GOOD[:9]],
    "lines as bytes": lambda path: GOOD[:9],
    "one text of lines": lambda path: b"".join(GOOD[:9]).decode(),
    "one run of bytes": lambda path: b"".join(GOOD[:9]),
    "an open file": text_file,
    "an open file of bytes": lambda path: plain(path).open("rb"),
    "a path": plain,
    "the name of a file": lambda path: str(plain(path)),
    "a packed file": packed,
    "paths": lambda path: [plain(path), str(packed(path.with_suffix(".gz")))],
    "a folder": lambda path: plain(path).parent,
    "paths among lines": lambda path: [LINES[0], "\n", plain(path), GOOD[1], GOOD[2].decode()],
    "a tuple": lambda path: tuple(LINES[:9]),
}


@pytest.mark.parametrize("way", WAYS)
def test_swipes_come_in_many_ways(device: swipefl.Device, tmp_path: Path, way: str) -> None:
    (tmp_path / "swipes").mkdir()
    report = device.ingest(WAYS[way](tmp_path / "swipes" / "s.jsonl"))
    assert (report.stored, report.rejected) == (9, 0)
    exported = [line for line in device.export() if "coords" in line]
    assert [line["word"] for line in exported] == [line["word"] for line in LINES[:9]]
    assert device.ingest(exported).stored == 0
    assert device.evaluate(WAYS[way](tmp_path / "swipes" / "s.jsonl")).examples >= 9 if way != "a folder" else True


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "no-path"),
        ([""], "no-path"),
        ("there/is/none.jsonl", "unreadable"),
        (5, "no-swipes"),
        (None, "no-swipes"),
        ({}, "nothing-read"),
        ([1, 2.0, None, set(), object()], "nothing-read"),
        ("{", "nothing-read"),
    ],
)
def test_what_is_no_swipe_is_said(device: swipefl.Device, given: Any, code: str) -> None:
    with pytest.raises(swipefl.SwipeflError) as raised:
        device.ingest(given)
    assert raised.value.code == code


def test_what_is_said_of_swipes_is_checked(device: swipefl.Device, tmp_path: Path) -> None:
    for said in ({"format": "nonsense"}, {"keyboard": "nonsense"}, {"keyboard": tmp_path / "none.json"}):
        with pytest.raises(swipefl.errors.UsageError):
            device.ingest(LINES, **said)
    assert device.ingest(LINES[:2], format="swipefl", keyboard="qwertz").stored == 2
    for wrong in ({"by": "coords"}, {"language": "xx"}, {"model": "best"}, {"keyboard": "nonsense"}):
        with pytest.raises(swipefl.errors.UsageError):
            device.evaluate(LINES[:20], **wrong)
    for top in (0, -1):
        with pytest.raises(swipefl.errors.UsageError, match="top is"):
            device.predict(LINES[0], top=top)


def test_an_export_is_taken_back_while_it_is_made(device: swipefl.Device, tmp_path: Path) -> None:
    device.ingest(LINES)
    assert device.ingest(device.export()).duplicates == 260
    with swipefl.open(tmp_path / "copy") as copy:
        assert copy.ingest(device.export()).stored == 260
        assert copy.status().gestures == device.status().gestures


def test_an_export_that_is_half_read_keeps_nobody_from_erasing(device: swipefl.Device) -> None:
    device.ingest(LINES)
    lines = device.export()
    assert next(lines)["word"]
    assert device.forget(everything=True).erased == 260
    assert len(list(lines)) < 260


def test_an_export_ends_with_its_device(device: swipefl.Device) -> None:
    device.ingest(LINES[:3])
    begun, waiting = device.export(), device.export()
    next(begun)
    device.close()
    for lines in (begun, waiting):
        with pytest.raises(swipefl.errors.UsageError):
            next(lines)


def test_lines_handed_over_may_bring_the_keyboard_that_the_next_ones_name(device: swipefl.Device) -> None:
    own = built_in("qwerty").to_json() | {"name": "mine"}
    given = [LINES[0] | {"keyboard": own}, LINES[1] | {"keyboard": "mine"}, LINES[2] | {"keyboard": "nobodys"}]
    report = device.hand_over(given)
    assert (report.stored, [(one.index, one.fault.code) for one in report.rejected]) == (2, [(2, "unknown-keyboard")])
    given = [{"keyboard": own | {"name": "another"}}, LINES[3] | {"keyboard": "another"}]
    report = device.hand_over(given)
    assert (report.stored, report.rejected) == (1, ())


def test_nothing_of_what_is_forgotten_stays_in_memory(device: swipefl.Device) -> None:
    device.ingest(LINES)
    device.confusions()
    device.landings()
    words = {line["word"] for line in LINES}
    assert any(word in repr(vars(device._read[1])) for word in words)
    device.forget(everything=True)
    assert not any(f"'{word}'" in repr([vars(device._read[1]), vars(device._landed)]) for word in words)


def test_lines_that_cannot_be_used_are_counted_and_told(device: swipefl.Device) -> None:
    told: list[tuple[str, int, str]] = []
    bad = [LINES[0], {"coords": set()}, gesture(coords=[]), "{", LINES[1]]
    report = device.ingest(bad, on_reject=lambda name, one: told.append((name, one.line, one.fault.code)))
    assert (report.stored, report.rejected) == (2, 3)
    codes = ("broken-json", "few-points", "broken-json")
    assert told == [("the lines given", line, code) for line, code in enumerate(codes, 2)]
    with pytest.raises(swipefl.errors.RejectedLine) as fault:
        device.predict({"coords": set()})
    assert fault.value.code == "broken-json"


def test_a_generator_is_read_as_it_comes_and_its_error_leaves_what_was_read(device: swipefl.Device) -> None:
    def lines() -> Iterator[dict[str, Any]]:
        yield from LINES[:9]
        raise RuntimeError("the keyboard is gone")

    with pytest.raises(RuntimeError, match="the keyboard is gone"):
        device.ingest(lines())
    assert device.ingest(LINES[:9]).stored == 9


@pytest.mark.parametrize("private", [True, "yes", 1, "", []])
def test_what_is_private_is_answered_and_never_stored(device: swipefl.Device, private: Any) -> None:
    line = {**LINES[0], "private": private}
    assert device.predict(line) == device.predict(LINES[0])
    assert device.ingest([line, json.dumps(line), LINES[1]]).read == 1
    assert device.status().gestures["good"] == 1


def test_half_an_emoji_costs_no_swipe(device: swipefl.Device) -> None:
    swipe = {**json.loads(GOOD[0]), "before": "\ude00 i say \ud83d", "gesture_id": "\ud83d"}
    assert device.predict(swipe)
    assert device.ingest([swipe]).stored == 1
    assert [line["gesture_id"] for line in device.export()] == ["\ufffd"]


def test_predictions_are_those_of_the_command_line(device: swipefl.Device, tmp_path: Path) -> None:
    device.ingest(EXAMPLE)
    done = command(tmp_path / "home", "predict", "-", "--top", "3", "--json", given=b"".join(GOOD[:20]), LANG="en")
    answers = [json.loads(line)["candidates"] for line in done.out.splitlines()]
    for line, text, answer in zip(LINES, GOOD, answers, strict=False):
        found = device.predict(line, top=3)
        assert found == device.predict(text, top=3) == device.predict(text.decode().strip(), top=3)
        assert [c.word for c in found] == [c["word"] for c in answer]
        assert [c.probability for c in found] == pytest.approx([c["probability"] for c in answer], abs=1e-6)


@pytest.mark.parametrize(
    "given",
    [{}, [], "x", b"", None, 5, {"coords": set()}, {"coords": [1]}, b"".join(GOOD[:2]), {"word": "we"}, "{" * 10_000],
)
def test_what_is_no_gesture_is_no_bug(device: swipefl.Device, given: Any) -> None:
    with pytest.raises(swipefl.errors.DataError):
        device.predict(given)


def test_many_threads_are_answered_as_one_is(device: swipefl.Device) -> None:
    """While another one ingests and adds words."""
    device.ingest(LINES[100:])
    alone = [device.predict(line) for line in LINES[:40]]
    answers: dict[int, list[Any]] = {}
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            answers[number] = [device.predict(line) for line in LINES[:40]]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    device.ingest(LINES[:100])
    device.words.add("Xylophonistas")
    for thread in threads:
        thread.join()
    assert errors == []
    words = [[c.word for c in found] for found in alone]
    assert [[[c.word for c in found] for found in answers[number]] for number in range(5)] == [words] * 5
    assert [[c.word for c in device.predict(line)] for line in LINES[:40]] == words


def test_each_thread_may_do_anything(device: swipefl.Device) -> None:
    device.ingest(LINES)
    done: list[Any] = []
    for work in (device.status, device.evaluate, device.words.list, lambda: next(device.export()), device.train):
        thread = threading.Thread(target=lambda work=work: done.append(work()))  # type: ignore[misc]
        thread.start()
        thread.join()
    assert len(done) == 5


def test_what_is_new_is_predicted_with(device: swipefl.Device, tmp_path: Path) -> None:
    """Words, keyboards and models: what this object changes at once, what another one or the command line does soon."""
    line, word = LINES[0], device.predict(LINES[0])[0].word
    device.words.hide(word)
    assert word not in [c.word for c in device.predict(line)]
    assert command(tmp_path / "home", "words", "unhide", word).code == 0
    wait_until(lambda: device.predict(line)[0].word == word)
    named = {name: value for name, value in line.items() if name not in ("width", "height")}
    with pytest.raises(swipefl.errors.RejectedLine) as unknown:
        device.predict({**named, "keyboard": "mine"})
    assert unknown.value.code == "unknown-keyboard"
    with swipefl.open(tmp_path / "home") as other:
        other.keyboards.add(rows="qwertyuiop asdfghjkl zxcvbnm", name="mine", language="en")
        wait_until(lambda: known(device, {**line, "keyboard": "mine"}))
        device.ingest(LINES)
        before = device.predict(line)[0].probability
        if not other.train().adopted:
            pytest.skip("the model was not better")
        wait_until(lambda: device.predict(line)[0].probability != before)
        device.reset()
        assert device.predict(line)[0].probability == before


def known(device: swipefl.Device, line: dict[str, Any]) -> bool:
    try:
        return bool(device.predict(line))
    except swipefl.errors.RejectedLine:
        return False


def test_the_words_before_are_those_of_the_line_or_of_the_call(device: swipefl.Device) -> None:
    for text in ("", "i wanted to", "x" * 10_000, "I live at 5, Foo St.\n"):
        assert device.predict(LINES[0], before=text) == device.predict({**LINES[0], "before": text})
    assert device.predict({**LINES[0], "before": 5}) == device.predict(LINES[0])


def test_a_device_that_was_closed_says_so(tmp_path: Path) -> None:
    with swipefl.open(tmp_path) as device:
        device.ingest(LINES[:3])
        words, lines = device.words, device.export()
        assert next(lines)["word"] == LINES[0]["word"]
    device.close()
    for ask in (device.status, words.list, device.__enter__, lambda: device.predict(LINES[0]), device.export):
        with pytest.raises(swipefl.errors.UsageError) as closed:
            ask()
        assert closed.value.code == "closed"
    with swipefl.open(tmp_path) as again:
        assert again.status().gestures["good"] == 3


def test_two_on_one_home_change_its_models_one_at_a_time(device: swipefl.Device, tmp_path: Path) -> None:
    device.ingest(LINES)
    with swipefl.open(tmp_path / "home", epochs=1) as other:
        busy: list[str] = []

        def meanwhile(progress: swipefl.Progress) -> None:
            if not busy:
                for ask in (other.train, device.cycle, lambda: device.forget(everything=True), other.reset):
                    with pytest.raises(swipefl.errors.StoreBusy) as held:
                        ask()
                    busy.append(held.value.code)
                assert other.ingest([gesture()]).stored == 1
                assert other.predict(LINES[0])

        assert device.train(on_progress=meanwhile).examples
        assert busy == ["held"] * 4
        assert other.status() == device.status()


def test_what_a_line_knows_better_counts(device: swipefl.Device) -> None:
    best, second, *_ = (candidate.word for candidate in device.predict(LINES[0]))
    assert device.predict({**LINES[0], "prior": {best: -60, second: -1.5}})[0].word == second
    with pytest.raises(swipefl.errors.RejectedLine):
        device.predict({**LINES[0], "prior": {"secret": 2}})
    wrong: list[Any] = [5, [], b"i am", ("i", "am")]
    for before in wrong:
        with pytest.raises(swipefl.errors.UsageError):
            device.predict(LINES[0], before=before)


def test_what_reads_lets_no_prediction_wait(device: swipefl.Device, monkeypatch: pytest.MonkeyPatch) -> None:
    device.ingest(LINES[:20])
    device.predict(LINES[0])
    looked: list[int] = []
    monkeypatch.setattr("swipefl.device.live.Live.refresh", lambda live: looked.append(1))
    readers: list[Callable[[], object]] = [
        device.status,
        device.config,
        device.show,
        lambda: list(device.export()),
        lambda: device.evaluate(LINES[:2]),
        lambda: device.forget(everything=True, dry_run=True),
        device.words.list,
        device.words.phrases,
        device.keyboards.list,
        lambda: device.keyboards.show("qwerty"),
        device.lexicons.list,
    ]
    for read in readers:
        read()
        device.predict(LINES[0])
    assert looked == []
    device.words.add("zork")
    device.predict(LINES[0])
    device.predict(LINES[0])
    assert looked == [1]


def test_a_device_that_nobody_closes_leaves_nothing(tmp_path: Path) -> None:
    for number in range(3):
        swipefl.open(tmp_path / str(number)).predict(LINES[0])
    assert swipefl.open(tmp_path).words.list() == ()
    gc.collect()
    wait_until(lambda: all(thread.name != "swipefl live" for thread in threading.enumerate()))


def test_a_child_goes_on_with_the_device_of_its_parent(device: swipefl.Device) -> None:
    device.ingest(LINES[:20])
    expected = [c.word for c in device.predict(LINES[0])]
    for at in range(20, 23):
        if not (child := os.fork()):
            is_same = [c.word for c in device.predict(LINES[0])] == expected
            os._exit(0 if is_same and device.ingest(LINES[at : at + 1]).stored == 1 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert [c.word for c in device.predict(LINES[0])] == expected
    assert device.status().gestures["good"] == 23


def test_a_night_in_python(device: swipefl.Device) -> None:
    device.ingest(LINES)
    base = device.evaluate(model="base")
    heard: list[swipefl.RoundReport] = []
    report = device.cycle(rounds=2, on_round=heard.append)
    assert tuple(heard) == report.rounds
    assert device.status().nothing_to_do == "nothing new since the last cycle"
    assert device.evaluate().examples == base.examples
    assert device.cycle().rounds[0].skipped
    assert device.reset().in_use == "base"
    assert device.evaluate().top1 == base.top1
    grouped = device.evaluate(LINES[:40], by="keyboard")
    assert sum(each.examples for each in grouped.by.values()) == grouped.examples == 40
    for wrong in (
        lambda: device.cycle(rounds=0),
        lambda: device.show(top=0),
        lambda: device.evaluate(lexicon_size=0),
        lambda: device.evaluate(jobs=0),
    ):
        with pytest.raises(swipefl.errors.UsageError):
            wrong()


def test_work_is_stopped_where_its_caller_wants_it(device: swipefl.Device) -> None:
    device.ingest(LINES)
    enough = swipefl.SwipeflError("enough", "that is enough")
    for work in (device.train, device.cycle):
        with pytest.raises(swipefl.SwipeflError) as stopped:
            work(stop=lambda: enough)
        assert stopped.value is enough
    with pytest.raises(swipefl.SwipeflError):
        device.ingest(iter(LINES), stop=lambda: enough)


def test_what_was_said_of_a_gesture_is_changed_and_forgotten(device: swipefl.Device) -> None:
    device.ingest([*LINES[:30], gesture()])
    assert device.relabel("g1", "we").changed is False
    shown = device.show("g1")
    assert (shown.example.word, shown.handle) == ("we", device.show(word="we").handle)
    preview = device.forget(gesture_id="g1", dry_run=True)
    assert preview == device.forget(gesture_id="g1")
    assert preview.erased == 1
    tomorrow = date.today() + timedelta(days=1)
    assert device.forget(before=date(1, 1, 1)).erased == 0
    assert device.forget(before=tomorrow, word=LINES[0]["word"], dry_run=True).erased >= 1
    assert device.forget(before=tomorrow).erased == 30
    wrong: list[dict[str, Any]] = [{}, {"everything": True, "word": "we"}, {"word": ""}, {"gesture_id": ""}]
    for scope in wrong:
        with pytest.raises(swipefl.errors.UsageError):
            device.forget(**scope)
    with pytest.raises(swipefl.errors.UsageError):
        device.show("g1")


def test_words_keyboards_and_lexicons(device: swipefl.Device, tmp_path: Path) -> None:
    assert device.words.add("Zuzanka", language="de,en").words == 1
    assert [(word.languages, word.origin) for word in device.words.list()] == [(("de", "en"), "added")]
    assert device.words.hide("xylophones").hidden == 1
    assert device.words.unhide("xylophones").hidden == 0
    assert device.words.remove("Zuzanka").words == 1
    assert device.words.remove("zuzanka", language="de").words == 0
    added = device.keyboards.add(rows="abcdef ghijkl", name="short", language="de")
    assert added in [dataclasses.replace(known, left_out=()) for known in device.keyboards.list()]
    (tmp_path / "k.json").write_text(json.dumps(device.keyboards.show("short").to_json()))
    device.keyboards.remove("short")
    assert device.keyboards.add(tmp_path / "k.json").name == "short"
    (tmp_path / "w.txt").write_text("hello 10\nworld 5\n")
    assert device.lexicons.add(tmp_path / "w.txt", language="sw").words == 2
    assert [known.name for known in device.lexicons.list() if known.language == "sw"] == ["w.txt"]
    assert device.lexicons.remove("sw") == "sw"
    for wrong in (device.keyboards.add, device.lexicons.add, lambda: device.keyboards.add("f", rows="ab")):
        with pytest.raises(swipefl.errors.UsageError):
            wrong()


def test_settings_are_given_and_shown(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("epochs = 7\nseed = 3\n")
    shown = {setting.name: (setting.value, setting.source) for setting in swipefl.open(tmp_path, epochs=2).config()}
    assert (shown["epochs"], shown["seed"], shown["batch_size"][1]) == ((2, "flag"), (3, "config.toml"), "default")
    assert shown["home"] == (str(tmp_path), "flag")
    with pytest.raises(swipefl.errors.UsageError, match="epoch is no setting; did you mean epochs"):
        swipefl.open(tmp_path, epoch=2)
    with pytest.raises(swipefl.errors.UsageError, match="epochs"):
        swipefl.open(tmp_path, epochs="many")
    with pytest.raises(swipefl.errors.UsageError, match="listen"):
        swipefl.coordinator(tmp_path, listen=5)


def test_a_federation_in_python(device: swipefl.Device, tmp_path: Path) -> None:
    device.ingest(LINES)
    with pytest.raises(swipefl.errors.UsageError):
        device.sync()
    with coordinator(tmp_path / "coordinator", "--buffer", "1", "--least", "1") as serving:
        owner = swipefl.coordinator(serving.home)
        (token,) = owner.token(name="phone").tokens
        enrolled = device.enroll(serving.address, token)
        assert [(known.id, known.name) for known in owner.devices().devices] == [(enrolled.device_id, "phone")]
        federation = device.status().federation
        assert federation
        assert federation.address == serving.address
        assert device.cycle(require_sync=True).rounds[0].push == "sent"
        serving.wait_for_version(2)
        assert device.sync().visit.pulled
        assert owner.rollback(1).version == 3
        assert owner.status().version == 3
        assert owner.devices(revoke=enrolled.device_id).devices[0].revoked
        assert device.leave().left == serving.address


def test_a_coordinator_of_its_own(tmp_path: Path) -> None:
    owner = swipefl.coordinator(tmp_path / "c", listen="127.0.0.1:0")
    with pytest.raises(swipefl.errors.UsageError):
        owner.status()
    assert owner.init().version == 1
    assert dict((s.name, s.source) for s in owner.config())["listen"] == "flag"
    assert owner.token(2).tokens != owner.token(2).tokens
    assert len(bytes.fromhex(owner.rotate_key().public_key)) == 32


def test_a_simulation_in_python(tmp_path: Path) -> None:
    write_people(tmp_path / "people.jsonl", {seed: 12 for seed in range(3)})
    script = tmp_path / "script.py"
    script.write_text(
        "import swipefl\n"
        "if __name__ == '__main__':\n"
        "    scenario = swipefl.Scenario(rounds=2, clients_per_round=2, plan=swipefl.Plan(epochs=1))\n"
        "    heard = []\n"
        "    done = swipefl.simulate('people.jsonl', scenario, on_round=heard.append, evaluation='people.jsonl')\n"
        "    assert list(done.rounds) == heard, done\n"
        "    again = swipefl.simulate('people.jsonl', scenario, resume=True)\n"
        "    assert again.rounds == done.rounds, again\n"
        "    print(len(heard), done.rounds[-1].top1 is not None, done.model.exists())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * LONG_S,
    )
    assert (done.returncode, done.stdout) == (0, "3 True True\n"), done.stderr  # the start is a row too

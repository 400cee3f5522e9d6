"""What reads the output of all tests finds a word and a point, wherever one is planted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import overheard
from tests.support.command import ROOT, environment, swipefl
from tests.support.overheard import Reader

SWIPED = b'{"word": "quokkazebra", "width": 360, "height": 216, "coords": [{"x": 53.125, "y": 36, "t": 0.0}]}\n'


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """One of this test alone: what is planted here fails no other."""
    reader = Reader()
    monkeypatch.setattr(overheard, "READER", reader)
    return reader


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("nothing", 0),
        ("cannot read 'quokkazebra'", 1),
        ("cannot read Quokkazebra: no gesture", 1),
        ("/home/quokkazebra/swipes.jsonl is missing", 0),  # the name of a file, which its owner chose
        ("quokkazebras and prequokkazebra", 0),
        ("device 3quokkazebra", 0),
        ("at 53.125", 1),
        ("took 53.126 s", 0),
        ("event='aggregated' top1_before=None top1_after=53.125 seconds=53.125", 0),  # what was measured
        ('{"event": "round", "wait_s": 53.125}', 0),
        ('{"at": 53.125}', 1),
        ("[[53, 36], [54, 37]]", 1),
        ("(53.1, 36.2)", 1),
        ('{"x": 53, "y": 36}', 1),
        ("x=53 y=36", 1),
        ("1, 2 and 3 of 4, 5", 0),
        ("timestamp='2026-11-26T08:12:21.000016Z'", 0),
        ("http://[::1]:8443/", 0),
        ("I1126 14:25:06.376216   15091 ssl_transport_security.cc:2563] quokkazebra failed", 0),  # gRPC, of itself
    ],
)
def test_what_is_a_leak_and_what_is_none(reader: Reader, said: str, found: int) -> None:
    reader.given(SWIPED)
    reader.say(said)
    assert len(reader.leaks()) == found
    assert reader.leaks() == []


@pytest.mark.parametrize(
    ("said", "swiped"),
    [
        ("Cannot assign requested address", "requested"),  # the system
        ("while attempting to bind on address ('192.0.2.7', 0)", "attempting"),  # asyncio
        ("buffer (flag): input should be greater than or equal to 1", "greater"),  # pydantic
        ("last error: UNKNOWN: ipv4:127.0.0.1:9: Failed to connect to remote host: refused", "remote"),  # gRPC
        ("bad certificate: unable to get local issuer certificate", "issuer"),  # OpenSSL
        ("Temporary failure in name resolution", "resolution"),  # the C library
        ("it is not valid JSON (Expecting value: line 1 column 1 (char 0))", "expecting"),  # json
        ("Traceback (most recent call last):", "recent"),  # Python
    ],
)
def test_what_is_handed_on_of_others_is_no_leak_but_any_word_beside_it_is(
    reader: Reader, said: str, swiped: str
) -> None:
    reader.given(SWIPED.replace(b"quokkazebra", swiped.encode()))
    reader.say(f"swipefl: cannot do it: {said}; try again")
    assert reader.leaks() == []
    reader.say(f"swipefl: cannot do it: {said}; not with {swiped}")
    assert len(reader.leaks()) == 1


@pytest.mark.parametrize("way", ["communicate", "read", "lines", "file", "log file"])
def test_a_leak_is_heard_whichever_way_it_goes(reader: Reader, tmp_path: Path, way: str) -> None:
    script = "import sys; 'swipefl'; sys.stderr.write(sys.stdin.read() + 'quokkazebra')"
    command = [sys.executable, "-c", script]
    reader.given(SWIPED)
    if way == "communicate":
        subprocess.run(command, input=b"", capture_output=True, check=True)
    elif way == "file":
        with (tmp_path / "err").open("wb") as err:
            subprocess.run(command, input=b"", stderr=err, check=True)
    elif way == "log file":
        (tmp_path / "log").write_text("quokkazebra")
        subprocess.run([*command[:2], "'swipefl'", "--log-file", str(tmp_path / "log")], check=True)
    else:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr
            _ = process.stderr.read() if way == "read" else list(process.stderr)
    assert len(reader.leaks()) == 1


def test_no_pipe_is_waited_for(reader: Reader, tmp_path: Path) -> None:
    for name in ("log", "swipes.jsonl"):
        os.mkfifo(tmp_path / name)
    command = [sys.executable, "-c", "'swipefl'", "--log-file", str(tmp_path / "log"), str(tmp_path / "swipes.jsonl")]
    subprocess.run(command, check=True)
    assert reader.leaks() == []


def test_a_word_is_known_from_the_store_also_once_it_is_forgotten(reader: Reader, tmp_path: Path) -> None:
    swipes = (ROOT / "examples" / "swipes.jsonl").read_bytes()
    assert swipefl(tmp_path, "ingest", "-", given=swipes.replace(b'"word"', b'"word" ')).code == 0
    reader.words.clear()
    assert swipefl(tmp_path, "forget", "--all", "--yes").code == 0
    assert "zuzanka" in reader.words
    assert reader.leaks() == []


def test_a_test_that_leaks_fails(tmp_path: Path) -> None:
    """With the hooks as all tests have them."""
    (tmp_path / "conftest.py").write_text(
        "from tests.support.overheard import pytest_runtest_makereport, pytest_runtest_teardown\n"
    )
    (tmp_path / "test_planted.py").write_text(
        "import subprocess, sys\n"
        f"SWIPED = {SWIPED!r}\n"
        "def test_silent():\n"
        "    subprocess.run([sys.executable, '-c', '\"swipefl\"'], input=SWIPED, capture_output=True)\n"
        "def test_talkative():\n"
        '    said = \'import sys; "swipefl"; sys.stderr.write("no such word: quokka" + "zebra")\'\n'
        "    subprocess.run([sys.executable, '-c', said], input=SWIPED, capture_output=True)\n"
        "def test_talkative_itself():\n"
        "    print('quokkazebra', file=sys.stderr)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "test_planted.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert "3 passed, 2 errors" in done.stdout, done.stdout + done.stderr

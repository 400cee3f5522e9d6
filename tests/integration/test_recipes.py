"""The recipes of the base checkpoint, as scripts."""

import subprocess
import sys
from pathlib import Path

from swipefl.decoder.checkpoint import base_checkpoint, checkpoint_from_bytes
from tests.support.command import ROOT, environment
from tests.support.swipes import EXAMPLE
from tests.support.waiting import LONG_S

SCRIPT = ROOT / "examples" / "base" / "pretrain.py"


def test_the_script_trains_on_a_file_and_writes_a_small_checkpoint(tmp_path: Path) -> None:
    out = tmp_path / "trained.safetensors"
    command = [
        sys.executable,
        str(SCRIPT),
        str(out),
        "--examples",
        str(EXAMPLE),
        "--swipes",
        "640",
    ]
    subprocess.run(command, env=environment(tmp_path), check=True, capture_output=True, timeout=2 * LONG_S)
    trained, base = checkpoint_from_bytes(out.read_bytes()), base_checkpoint()
    assert trained.architecture == base.architecture
    assert trained.score == base.score
    assert trained.fingerprint != base.fingerprint
    assert len(out.read_bytes()) <= 1_100_000


def test_a_file_without_examples_is_an_error_and_nothing_is_written(tmp_path: Path) -> None:
    out, empty = tmp_path / "out.safetensors", tmp_path / "empty.jsonl"
    empty.write_text('{"nothing": "here"}\n')
    command = [sys.executable, str(SCRIPT), str(out), "--examples", str(empty)]
    done = subprocess.run(command, env=environment(tmp_path), check=False, capture_output=True, timeout=2 * LONG_S)
    assert done.returncode != 0
    assert b"empty.jsonl" in done.stderr
    assert not out.exists()


def test_the_script_tunes_a_file_in_place_and_leaves_it_as_small(tmp_path: Path) -> None:
    path, base = tmp_path / "some.safetensors", base_checkpoint()
    path.write_bytes(base.to_bytes(half=True))
    size = path.stat().st_size
    command = [sys.executable, str(SCRIPT.with_name("tune.py")), str(path), str(EXAMPLE), "--every", "10"]
    done = subprocess.run(
        command, env=environment(tmp_path), check=True, capture_output=True, text=True, timeout=2 * LONG_S
    )
    after = checkpoint_from_bytes(path.read_bytes())
    assert str(after.score) == done.stdout.splitlines()[-1] != str(base.score)
    assert abs(path.stat().st_size - size) < 1000

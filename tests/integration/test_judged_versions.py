"""A version that does harm, from a real coordinator to a real command: told, contributed to, and not predicted with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import SHORT, Done, environment, killed_after, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.harm import scaled, surer
from tests.support.phones import publish_model
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.terminal import seen, swipefl_on_terminal
from tests.support.waiting import wait_until

WITHOUT_TORCH = """
import sys
from swipefl.cli.app import app
try: app(sys.argv[1:], prog_name="swipefl")
except SystemExit as ended: code = ended.code
assert "torch" not in sys.modules
sys.exit(code)
"""


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Coordinator]:
    with coordinator(tmp_path / "coordinator", "--buffer", "1000") as serving:
        yield serving


@pytest.fixture
def home(tmp_path: Path, serving: Coordinator) -> Path:
    return joined(tmp_path / "phone", serving)


def joined(home: Path, serving: Coordinator) -> Path:
    """A device that belongs to it, with the swipes of the example."""
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    assert swipefl(home, "enroll", serving.address, "--token", serving.token()).code == 0
    return home


def words_of(home: Path, *flags: str) -> list[str]:
    done = swipefl(home, "predict", "--json", "-", *flags, given=b"".join(GOOD[:5]))
    assert done.code == 0
    return [json.loads(line)["candidates"][0]["word"] for line in done.out.splitlines()]


def without_torch(home: Path, *words: str) -> Done:
    command = [sys.executable, "-c", WITHOUT_TORCH, *words]
    done = subprocess.run(command, env=environment(home), capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_harmful_version_is_contributed_to_and_not_predicted_with(home: Path, serving: Coordinator) -> None:
    before, top1 = words_of(home), swipefl(home, "evaluate", "--json").json["top1"]
    publish_model(serving, scaled(-1))
    synced = without_torch(home, "sync", "--json")
    assert (synced.code, synced.json["pulled"], synced.json["accepted"]) == (0, True, False), synced.err
    assert words_of(home) == before
    assert swipefl(home, "evaluate", "--json").json["top1"] == top1
    assert swipefl(home, "evaluate", "--model", "global", "--json").json["top1"] < 0.2
    status = swipefl(home, "status", "--json").json
    (known,) = status["checkpoints"]
    assert (status["in_use"], known["kind"]) == (None, "global")
    verdict = known["verdict"]
    assert (verdict["accepted"], verdict["swipes"]) == (False, status["gestures"]["held_out"])
    assert verdict["right_now"] < 0.2 * verdict["right_before"]
    shown = " ".join(" ".join(seen(swipefl_on_terminal(home, "status").out)).split())
    assert "base, the one in the package" in shown
    assert f"{verdict['right_now']} of {verdict['swipes']} held-out swipes right, {verdict['right_before']} be" in shown
    assert "contributions start from it and predictions do without" in shown
    night = swipefl(home, "cycle", "--json", **SHORT).json
    assert (night["rounds"][0]["push"], night["sync"]) == ("sent", None)
    assert night["rounds"][0]["top1_before"] == top1
    assert "worse on your held-out swipes" in " ".join(swipefl_on_terminal(home, "sync").out.split())


def test_one_killed_between_what_it_fetched_and_what_it_found_predicts_with_what_was_known(
    home: Path, serving: Coordinator
) -> None:
    before = words_of(home)
    for moment in (0.6, 0.9, 1.2):
        publish_model(serving, scaled(-1 - moment))
        killed_after(home, moment, "sync")
        assert words_of(home) == before
    done = without_torch(home, "sync", "--json")
    assert (done.code, done.json["accepted"]) == (0, False)
    assert words_of(home) == before


def test_a_better_version_is_used_from_the_visit_on_and_what_it_gave_is_told_if_the_owner_says_so(
    home: Path, serving: Coordinator
) -> None:
    publish_model(serving, surer(1.1))
    assert swipefl(home, "sync", "--json").json["accepted"] is True
    assert words_of(home)
    status = swipefl(home, "status", "--json").json
    assert status["in_use"] == status["checkpoints"][0]["id"]
    assert status["federation"]["shares_scores"] is False
    (home / "config.toml").write_text("share_scores = true\n")
    assert swipefl(home, "status", "--json").json["federation"]["shares_scores"] is True
    assert swipefl(home, "sync", "--json").code == 0
    shown = " ".join(" ".join(seen(swipefl_on_terminal(home, "status").out)).split())
    assert "told how many held-out swipes each version gets right" in shown


def test_what_a_version_does_on_three_devices_is_summed_up_for_who_runs_the_coordinator(
    tmp_path: Path, serving: Coordinator
) -> None:
    homes = [joined(tmp_path / f"phone {number}", serving) for number in range(3)]
    version = publish_model(serving, surer(1.1))
    for home in homes:
        (home / "config.toml").write_text("share_scores = true\n")
    for home in homes:
        assert swipefl(home, "sync", "--json").json["accepted"] is True
    assert judged(serving, version) is None, "told at the visit after it was judged"
    for home in homes:
        assert swipefl(home, "sync").code == 0
    (known,) = swipefl(homes[0], "status", "--json").json["checkpoints"]
    one = {name: round(known["verdict"][name] / 5) * 5 for name in ("swipes", "right_before", "right_now")}
    wait_until(lambda: judged(serving, version))
    assert judged(serving, version) == {"devices": 3} | {name: 3 * count for name, count in one.items()}


def judged(serving: Coordinator, version: int) -> Any:
    """What the coordinator says that a version did."""
    versions = swipefl(serving.home, "coordinator", "status", "--json").json["versions"]
    (found,) = [each["judged"] for each in versions if each["version"] == version]
    return found

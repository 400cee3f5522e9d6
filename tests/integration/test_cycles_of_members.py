"""What a cycle makes of a coordinator's versions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.device.cycle import RoundReport, nothing_to_do
from swipefl.device.personal import in_use
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.store.store import Store
from tests.support.command import SHORT, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.cycles import cycle, joins_nobody
from tests.support.people import examples
from tests.support.phones import Phone, aggregate, publish
from tests.support.stores import put


def scaled(factor: float | None, started: list[str]) -> Callable[..., Trained]:
    """A trainer that gives the base's weights times `factor`, or for None what it was given."""

    def trainer(start: Checkpoint, swipes: Sequence[Example], plan: TrainingConfig, *_: object) -> Trained:
        started.append(start.fingerprint)
        base = base_checkpoint().weights
        weights = start.weights if factor is None else {n: base[n] * np.float32(factor) for n in base}
        return Trained(replace(start, weights=weights), len(swipes), 0, 1.0, 1.0, 1.0)

    return trainer


def test_a_new_version_is_personalised_judged_and_adopted_or_not(phone: Phone, quiet: Coordinator) -> None:
    publish(quiet, 0.5)
    put(phone.store, examples(40))
    started: list[str] = []

    def night(factor: float | None) -> RoundReport:
        started.clear()
        (report,) = cycle(phone.store, scaled(factor, started), coordinator=phone.exchange()).run(1).rounds
        assert set(started) == {phone.member.fingerprint}
        assert report.push == "sent"
        return report

    assert night(0.7).adopted
    personal = in_use(phone.store)
    aggregate(quiet, 0.4)
    worse = night(None)
    assert not worse.adopted
    assert in_use(phone.store).fingerprint == personal.fingerprint
    aggregate(quiet, 0.999)
    better = night(None)
    assert better.adopted
    assert better.top1_before == worse.top1_before
    assert in_use(phone.store).info["from"] == phone.member.fingerprint
    assert nothing_to_do(phone.store)


def test_a_coordinator_that_publishes_nothing_changes_no_personal_model(tmp_path: Path) -> None:
    homes, fingerprints = (tmp_path / "alone", tmp_path / "member"), []
    with coordinator(tmp_path / "coordinator", "--buffer", "1000") as serving:
        with Phone(homes[1], serving):
            pass
        for home in homes:
            with Store(home / "swipefl.db") as store:
                put(store, examples(40))
            report = swipefl(home, "cycle", "--rounds", "3", "--json", **SHORT).json
            assert report["sync"] is None
            assert report["rounds"][0]["push"] == ("none" if home == homes[0] else "sent")
            status = swipefl(home, "status", "--json").json
            fingerprints.append([(c["kind"], c["fingerprint"], c["in_use"]) for c in status["checkpoints"]])
    assert fingerprints[0] == fingerprints[1]
    assert any(in_use for _, _, in_use in fingerprints[0])


def test_rounds_of_one_night_queue_one_contribution(tmp_path: Path) -> None:
    with Store(tmp_path / "swipefl.db") as store:
        put(store, examples(40))
    joins_nobody(tmp_path)
    done = swipefl(tmp_path, "cycle", "--rounds", "3", "--json", **SHORT).json
    assert "pause" in done["sync"]
    (waiting,) = swipefl(tmp_path, "status", "--json").json["outbox"]
    ran = [report for report in done["rounds"] if not report["skipped"]]
    assert {(report["push"], report["update_id"]) for report in ran} == {("queued", waiting["id"])}
    parameters = sum(weights.size for weights in base_checkpoint().weights.values())
    assert waiting["bytes"] < 1.05 * parameters

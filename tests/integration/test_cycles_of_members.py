"""What a cycle makes of a coordinator's versions."""

from collections.abc import Callable, Sequence
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.device.cycle import RoundReport, nothing_to_do
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.store.models import in_use, newest_global
from swipefl.store.store import Store
from tests.support.command import SHORT, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.cycles import cycle, joins_nobody
from tests.support.harm import BASE, surer
from tests.support.people import examples
from tests.support.phones import Phone, aggregate_model
from tests.support.stores import put


def to(factor: float, personal: list[str], contributed: list[str]) -> Callable[..., Trained]:
    """A trainer that comes to a model `factor` times as sure as the base, and notes what each kind of it began with."""

    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: object) -> Trained:
        (personal if config.measured else contributed).append(start.fingerprint)
        return Trained(surer(factor), len(swipes), 0, 1.0, 1.0, 1.0)

    return trainer


def test_a_new_version_is_judged_then_personalised_and_contributed_to(phone: Phone, quiet: Coordinator) -> None:
    """Contributions start from it whatever it is worth here, personal training from what was accepted."""
    put(phone.store, examples(40))

    def night(version: float, factor: float) -> tuple[RoundReport, str]:
        personal, contributed = list[str](), list[str]()
        aggregate_model(quiet, surer(version))
        trainer = to(factor, personal, contributed)
        (report,) = cycle(phone.store, trainer, coordinator=phone.exchange()).run(1).rounds
        assert contributed == [phone.member.fingerprint] == [newest_global(phone.store).fingerprint]
        assert report.push == "sent"
        assert nothing_to_do(phone.store)
        return report, personal[0]

    refused, began = night(0.5, 0.9)
    assert not refused.adopted
    assert in_use(phone.store).fingerprint == began == BASE.fingerprint
    accepted, began = night(1.1, 1.2)
    assert accepted.adopted
    assert began == phone.member.fingerprint == in_use(phone.store).info["from"]
    personal = in_use(phone.store)
    refused, began = night(0.6, 1.05)
    assert not refused.adopted
    assert in_use(phone.store).fingerprint == began == personal.fingerprint != phone.member.fingerprint
    assert refused.top1_before == accepted.top1_after


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
            (night,) = status["nights"]
            told = (night["shared"], night["bytes_sent"])
            assert told == (report["shared"], report["bytes_sent"])
            assert (told == ("nothing", 0)) == (home == homes[0])
            assert (told[0] == "sent" and told[1] > 400_000 and bool(night["sent_at"])) == (home == homes[1])
            fingerprints.append([(c["kind"], c["fingerprint"], c["in_use"]) for c in status["checkpoints"]])
    assert fingerprints[0] == fingerprints[1]
    assert any(in_use for _, _, in_use in fingerprints[0])


def test_rounds_of_one_night_queue_one_contribution(tmp_path: Path) -> None:
    with Store(tmp_path / "swipefl.db") as store:
        put(store, examples(40))
    joins_nobody(tmp_path)
    done = swipefl(tmp_path, "cycle", "--rounds", "3", "--json", **SHORT).json
    assert "pause" in done["sync"]
    known = swipefl(tmp_path, "status", "--json").json
    (waiting,), (night,) = known["outbox"], known["nights"]
    assert (night["shared"], night["update_id"], done["shared"]) == ("waits", waiting["id"], "waits")
    ran = [report for report in done["rounds"] if not report["skipped"]]
    assert {(report["push"], report["update_id"]) for report in ran} == {("queued", waiting["id"])}
    parameters = sum(weights.size for weights in BASE.weights.values())
    assert waiting["bytes"] < 1.05 * parameters

"""Trials of what speaks with others: a visit to a coordinator, and a server of a device."""

import json
from contextlib import suppress

import httpx

from swipefl.store.models import newest_global
from tests.support.command import Done
from tests.support.coordinator import Coordinator
from tests.support.federation_kills import contributions
from tests.support.forks import Forked
from tests.support.phones import Phone, publish
from tests.support.swipes import GOOD
from tests.support.trials import IDS, STORED, Place, Trial, stored
from tests.support.waiting import LONG_S, wait_until

POSTED = 12  # swipes, one by one; each third one is taken back


class Sync(Trial):
    """Acknowledged is what the coordinator was told to have: it counts once, and what is left over of it is kept.

    A killed visit loses nothing: what is not known to have arrived is sent again, and a model is fetched to its end.
    """

    words = ("sync", "--json")

    def __init__(self, serving: Coordinator) -> None:
        self.serving = serving

    def prepare(self, place: Place) -> None:
        stored(place, STORED)
        publish(self.serving, 0.5)

    def start(self, place: Place, seed: int) -> None:
        with self.serving.state() as state:
            newest = state.versions.newest().fingerprint
        with Phone(place.home, self.serving) as device:
            device.queue(seed % 3, newest)

    def survived(self, place: Place, done: Done) -> None:
        with place.store(), Phone(place.home, None) as device:
            waiting = device.store.outbox.waiting()
            if done.code == 0:
                assert waiting == []
                assert len(contributions(self.serving, device)) == 1
            device.visit()
            assert device.store.outbox.waiting() == []
            assert device.member.residual.startswith(b"residual of")
            assert newest_global(device.store).fingerprint == device.member.fingerprint
            ((sent, version),) = contributions(self.serving, device)
            assert sent in {update.id for update in waiting} or not waiting
            assert version <= device.member.contributed <= device.member.version


class Serve(Trial):
    """Acknowledged is what was there before, and each swipe, and each that was taken back, once it was answered so.

    A killed server has lost what it had not answered yet, or has it: one request.
    """

    words = ("serve", "--port", "0", "--json")

    def meanwhile(self, place: Place, forked: Forked) -> None:
        said, told = forked.files["out"], place.folder / "acknowledged.jsonl"
        wait_until(lambda: said.read_text().endswith("\n") or forked.process.exitcode is not None, "a server")
        with suppress(httpx.HTTPError, json.JSONDecodeError), told.open("w") as acknowledged:
            url = json.loads(said.read_text())["url"] + "api/v1/swipes"
            with httpx.Client(timeout=LONG_S) as client:
                for body in _bodies():
                    client.post(url, json=body).raise_for_status()
                    acknowledged.write(json.dumps(body) + "\n")
        forked.process.terminate()

    def survived(self, place: Place, done: Done) -> None:
        file = place.folder / "acknowledged.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        with place.store() as store:
            found = {stored.example.gesture.id for stored in store.gestures.all()}
        assert found in (_there(len(lines)), _there(len(lines) + 1))


def _bodies() -> list[dict[str, object]]:
    """What is posted: swipes that come, and in each third place the one before is taken back."""
    bodies = list[dict[str, object]]()
    for line in GOOD[STORED : STORED + POSTED]:
        is_third = len(bodies) % 3 == 2
        bodies.append({"gesture_id": bodies[-1]["gesture_id"], "delete": True} if is_third else json.loads(line))
    return bodies


def _there(posted: int) -> set[str]:
    """The ids that are in the store when so many were posted."""
    ids = set(IDS[:STORED])
    for body in _bodies()[:posted]:
        (ids.discard if "delete" in body else ids.add)(str(body["gesture_id"]))
    return ids

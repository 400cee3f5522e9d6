"""Commands of which all that they do to the disk is recorded, and what must be there wherever the power goes."""

import json
import pickle
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from swipefl.store.models import read
from tests.support.cycles import joins_nobody
from tests.support.forks import begun
from tests.support.power import SAID, Disk, Entry, entries, points, put_down
from tests.support.shim import Recording, built
from tests.support.swipes import GOOD
from tests.support.trials import BATCH, Place, gestures_in, in_small_batches, sound, stored

PART = 20  # swipes of a file
PARTS = 8


@dataclass(frozen=True)
class Known:
    """What a home has: the ids of its gestures, as they came, and what was made of them."""

    ids: tuple[str, ...] = ()
    rounds: int = 0
    nights: int = 0
    waiting: tuple[str, ...] = ()
    in_use: str | None = None

    @property
    def told(self) -> str:
        return f"{len(self.ids)} {self.rounds} {self.nights} {self.waiting} {self.in_use}"

    def is_on_the_way(self, before: "Known", after: "Known") -> bool:
        """Whether it is one of both, or what was there before and some of the batches that come."""
        if self in (before, after):
            return True
        count, known = len(self.ids), len(before.ids)
        is_part = before.ids == after.ids[:known] and self.ids == after.ids[:count] and (count - known) % BATCH == 0
        return is_part and known < count < len(after.ids)


def known(place: Place) -> Known:
    """What is in a home; its store is sound, and each model whole. Nothing where there is no store."""
    path = place.home / "swipefl.db"
    if not place.home.exists() or not list(place.home.glob("swipefl.db*")):
        return Known()
    with sound(path) as store:
        for model in store.checkpoints.all():
            read(model)
        personal = store.checkpoints.personal()
        return Known(
            tuple(stored.example.gesture.id for stored in store.gestures.all()),
            len(store.rounds.all()),
            len(store.nights.all()),
            tuple(update.id for update in store.outbox.waiting()),
            personal and personal.fingerprint,
        )


@dataclass(frozen=True)
class Script:
    """Commands one after another, from what `prepare` makes on; KEPT is the folder beside the home."""

    prepare: Callable[[Place], object]
    commands: Sequence[tuple[str, ...]]


def with_parts(place: Place) -> None:
    """Files of swipes."""
    place.kept.mkdir(parents=True)
    for part in range(PARTS):
        lines = GOOD[part * PART : (part + 1) * PART]
        (place.kept / f"{part}.jsonl").write_bytes(b"".join(lines))


def with_swipes(place: Place, is_member: bool) -> None:
    """Those, and some in the store already."""
    with_parts(place)
    stored(place, PART)
    if is_member:
        joins_nobody(place.home)


def ingesting(part: int) -> tuple[str, ...]:
    return ("ingest", f"KEPT/{part}.jsonl", "--json")


A_WORD = json.loads(GOOD[0])["word"]
CYCLE = ("cycle", "--json")
SCRIPTS = {
    "ingest": Script(with_parts, [ingesting(part) for part in range(PARTS)]),
    "cycle": Script(partial(with_swipes, is_member=True), [CYCLE, ingesting(1), CYCLE, ingesting(2), CYCLE]),
    "upkeep": Script(
        partial(with_swipes, is_member=False),
        [
            ("backup", "KEPT/file", "--json"),
            ingesting(1),
            ("forget", "--word", A_WORD, "--yes", "--json"),
            ("restore", "KEPT/file", "--yes", "--json"),
            ingesting(2),
            ("backup", "KEPT/file", "--json"),
        ],
    ),
}


@dataclass(frozen=True)
class Recorded:
    """What a script did, from what disk on, and what was known before and after each of its commands."""

    place: Place
    before: bytes  # a disk, pickled
    done: Sequence[Entry]
    states: Sequence[Known]

    def disk(self, point: int) -> Disk:
        """What was done to it after so many entries."""
        disk: Disk = pickle.loads(self.before)
        for entry in self.done[:point]:
            disk.do(entry)
        return disk


def recorded(folder: Path, name: str) -> Recorded:
    """Plays a script. Skips the test where nothing can be recorded."""
    built()
    script, place = SCRIPTS[name], Place(folder / name)
    script.prepare(place)
    states, log = [looked_at(place)], Recording(place.disk, place.folder / "log")
    disk = pickle.dumps(Disk(place.disk))
    for command in script.commands:
        words = [word.replace("KEPT", str(place.kept)) for word in command]
        done = begun(place.home, *words, first=in_small_batches, log=log, name="../said").ended()
        assert done.code == 0, done.err
        states.append(looked_at(place))
    return Recorded(place, disk, entries(log.log), states)


def looked_at(place: Place) -> Known:
    """What a home has; it is looked at in a copy, as a look may write."""
    copy = Place(place.folder / "copy")
    shutil.copytree(place.disk, copy.disk)
    found = known(copy)
    shutil.rmtree(copy.folder)
    return found


def survives_cut(recorded: Recorded, folder: Path, seed: int) -> None:
    """The power goes at a point that the seed says: the store opens, and what was acknowledged is there."""
    rng = random.Random(seed)
    point = rng.choice(points(recorded.done))
    acknowledged = b"".join(entry.data for entry in recorded.done[:point] if entry.what == SAID).count(b"\n")
    place = Place(folder)
    place.disk.mkdir(parents=True)
    put_down(recorded.disk(point).after_cut(rng), recorded.place.disk, place.disk)
    before, *others = recorded.states[acknowledged:]
    found = known(place)
    assert found.is_on_the_way(before, others[0] if others else before), (point, acknowledged, found.told, before.told)
    file = place.kept / "file"
    if file.exists():
        assert gestures_in(file, folder / "fresh") >= PART


def is_all_recorded(recorded: Recorded) -> bool:
    """Whether what was recorded comes to the files that there are, but for what is shared memory."""
    there = {str(path): path.read_bytes() for path in recorded.place.disk.rglob("*") if path.is_file()}
    played = recorded.disk(len(recorded.done)).whole()
    return there == {name: content for name, content in played.items() if content is not None}

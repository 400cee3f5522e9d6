"""Commands that are disturbed at some moment, on a copy of a home that was prepared; and what must be there afterwards.

Of each trial `acknowledged` says what was promised to its owner and is there whatever happens, and what may be lost.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import swipefl as library
import swipefl.device.ingestion
from swipefl.database.snapshots import BEFORE_RESTORE
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.store.models import read
from swipefl.store.store import Store
from tests.support.command import Done
from tests.support.cycles import joins_nobody
from tests.support.forks import Forked, begun, run
from tests.support.older import WORDS, old_store, stepped
from tests.support.people import examples
from tests.support.shim import Plan
from tests.support.stores import RARE, put
from tests.support.swipes import GOOD

STORED = 30  # swipes that are there before
COMING = 60  # and that come
BATCH = 10  # that land together, in place of a thousand: so that there is a middle
IDS = [json.loads(line)["gesture_id"] for line in GOOD]


def in_small_batches() -> None:
    """For the process of a command."""
    swipefl.device.ingestion.BATCH = BATCH


@dataclass(frozen=True)
class Place:
    """Where a trial is made: a home, and a folder beside it."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "disk" / "home"

    @property
    def kept(self) -> Path:
        return self.folder / "disk" / "kept"

    @property
    def disk(self) -> Path:
        """All that a plan is about: what commands say lies elsewhere."""
        return self.folder / "disk"

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store, which opens and is sound."""
        with sound(self.home / "swipefl.db") as store:
            yield store


@contextmanager
def sound(path: Path) -> Iterator[Store]:
    """A store, which opens and is sound."""
    with Store(path, make=False) as store:
        assert store.sql.rows("PRAGMA integrity_check") == [("ok",)]
        assert store.sql.rows("PRAGMA foreign_key_check") == []
        yield store


class Trial:
    """One command; `prepare` is done once, `start` on each copy, and `survived` looks at what is left."""

    words: tuple[str, ...] = ()

    def prepare(self, place: Place) -> None:
        stored(place, STORED)

    def start(self, place: Place, seed: int) -> None:
        """What there is to be done on this copy alone."""

    def begin(self, place: Place, plan: Plan | None = None, **given: Any) -> Forked:
        """The command, which goes on."""
        words = (word.replace("KEPT", str(place.kept)) for word in self.words)
        return begun(place.home, *words, plan=plan, first=in_small_batches, name="../said", **given)

    def again(self, place: Place) -> Done:
        """The same command to its end, which is a good one."""
        done = self.begin(place).ended()
        assert done.code == 0, (done.code, done.err, done.out)
        return done

    def meanwhile(self, place: Place, forked: Forked) -> None:
        """What others do while it runs, and until it has ended."""

    def survived(self, place: Place, done: Done) -> None:
        raise NotImplementedError


def stored(place: Place, count: int) -> None:
    """The first lines of the example are in the store."""
    place.kept.mkdir(parents=True, exist_ok=True)
    assert run(place.home, "ingest", "-", given=b"".join(GOOD[:count]), name="../said").code == 0


class Ingest(Trial):
    """Acknowledged is what was there before, and all of the file once the command has said so (exit code 0).

    A killed one may have lost the end of its file, in whole batches; the next one brings exactly that.
    """

    words = ("ingest", "KEPT/swipes.jsonl", "--json")

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        (place.kept / "swipes.jsonl").write_bytes(b"".join(GOOD[STORED : STORED + COMING]))

    def survived(self, place: Place, done: Done) -> None:
        with place.store() as store:
            found = [stored.example.gesture.id for stored in store.gestures.all()]
        assert found == IDS[: len(found)]
        assert len(found) in range(STORED, STORED + COMING + 1, BATCH)
        assert done.code != 0 or len(found) == STORED + COMING
        report = self.again(place).json
        assert report["stored"] == STORED + COMING - len(found)
        assert report["duplicates"] <= 1  # the line behind which more might have followed
        with place.store() as store:
            assert [stored.example.gesture.id for stored in store.gestures.all()] == IDS[: STORED + COMING]


class Train(Trial):
    """Acknowledged are the swipes, and the model in use once the command has said so.

    A killed one may have lost what it trained; no model is there in part.
    """

    words = ("train", "--json")

    def survived(self, place: Place, done: Done) -> None:
        with place.store() as store:
            assert len(store.gestures.times()) == STORED
            models = store.checkpoints.all()
            for model in models:
                read(model)
            assert len(models) <= 1
            assert sum(model.in_use for model in models) <= 1
            if done.code == 0:
                assert bool(models and models[0].in_use) == done.json["adopted"]
        again = self.again(place).json
        assert again["examples"] > 0


class Cycle(Trial):
    """Acknowledged are the swipes, and a round, its model, its night and its contribution once it was told of.

    A killed one may have lost the round that it was at: all of these, or none.
    """

    words = ("cycle", "--json")

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        joins_nobody(place.home)

    def survived(self, place: Place, done: Done) -> None:
        assert self._whole(place) or done.code != 0
        (last,) = self.again(place).json["rounds"]
        assert last["skipped"] is None or "nothing new" in last["skipped"]
        assert self._whole(place)

    def _whole(self, place: Place) -> bool:
        """Whether the round is there, with all that came of it; nothing came of one that is not."""
        with place.store() as store:
            assert len(store.gestures.times()) == STORED
            rounds, nights, waiting = store.rounds.all(), store.nights.all(), store.outbox.waiting()
            models = store.checkpoints.all()
            for model in models:
                read(model)
        assert len(rounds) == len(nights) == len(waiting) <= 1
        assert len(models) == sum(done.adopted for done in rounds) == sum(model.in_use for model in models)
        assert [done.update_id for done in rounds] == [update.id for update in waiting]
        assert sum(night.new_swipes for night in nights) == STORED * len(nights)
        return bool(rounds)


class Migrate(Trial):
    """Acknowledged is everything: a killed upgrade has taken some of its steps, each whole, and the next one goes on.

    The copy of before is whole or not there.
    """

    words = ("status", "--json")

    def __init__(self, done: int) -> None:
        self.done = done  # steps of the schema

    def prepare(self, place: Place) -> None:
        place.kept.mkdir(parents=True)
        path = place.home / "swipefl.db"
        old_store(path, 4)
        stepped(path, self.done)

    def survived(self, place: Place, done: Done) -> None:
        path = place.home / "swipefl.db"
        before = path.with_name("swipefl.db.before-upgrade")
        if before.exists():
            copy = place.folder / "copy" / "swipefl.db"
            copy.parent.mkdir()
            shutil.copy(before, copy)
            self._has_all(copy)
        self._has_all(path)
        self.again(place)
        assert not list(place.home.glob(".*"))

    def _has_all(self, path: Path) -> None:
        with sound(path) as store:
            assert len(store.gestures.times()) == 7
            assert [stored.example.word for stored in store.gestures.all()] == WORDS


class Forget(Trial):
    """Acknowledged is what stays, and, once the command has said so, that what it erased is in no byte of the home.

    A killed one has erased all of it or nothing; of what is in no table any more the next night finishes the rest.
    """

    words = ("forget", "--word", RARE, "--yes", "--json")

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        with place.store() as store:
            put(store, examples(6, words=(RARE,)))
            store.checkpoints.add("personal", base_checkpoint().to_bytes(), None, use=True)
            store.words.add(RARE, "en", False)

    def survived(self, place: Place, done: Done) -> None:
        with place.store() as store:
            words = [stored.example.word for stored in store.gestures.all()]
            is_erased = RARE not in words
            assert (len(words), words.count(RARE)) == ((STORED, 0) if is_erased else (STORED + 6, 6))
            assert (store.checkpoints.personal() is None) == is_erased
            assert (RARE in {word.word for word in store.words.all()}) != is_erased
            owes = store.owes_rewriting()
        if done.code == 0:
            assert is_erased
            assert not owes
            assert not self._traces(place)
        self.again(place)
        assert not self._traces(place)

    def _traces(self, place: Place) -> list[Path]:
        return [path for path in place.home.iterdir() if RARE.encode() in path.read_bytes()]


class Backup(Trial):
    """Acknowledged is the store, the file of before, and the new one once the command has said so.

    A killed one has left the file of before or the new one, each whole.
    """

    words = ("backup", "KEPT/file", "--json")

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        self.again(place)
        stored(place, STORED + COMING)

    def survived(self, place: Place, done: Done) -> None:
        with place.store() as store:
            assert len(store.gestures.times()) == STORED + COMING
        assert gestures_in(place.kept / "file", place.folder / "fresh") in (
            (STORED + COMING,) if done.code == 0 else (STORED, STORED + COMING)
        )
        self.again(place)
        assert [path.name for path in place.kept.iterdir()] == ["file"]


class Restore(Trial):
    """Acknowledged is the store of before, or what came back with the other one set aside: one of both, all of it.

    Once the command has said so it is what came back.
    """

    words = ("restore", "--yes", "KEPT/file", "--json")

    def prepare(self, place: Place) -> None:
        super().prepare(place)
        assert run(place.home, "backup", str(place.kept / "file"), name="../said").code == 0
        stored(place, STORED + COMING)

    def survived(self, place: Place, done: Done) -> None:
        with place.store() as store:
            found = len(store.gestures.times())
        assert found in ((STORED,) if done.code == 0 else (STORED, STORED + COMING))
        if found == STORED:
            (aside,) = place.home.glob(f"swipefl.db{BEFORE_RESTORE}*")
            assert gestures_in(aside, place.folder / "aside") == STORED + COMING
        self.again(place)
        with place.store() as store:
            assert len(store.gestures.times()) == STORED
        assert not list(place.home.glob(".*"))


class RestoreOverDamage(Restore):
    """The same in the place of a file that nobody can read: it is not lost either, but set aside as it is."""

    def start(self, place: Place, seed: int) -> None:
        for path in place.home.glob("swipefl.db*"):
            path.unlink()
        (place.home / "swipefl.db").write_bytes(b"damaged" * 1_000)

    def survived(self, place: Place, done: Done) -> None:
        if done.code == 0:
            with place.store() as store:
                assert len(store.gestures.times()) == STORED
        self.again(place)
        with place.store() as store:
            assert len(store.gestures.times()) == STORED
        assert b"damaged" * 1_000 in [path.read_bytes() for path in place.home.glob(f"*{BEFORE_RESTORE}*")]


def gestures_in(backup: Path, fresh: Path) -> int:
    """How many gestures a backup has, which is whole: it comes back in a fresh home."""
    with library.open(fresh) as device:
        assert device.upkeep.restore(backup)
        return device.status().gestures["good"]


TRIALS: dict[str, Trial] = {
    "ingest": Ingest(),
    "train": Train(),
    "cycle": Cycle(),
    **{f"migrate-from-{done}": Migrate(done) for done in (4, 6, 9, 12, 14)},
    "forget": Forget(),
    "backup": Backup(),
    "restore": Restore(),
    "restore-over-damage": RestoreOverDamage(),
}

"""A year of one generated person's nights, on a real store with real logs, trainings and judgements.

So that it fits into minutes, a night learns from 20 swipes in one pass and judges by 4, but for the FULL ones: those
do all that they do on a device. What is kept, erased and rewritten is never less.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.lexicon import load_lexicon
from swipefl.device import choosing, unseen
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.contribution import Contributor
from swipefl.device.cycle import Cycle, Learning
from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.device.personal import PersonalTraining
from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device.exchange import Exchanged
from swipefl.gesture.before import Before
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example
from swipefl.home import Home, contribution_config, load_trainer, personal_config
from swipefl.operations.retention import DAY_S, prune
from swipefl.settings.device import Settings
from swipefl.store.store import Store
from tests.support.cycles import MEMBER
from tests.support.people import examples

BEGAN = 1_767_268_800.0  # 2026-01-01, noon
DAYS, SECOND_MONTH = 365, range(30, 60)
FULL = (45, 55, 350, 360)  # nights on which all is done as on a device
SMALL = {"NEWEST": 12, "OLDER": 8, "JUDGED_NEWEST": 3, "JUDGED_OLDER": 1}
FEW_JUDGED = 4
LOGS_KEPT, READ_AGAIN_AFTER, READ_AGAIN_EVERY = 7, 120, 30  # days


@dataclass(frozen=True)
class Day:
    """What a day left: swipes that came and that are there, MB of all files of the home, seconds that its night took
    of a processor: what else a machine does, does not count."""

    day: int
    came: int
    swipes: int
    mb: float
    night_s: float
    full: bool
    again: int  # swipes of a copied log of months ago that were taken for new ones
    rows: Mapping[str, int]


class Played:
    """A coordinator that is away half of the time, takes what waits, and has a new version each week."""

    def __init__(self, store: Store, rng: random.Random) -> None:
        self._store, self._rng, self._days, self._last = store, rng, 0, 0
        self.is_there = True

    def dawns(self) -> None:
        """A new day."""
        self._days += 1
        self.is_there = self._rng.random() < 0.5

    def waits(self) -> None:
        """It never says when to come again."""

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> Exchanged:
        """A visit."""
        if not self.is_there:
            raise CoordinatorUnreachable("unreachable", "the coordinator did not answer")
        store, pushed, sent = self._store, 0, 0
        for update in store.outbox.waiting():
            store.outbox.attempt(update.id, 1)
            store.nights.settle(update.id, "sent", len(update.blob))
            store.outbox.remove(update.id)
            pushed, sent = pushed + 1, sent + len(update.blob)
        pulls = pull and self._days - self._last >= 7
        if pulls:
            self._last = self._days
            store.checkpoints.add("global", _moved(base_checkpoint(), self._days).to_bytes(), None, use=False)
        return Exchanged(pulled=pulls, pushed=pushed, bytes_sent=sent)


def _moved(start: Checkpoint, seed: int) -> Checkpoint:
    rng = np.random.default_rng(seed)
    moved = {n: (w + 1e-4 * rng.standard_normal(w.shape)).astype(w.dtype) for n, w in start.weights.items()}
    return replace(start, weights=moved)


def year(home: Path, days: int = DAYS, full: tuple[int, ...] = FULL, seed: int = 0) -> Iterator[Day]:
    """Day by day; logs are a file a day, kept for a week, and one of months ago comes back under another name."""
    rng, now = random.Random(seed), [BEGAN]
    logs, archive = home / "logs", dict[int, list[Example]]()
    logs.mkdir(parents=True)
    with Store(home / "data" / "swipefl.db", lambda: now[0]) as store:
        store.memberships.set(MEMBER)
        coordinator = Played(store, rng)
        words = load_lexicon("en").truncated(5_000).words
        for day in range(1, days + 1):
            now[0] = BEGAN + day * DAY_S
            coordinator.dawns()
            archive[day] = _of_a_day(rng, day, words)
            came = _ingested(store, logs / f"{day}.jsonl", archive[day], lambda: now[0]).stored
            (logs / f"{day - LOGS_KEPT}.jsonl").unlink(missing_ok=True)
            again = 0
            if (old := archive.pop(day - READ_AGAIN_AFTER, None)) and day % READ_AGAIN_EVERY == 0:
                again = _ingested(store, logs / f"copy-{day}.jsonl", old, lambda: now[0]).stored
            began = time.process_time()
            _night(home / "data", store, coordinator, lambda: now[0], day in full)
            night_s = time.process_time() - began
            size = sum(file.stat().st_size for file in (home / "data").rglob("*") if file.is_file()) / 1e6
            there = store.gestures.counts()
            yield Day(day, came, there["good"] + there["suspect"], size, night_s, day in full, again, _rows(store))


def _of_a_day(rng: random.Random, day: int, words: tuple[str, ...]) -> list[Example]:
    some = examples(rng.randint(50, 300), day, words=words)
    behind = [Before((one.word,)) for one in some]
    rest = [replace(e, gesture=replace(e.gesture, before=b)) for e, b in zip(some[1:], behind, strict=False)]
    return [some[0], *rest]


def _ingested(store: Store, log: Path, some: list[Example], clock: Callable[[], float]) -> IngestReport:
    log.write_bytes(b"".join(orjson.dumps(to_line(example)) + b"\n" for example in some))
    return Ingestion(store, clock=clock).run([log])


def _night(folder: Path, store: Store, coordinator: Played, clock: Callable[[], float], is_full: bool) -> None:
    settings = Settings(home=folder)
    home = Home(settings)
    vocabulary = home.vocabulary(store)
    own, given = personal_config(settings), contribution_config(settings)
    if not is_full:
        own, given = replace(own, epochs=1), replace(given, epochs=1)
    with _smaller(not is_full):
        learning = Learning(
            PersonalTraining(store, load_trainer, vocabulary.judging, own, clock=clock),
            Contributor(store, load_trainer, vocabulary.contributing, given, settings.max_norm, clock=clock),
            GlobalJudge(store, vocabulary.judging),
        )
        Cycle(
            store,
            lambda: learning,
            coordinator,
            clock=clock,
            prune=lambda: prune(store, home.keeping, clock),
        ).run(1)


@contextmanager
def _smaller(is_small: bool) -> Iterator[None]:
    whole = {name: getattr(choosing, name) for name in SMALL}
    judged = unseen.MOST_JUDGED
    for name, most in (SMALL if is_small else whole).items():
        setattr(choosing, name, most)
    unseen.MOST_JUDGED = FEW_JUDGED if is_small else judged
    try:
        yield
    finally:
        for name, most in whole.items():
            setattr(choosing, name, most)
        unseen.MOST_JUDGED = judged


def _rows(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    names = [name for (name,) in store.sql.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: store.sql.rows(f'SELECT count(*) FROM "{name}"')[0][0] for name in names}

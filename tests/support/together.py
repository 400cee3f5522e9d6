"""Commands at once on one home, round after round: each ends as it may, and the store has what each of them promised.

Acknowledged is what a command says by its exit code 0: an ingest's swipes, what forget erased, a word, a backup; and
that one which may not run beside another (exit code 8) has done nothing. In what order those of a round came nobody
knows: a swipe that came and was forgotten in one round may be there or not. What a restore replaced lies aside.
"""

import json
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import swipefl as library
from swipefl.database.snapshots import BEFORE_RESTORE
from tests.support.command import Done
from tests.support.forks import begun
from tests.support.swipes import GOOD
from tests.support.trials import Place

AT_ONCE = 5
ROUNDS = 20
HELD = (0, 8)  # where another one may hold the store
PART = 8  # swipes of a file


@dataclass
class Task:
    """A command of a round: what it may end with, and which swipes it brings or erases."""

    words: tuple[str, ...]
    ends: tuple[int, ...] = (0,)
    brings: frozenset[str] = frozenset()
    erases: frozenset[str] = frozenset()
    adds: str = ""
    given: bytes = b""
    done: Done = field(default_factory=lambda: Done(0, "", ""))

    @property
    def has_erased(self) -> bool:
        """Also where others read the file, so that traces of it may be left there: then it ends with 8."""
        return self.done.code == 0 or (self.done.code == 8 and "what was erased is in no table of" in self.done.err)


@dataclass
class Kept:
    """What one home has, and what a backup of it has."""

    place: Place
    rng: random.Random
    ids: frozenset[str] = frozenset()
    backed_up: frozenset[str] | None = None
    came: int = 0

    def swipes(self) -> list[bytes]:
        """Some that no home has yet."""
        first, self.came = self.came, self.came + PART
        return [_another(number) for number in range(first, self.came)]

    def some_id(self) -> str:
        return self.rng.choice(sorted(self.ids) or ["nobody"])


def _another(number: int) -> bytes:
    """One of the example, as a person with another keyboard would have swiped it."""
    copy, place = divmod(number, len(GOOD))
    return GOOD[place].replace(b"example-", b"c%d-" % copy).replace(b'"width":370', b'"width":%d' % (370 + copy))


def _ids(lines: Sequence[bytes]) -> frozenset[str]:
    return frozenset(json.loads(line)["gesture_id"] for line in lines)


def ingest(kept: Kept) -> Task:
    lines = kept.swipes()
    file = kept.place.folder / f"{kept.came}.jsonl"
    file.write_bytes(b"".join(lines))
    return Task(("ingest", str(file), "--json"), brings=_ids(lines))


def ingest_a_stream(kept: Kept) -> Task:
    lines = kept.swipes()
    return Task(("ingest", "-", "--json"), brings=_ids(lines), given=b"".join(lines))


def forget(kept: Kept) -> Task:
    id = kept.some_id()
    return Task(("forget", "--id", id, "--yes", "--json"), (0, 2, 8), erases=frozenset({id}))  # 2: it is gone


def add_a_word(kept: Kept) -> Task:
    word = "".join(kept.rng.choice("bdgklm") + kept.rng.choice("aeiou") for _ in range(5))
    return Task(("words", "add", word, "--language", "en"), adds=word)


def backup(kept: Kept) -> Task:
    is_there = (kept.place.home / "swipefl.db").exists()
    return Task(("backup", str(kept.place.kept / "file"), "--json"), (0,) if is_there else (0, 5))  # 5: nothing to copy


def predict(kept: Kept) -> Task:
    return Task(("predict", "-", "--json"), given=GOOD[0])


def plain(*words: str, ends: tuple[int, ...] = (0,)) -> Callable[[Kept], Task]:
    return lambda kept: Task(words, ends)


OFTEN: tuple[Callable[[Kept], Task], ...] = (
    ingest,
    ingest,
    ingest_a_stream,
    forget,
    add_a_word,
    backup,
    predict,
    plain("status", "--json"),
    plain("export"),
    plain("doctor", "--json", ends=(0, 9)),
    plain("doctor", "--fix", "--json", ends=(0, 8, 9)),
    plain("reset", "--json", ends=HELD),
    plain("words", "list", "--json"),
)
SELDOM: tuple[Callable[[Kept], Task], ...] = (
    plain("train", "--json", ends=(0, 3, 8)),  # 3: too few swipes yet
    plain("cycle", "--json", ends=HELD),
    plain("cycle", "--json", ends=HELD),
)


def rounds(folder: Path, seed: int, count: int = ROUNDS, at_once: int = AT_ONCE) -> None:
    """So many rounds of so many commands on one home."""
    place, rng = Place(folder), random.Random(seed)
    place.kept.mkdir(parents=True)
    kept = Kept(place, rng)
    for number in range(count):
        restores = number % 7 == 6 and kept.backed_up is not None
        often = [task for task in OFTEN if task is not backup or not restores]
        tasks = [rng.choice(often)(kept) for _ in range(at_once)]
        if number % 5 == seed % 5:
            tasks[:2] = [rng.choice(SELDOM)(kept), rng.choice(SELDOM)(kept)]
        if restores:
            tasks[-1] = Task(("restore", "--yes", str(place.kept / "file"), "--json"), HELD)
        _play(place, tasks)
        kept.ids = _checked(kept, tasks, tasks[-1] if restores else None)
        if any(task.words[0] == "backup" and task.done.code == 0 for task in tasks):
            kept.backed_up = _in_backup(place, place.kept / "file")
    assert not list(place.home.glob(".*"))
    assert begun(place.home, "doctor", name="../said").ended().code == 0


def _play(place: Place, tasks: Sequence[Task]) -> None:
    """All of them at once, to the end of each."""
    forked = [begun(place.home, *t.words, given=t.given, name=f"../said-{n}") for n, t in enumerate(tasks)]
    for task, each in zip(tasks, forked, strict=True):
        task.done = each.ended()
        assert task.done.code in task.ends, (task.words, task.done)


def _checked(kept: Kept, tasks: Sequence[Task], restored: Task | None) -> frozenset[str]:
    """The ids that are there, which are those that must and may be."""
    with kept.place.store() as store:
        found = frozenset(stored.example.gesture.id for stored in store.gestures.all())
        words = {word.word for word in store.words.all()}
    came = frozenset().union(*(task.brings for task in tasks))
    erased = frozenset().union(*(task.erases for task in tasks if task.has_erased))
    if restored is None or restored.done.code != 0:
        assert (kept.ids | came) - erased <= found <= (kept.ids | came) - (erased & kept.ids)
        assert {task.adds for task in tasks if task.adds} <= words
        return found
    back = kept.backed_up or frozenset()
    assert back - erased <= found <= kept.ids | came | back
    asides = sorted(kept.place.home.glob(f"swipefl.db{BEFORE_RESTORE}*"), key=lambda path: path.stat().st_mtime)
    assert asides or erased or any("--fix" in task.words for task in tasks), "only what forgets erases copies"
    if asides:
        assert (kept.ids | came) - erased <= found | _in_backup(kept.place, asides[-1])
    return found


def _in_backup(place: Place, file: Path) -> frozenset[str]:
    """The ids in a backup, which is whole."""
    fresh = Place(place.folder / "fresh")
    with library.open(fresh.home) as device:
        assert device.upkeep.restore(file)
    with fresh.store() as store:
        found = frozenset(stored.example.gesture.id for stored in store.gestures.all())
    shutil.rmtree(fresh.folder)
    return found

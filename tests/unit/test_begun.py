"""A training that was stopped goes on where it was, to the same bits, as long as what it began with is there."""

import itertools
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import decoder_of_any
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.begun import KEEP_EVERY_S, begin
from swipefl.device.contribution import Contributor
from swipefl.device.cycle import DONE, Cycle, CycleReport, Learning
from swipefl.device.ownership import forget, relabel
from swipefl.device.personal import PersonalTraining, reset
from swipefl.errors import Ineligible, Interrupted, SwipeflError
from swipefl.federation.device.leaving import erase_federation
from swipefl.federation.device.versions import note_version, version_of
from swipefl.gesture.features import Frames, frames_of
from swipefl.gesture.gesture import Gesture
from swipefl.learning import halfway, trainer
from swipefl.learning.trainer import train
from swipefl.learning.training import Heard, Progress, Trained, TrainingConfig
from swipefl.stopping import Stop, never
from swipefl.store.begun import CONTRIBUTION, PERSONAL
from swipefl.store.store import Store
from tests.support.cycles import MEMBER
from tests.support.people import examples
from tests.support.stores import fresh_store, put

BASE = base_checkpoint()
CONFIG = TrainingConfig(2, 2, 1e-3, seed=3, device="cpu")
SWIPES = examples(8)
BATCHES = 8  # in two epochs
ASKED = 8 + 1 + BATCHES + 1  # before each swipe, the loss before, each batch, the loss after
BATTERY = Ineligible("on-battery", "on battery")


class Nth:
    """A stop that comes when it is asked the n-th time."""

    def __init__(self, number: float, why: SwipeflError = BATTERY) -> None:
        self.number, self.why, self.asked = number, why, 0

    def __call__(self) -> SwipeflError | None:
        self.asked += 1
        return self.why if self.asked >= self.number else None


class Shelf:
    """What is kept of one training, beside no store."""

    def __init__(self, every: int = 0) -> None:
        self.state: bytes | None = None
        self.kept = self.asked = 0
        self._every = every

    def begun(self) -> bytes | None:
        return self.state

    def is_due(self) -> bool:
        self.asked += 1
        return bool(self._every) and self.asked % self._every == 0

    def keep(self, state: bytes) -> None:
        self.state, self.kept = state, self.kept + 1


def taught(shelf: Shelf, stop: Stop = never) -> Trained:
    return train(base_checkpoint(), SWIPES, CONFIG, stop=stop, keeping=shelf)


@pytest.fixture(scope="module")
def whole() -> Trained:
    return taught(Shelf())


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, ASKED), min_size=1, max_size=4))
def test_it_comes_to_the_same_bits_however_often_it_is_stopped(whole: Trained, moments: list[int]) -> None:
    shelf = Shelf()
    for moment in moments:
        try:
            taught(shelf, Nth(moment, Interrupted(signal.SIGTERM)))
        except Interrupted:
            continue
    done = taught(shelf)
    assert done.checkpoint.to_bytes() == whole.checkpoint.to_bytes()
    assert (done.loss_before, done.loss_after) == (whole.loss_before, whole.loss_after)
    assert (done.examples, done.unalignable) == (whole.examples, whole.unalignable)


@pytest.mark.parametrize("moment", range(8, ASKED + 1))
def test_no_batch_is_done_twice(whole: Trained, moment: int) -> None:
    """At each moment at which it asks: while it looks at swipes, before, between and behind the batches."""
    shelf, heard = Shelf(), list[Progress]()
    with pytest.raises(Ineligible):
        train(base_checkpoint(), SWIPES, CONFIG, heard.append, Nth(moment), shelf)
    done = len(heard)
    assert (shelf.state is not None) == (done > 0)
    train(base_checkpoint(), SWIPES, CONFIG, heard.append, keeping=shelf)
    again = [done] if done else []  # where it goes on
    assert [progress.done for progress in heard] == [*range(1, done + 1), *again, *range(done + 1, BATCHES + 1)]
    assert {(progress.epochs, progress.total) for progress in heard} == {(2, BATCHES)}


def other_code(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(halfway, "_code", lambda: "another")


def other_frames(patched: pytest.MonkeyPatch) -> None:
    def made_otherwise(gesture: Gesture) -> Frames:
        frames = frames_of(gesture)
        return replace(frames, features=frames.features + np.float32(0.1))

    patched.setattr(trainer, "frames_of", made_otherwise)


@pytest.mark.parametrize("change", [other_code, other_frames])
def test_another_swipefl_goes_on_with_nothing_that_it_would_have_done_otherwise(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    shelf, heard = Shelf(), list[Progress]()
    with pytest.raises(Ineligible):
        taught(shelf, Nth(ASKED - 2))
    change(monkeypatch)
    done = train(base_checkpoint(), SWIPES, CONFIG, heard.append, keeping=shelf)
    assert [progress.done for progress in heard] == [*range(1, BATCHES + 1)]
    assert done.checkpoint.to_bytes() == taught(Shelf()).checkpoint.to_bytes()


def cycled(store: Store, stop: Stop = never, seed: int = 3) -> CycleReport:
    """A night of a member of a federation, whose trainer really trains."""
    config = replace(CONFIG, measured=False, seed=seed)
    heard, contributed = Heard(), {"new_id": lambda: "an id", "clock": lambda: 1.0}
    personal = PersonalTraining(store, lambda: train, decoder_of_any, config, heard, stop)
    contributor = Contributor(store, lambda: train, decoder_of_any, config, 2.0, heard, stop, **contributed)
    learning = Learning(personal, contributor, GlobalJudge(store, decoder_of_any, stop))
    return Cycle(store, lambda: learning, stop=stop, heard=heard, clock=lambda: 1.0).run(1)


def born(store: Store, count: int = 16) -> None:
    put(store, examples(count, seed=5))
    store.memberships.set(MEMBER)


def made(store: Store) -> tuple[object, ...]:
    """All that a night leaves: models, what waits to be sent, what it came to."""
    models = [known.fingerprint for known in store.checkpoints.all()]
    return models, store.outbox.waiting(), store.nights.all(), store.rounds.all(), store.meta.get(DONE)


@pytest.fixture(scope="module")
def uninterrupted() -> tuple[int, tuple[object, ...]]:
    """How often a night asks, and what it leaves."""
    with fresh_store() as (store, _):
        born(store)
        stop = Nth(float("inf"))
        cycled(store, stop)
        return stop.asked, made(store)


def test_a_night_of_many_short_windows_leaves_what_one_long_one_does(uninterrupted: tuple[int, tuple]) -> None:
    """Each window is a few steps longer than the last one was useful: nothing that was trained is trained again."""
    asked, whole = uninterrupted
    with fresh_store() as (store, _):
        born(store)
        for window in range(1, asked, 7):
            report = cycled(store, Nth(window))
            if not report.rounds[-1].skipped:
                break
            assert report.rounds[-1].skipped is BATTERY
            assert report.night is None
            assert made(store)[:4] == ([], [], [], [])
        else:
            cycled(store)
        assert made(store) == whole
        assert store.begun.get(PERSONAL) is None
        assert store.begun.get(CONTRIBUTION) is None


def test_it_says_how_far_it_was(uninterrupted: tuple[int, tuple]) -> None:
    with fresh_store() as (store, _):
        born(store)
        last = 0
        for window in range(20, uninterrupted[0], 9):
            stopped = cycled(store, Nth(window)).rounds[-1]
            if not stopped.skipped or store.begun.get(CONTRIBUTION):
                break
            assert last <= stopped.steps_done <= stopped.steps or not stopped.steps
            last = max(last, stopped.steps_done)
        assert last > 0


def pause(store: Store) -> None:
    """Leaves a training of each purpose in the middle."""
    for _ in range(200):
        if store.begun.get(CONTRIBUTION):
            return
        cycled(store, _after(6))
    raise AssertionError("it never came to the contribution")


def _after(batches: int) -> Stop:
    """A stop that lets so many batches and all else pass."""
    seen = 0

    def stop() -> SwipeflError | None:
        nonlocal seen
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != "_batches":
            frame = frame.f_back
        seen += frame is not None
        return BATTERY if seen > batches else None

    return stop


def test_it_finishes_though_new_swipes_come_each_day_and_learns_from_them_next() -> None:
    with fresh_store() as (store, _):
        born(store)
        for day in range(40):
            report = cycled(store, _after(9))
            if not report.rounds[-1].skipped:
                break
            put(store, examples(2, seed=100 + day))
        else:
            raise AssertionError("it never finished")
        assert report.night
        assert store.meta.get(DONE) is None  # there is more to learn from
        assert cycled(store).night


def publish(store: Store, version: int) -> str:
    """A visit found a newer version; gives its fingerprint."""
    weights = {name: weight + np.float32(version * 1e-4) for name, weight in BASE.parameters.items()}
    model = BASE.with_parameters(weights)
    with store.transaction():
        store.checkpoints.add("global", model.to_bytes(), None, use=False, device_id=MEMBER.device_id)
        note_version(store, version, model.fingerprint)
        store.memberships.set(replace(MEMBER, version=version, fingerprint=model.fingerprint))
    return model.fingerprint


@pytest.mark.parametrize(("a_night", "goes_on"), [(1, True), (3, False)])
def test_a_contribution_goes_on_though_a_newer_model_comes_each_night_as_long_as_it_would_be_taken(
    a_night: int, goes_on: bool
) -> None:
    def begun(store: Store) -> str:
        born(store)
        first = publish(store, 1)
        pause(store)
        return first

    with fresh_store() as (whole, _), fresh_store() as (store, _):
        begun(whole)
        cycled(whole)
        (expected,) = whole.outbox.waiting()
        first, version, starts = begun(store), 1, list[str]()
        for _ in range(9):
            for _ in range(a_night):
                version += 1
                publish(store, version)
            if not (task := store.begun.get(CONTRIBUTION)):
                break
            starts.append(task.task.start)
            cycled(store, _after(3))
        if not goes_on:
            assert len(set(starts)) > 1
            return
        assert set(starts) == {first}
        (update,) = store.outbox.waiting()
        assert update == expected
        assert version_of(store, update.base) == 1
        publish(store, version + 1)
        assert len([known for known in store.checkpoints.all() if known.kind == "global"]) == 2


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda store: forget(store, id="g5-3"), set()),
        (lambda store: forget(store), set()),
        (erase_federation, {PERSONAL}),
        (lambda store: reset(store, "base"), {CONTRIBUTION}),
    ],
)
def test_what_is_erased_or_left_takes_what_was_begun_along(change: Callable[[Store], object], left: set[str]) -> None:
    with fresh_store() as (store, folder):
        born(store)
        pause(store)
        state = store.begun.get(CONTRIBUTION)
        assert state
        change(store)
        assert {purpose for purpose in (PERSONAL, CONTRIBUTION) if store.begun.get(purpose)} == left
        if not left:
            assert state.state[-64:] not in b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def other_word(store: Store) -> None:
    number = store.begun.get(PERSONAL).task.numbers[0]  # type: ignore[union-attr]
    (stored,) = store.gestures.numbered([number])
    relabel(store, stored.handle, "other")


def test_it_begins_anew_where_a_word_is_another_now_or_settings_are() -> None:
    for change, seed in ((other_word, 3), (lambda store: None, 4)):
        with fresh_store() as (store, _):
            born(store)
            pause(store)
            change(store)
            heard = Heard()
            config = replace(CONFIG, measured=False, seed=seed)
            personal = PersonalTraining(store, lambda: train, decoder_of_any, config, heard, _after(1))
            with pytest.raises(Ineligible):
                personal.train(seed=store.rounds.next_number())
            assert heard.last
            assert heard.last.done == 1


def test_what_was_begun_long_ago_or_cannot_be_read_begins_anew() -> None:
    now = 1e9
    with fresh_store() as (store, folder):
        born(store)
        pause(store)
        assert store.begun.numbers()
        store.sql.run("UPDATE begun SET state = x'00' WHERE purpose = 'personal'")
        assert store.begun.get(PERSONAL) is None
        with Store(folder / "swipefl.db", clock=lambda: now + time.time()) as later:
            assert later.begun.get(CONTRIBUTION) is None
            assert later.begun.numbers() == frozenset()
        assert cycled(store).night


def test_a_step_is_kept_now_and_then_by_the_clock() -> None:
    ticks = itertools.count(step=KEEP_EVERY_S / 2)
    with fresh_store() as (store, _):
        born(store)
        about = (PERSONAL, BASE, BASE.fingerprint, CONFIG)
        task = begin(store, *about, lambda newest: list(store.gestures.all()), lambda: next(ticks))
        assert not task.goes_on
        assert [task.keeping.is_due() for _ in range(3)] == [False, True, True]
        task.keeping.keep(b"state")
        assert not task.keeping.is_due()
        again = begin(store, *about, lambda newest: [])
        assert (again.goes_on, again.keeping.begun()) == (True, b"state")

"""A prediction for a session: it takes up what changes in the store, between two gestures and beside them."""

import logging
import os
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from swipefl.decoder.decoder import Decoder
from swipefl.device.kept import Kept
from swipefl.device.prediction import Answer, Asked, Prediction, Source, answered, asked_by, entries_in
from swipefl.errors import RejectedLine, StoreError, SwipeflError
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages

if TYPE_CHECKING:  # a home without a store needs none
    from swipefl.store.store import Store

LOOKS_EVERY_S = 0.4  # which costs 40 us where nothing has changed

Compose = Callable[["Store | None", Prediction | None], Prediction]
State = tuple[Prediction, Decoder]


class Live:
    """What `compose` makes of the store at `path`, and of that and the last prediction whenever the store has changed.

    Usable from any thread: `now` and `answers` take one state for each gesture, which nothing changes any more. A
    thread of its own looks at the store through a connection that stays open, and makes the next state: no gesture
    waits for that, and `refresh` is for who wants to. A store that comes later is taken up; while it is gone, damaged,
    locked or from a newer swipefl, the last state counts. After `close` no state comes, as in a forked process.

    Raises what `compose` does of the first state.
    """

    def __init__(
        self, compose: Compose, open_store: "Callable[[], Store]", path: Path, language: str | None = None
    ) -> None:
        self._compose = compose
        self._kept = Kept(open_store, path)
        self._seen: tuple[Store, int] | None = None  # the store, and its version when it was last taken up
        self._language = language
        self._last: tuple[Languages, str] | None = None  # what the last gesture's languages and letters were
        self._looks = threading.Condition()
        self._wanted, self._done, self._is_closed = 0, 0, False
        self._state = self._first()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._follow, name="swipefl live", daemon=True)
        self._thread.start()

    def now(self) -> State:
        """The state of this moment."""
        return self._state

    def answers(self, source: Source, top: int = 5) -> Iterator[Answer]:
        """One answer a line or gesture, in order, each by the state of its moment; what one cannot have ends nothing.

        Raises DataError where the source cannot be read.
        """
        for entry in entries_in(source, self._state[0].keyboard, self._find):
            yield self._answered(asked_by(entry), top)

    def refresh(self) -> None:
        """Returns when what has changed in the store until now is taken up, or cannot be."""
        with self._looks:
            self._wanted += 1
            mine = self._wanted
            self._looks.notify_all()
            self._looks.wait_for(lambda: self._done >= mine or self._is_closed)

    def close(self) -> None:
        """Ends the thread; `now` gives the last state ever after."""
        self.let_go()
        self._thread.join()

    def let_go(self) -> None:
        """The same, and waits for nothing."""
        if self._process == os.getpid():  # of a forked process it stayed with the parent
            with self._looks:
                self._is_closed = True
                self._looks.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _answered(self, asked: Asked | Answer, top: int) -> Answer:
        prediction, decoder = self._state
        if isinstance(asked, Answer):
            return asked
        self._last = decoder.spoken(asked.gesture), asked.gesture.keyboard.letters
        try:
            return answered(decoder, asked, top, prediction.prior)
        except SwipeflError as error:  # such as a lexicon of a language that was not asked for yet
            return Answer(asked.line, asked.gesture_id, fault=RejectedLine.of(error))

    def _find(self, name: str) -> Keyboard:
        return self._state[0].find(name)

    def _first(self) -> State:
        try:
            return self._ready(self._compose(self._kept.store(), None))
        finally:
            self._kept.close()  # the thread opens its own

    def _ready(self, prediction: Prediction) -> State:
        """A state in which a gesture like the last one finds everything at hand."""
        decoder = prediction.decoder(self._language)
        if self._last:
            decoder.prepare(*self._last)
        return prediction, decoder

    def _follow(self) -> None:
        """Looks until it is closed: from time to time, and when somebody wants it."""
        try:
            while True:
                with self._looks:
                    self._looks.wait_for(lambda: self._is_closed or self._wanted > self._done, LOOKS_EVERY_S)
                    if self._is_closed:
                        return
                    wanted = self._wanted
                self._look()
                with self._looks:
                    self._done = wanted
                    self._looks.notify_all()
        finally:  # whatever ends it: nobody waits for it any more
            with self._looks:
                self._is_closed = True
                self._looks.notify_all()
            self._close_store()

    def _look(self) -> None:
        """Makes the next state if the store has changed; of what fails, the last one counts until it changes again."""
        try:
            if (store := self._kept.store()) is None:
                return
            seen = store, _version(store)
            if seen != self._seen:
                self._seen = seen
                self._take_up(store)
        except (StoreError, OSError):  # the next look begins anew
            self._close_store()
        except SwipeflError:  # such as a damaged model: whatever helps will change the store
            pass
        except Exception as error:
            _log_bug(error)

    def _take_up(self, store: "Store") -> None:
        prediction = self._state[0]
        with store.sql.reading():
            newer = self._compose(store, prediction)
        if newer is not prediction:
            self._state = self._ready(newer)

    def _close_store(self) -> None:
        self._kept.close()
        self._seen = None


def _version(store: "Store") -> int:
    """Another number whenever anybody else has changed the store. Raises StoreError."""
    version: int = store.sql.rows("PRAGMA data_version")[0][0]
    return version


def _log_bug(error: Exception) -> None:
    """A line for what nobody foresaw: its kind and its place, and nothing of what it says."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    logging.getLogger(__name__).error(f"a bug, {type(error).__name__} in {where}: what changed is not taken up")

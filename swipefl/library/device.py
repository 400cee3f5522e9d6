"""What `swipefl.open` gives: a device, and all that its owner does with it, a function for each command."""

import datetime
import os
import threading
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from swipefl.device.memory import Memory
from swipefl.doing import OnDoing, unheard
from swipefl.errors import Remedy, UsageError
from swipefl.home import Home
from swipefl.library.checks import check_day, check_texts, check_whole, path_of
from swipefl.library.keyboards import Keyboards
from swipefl.library.lexicons import Lexicons
from swipefl.library.timer import Timer
from swipefl.library.upkeep import Upkeep
from swipefl.library.words import Words
from swipefl.settings.device import load_settings
from swipefl.settings.meanings import MOST_JOBS
from swipefl.stopping import Stop, never

if TYPE_CHECKING:  # loaded by the call that needs it
    from swipefl.decoder.decoder import Decoder
    from swipefl.decoder.evaluation import Evaluation
    from swipefl.decoder.prior import Prior
    from swipefl.decoder.search import Candidate
    from swipefl.device.acceptance import Synced
    from swipefl.device.confusions import Confusions
    from swipefl.device.cycle import CycleReport, RoundReport
    from swipefl.device.daily import Day
    from swipefl.device.fingers import Landings
    from swipefl.device.handing import HandedReport
    from swipefl.device.ingestion import IngestReport
    from swipefl.device.live import Live
    from swipefl.device.ownership import ForgetReport, RelabelReport
    from swipefl.device.personal import ResetReport, TrainReport
    from swipefl.device.prediction import Looked, Prediction, Shown
    from swipefl.device.status import Status
    from swipefl.errors import RejectedLine
    from swipefl.federation.device.enrolment import Enrolled
    from swipefl.federation.device.leaving import Left
    from swipefl.gesture.formats import Rejected
    from swipefl.gesture.gesture import Gesture
    from swipefl.learning.training import Progress
    from swipefl.library.sources import Line, Source
    from swipefl.settings.sources import Setting


def opened(home: str | PathLike[str] | None, settings: Mapping[str, Any]) -> "Device":
    """The device of a home, with these settings before all others. Raises UsageError."""
    given = {"home": None if home is None else path_of(home), **settings}
    return Device(Home(load_settings(**given), None), given)


class Device:
    """One person's swipes, words and models in one home; `swipefl.open` makes it.

    `words`, `keyboards` and `lexicons` are what the person has of these. Settings are read once, when it is opened.
    Nothing is made in the home before something is to be kept there.

    All of it may be called from any thread, and `predict` from many at once. What changes models or erases (`train`,
    `cycle`, `sync`, `enroll`, `leave`, `reset`, `forget`) is done by one at a time: a second one raises StoreBusy,
    whether it is asked of this device, of another one on the same home or of the command line. Each of these sees what
    the others did.

    After `close`, or after a `with` block, every call raises UsageError. Between two calls nothing stays open but what
    `predict` reads the store by; a forked process opens its own, and may go on with the device that it got, unless a
    thread was in a call when it was forked.
    """

    words: Words
    keyboards: Keyboards
    lexicons: Lexicons
    timer: Timer
    upkeep: Upkeep

    def __init__(self, home: Home, given: Mapping[str, Any]) -> None:
        self._home = home
        self._given = dict(given)
        self._is_closed = False
        self._live: Live | None = None
        self._process = os.getpid()
        self._predicting = threading.Lock()
        self._may_have_changed = threading.Event()
        self._landed: Memory[Any, Any] = Memory()
        self._read: tuple[Prediction | None, Memory[Any, Any]] = (None, Memory())
        self.words = Words(self._opened, self._changing)
        self.keyboards = Keyboards(self._opened, self._changing)
        self.lexicons = Lexicons(self._opened, self._changing)
        self.timer = Timer(self._opened, self._changing)
        self.upkeep = Upkeep(self._opened, self._changing)

    def predict(self, gesture: "Line", before: str | None = None, top: int = 5) -> "tuple[Candidate, ...]":
        """The words that a gesture may mean, the likeliest first; at most `top`, none where no word fits.

        `gesture` is what a line of swipes.jsonl is, as a dict or as JSON text. It may have a `prior` too: words with
        the ln of how likely each is, in place of what is known of them. `before` is the text in front of the word, ""
        at the start of a sentence; without it, what the line says, and where that says nothing, nobody knows.
        Nothing of it is stored. A newer model, words and keyboards count from the next call on where this device
        brought them, within a second where another one or the command line did.
        Raises RejectedLine for what is no gesture or no prior, UsageError, StoreError, CheckpointError.
        """
        from swipefl.device.prediction import candidates_of

        meant, prior, decoder = self._asked(gesture, before, top)
        return candidates_of(meant, decoder, top, prior)

    def look(self, gesture: "Line", before: str | None = None, top: int = 5) -> "Looked":
        """What the model sees of a gesture that is not stored, with the words that `predict` gives for it.

        Takes what `predict` does, and raises what that does; `show` is for one that is stored.
        """
        from swipefl.device.prediction import Looked, candidates_of

        meant, prior, decoder = self._asked(gesture, before, top)
        return Looked(meant, decoder.look(meant), candidates_of(meant, decoder, top, prior))

    def ingest(
        self,
        swipes: "Source",
        format: str | None = None,
        keyboard: str | PathLike[str] | None = None,
        on_reject: "Callable[[str, Rejected], None]" = lambda name, rejected: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> "IngestReport":
        """Reads swipes into the store: a path or a line, or an iterable of paths, dicts and lines. Safe to repeat.

        A path is a file, plain, .gz or .zip, or a folder of them; a text that begins with a brace is a line. Of lines,
        a million may come from a generator. What is private is never stored. `format`, such as "heliboard", is found
        out where it is not said; `keyboard` is the name or the file of that of gestures that do not say. `on_reject`
        hears of each line that cannot be used, with the name of its file: the report counts them; `on_doing` hears how
        much is read.
        Raises DataError where a path could not be read, or nothing at all, UsageError, StoreError, and what `stop`
        says; what was read before stays.
        """
        from swipefl.library.sources import sources_of

        with self._changing() as home, home.store() as store:
            return home.ingestion(store, _named(keyboard), format, on_reject, stop, on_doing).run(sources_of(swipes))

    def hand_over(
        self,
        swipes: "Sequence[Mapping[str, Any]]",
        refuse: "Callable[[Mapping[str, Any]], RejectedLine | None]" = lambda swipe: None,
    ) -> "HandedReport":
        """Stores swipes with their words, corrections and deletions as they come from a keyboard that waits for it.

        Each is a line of swipes.jsonl as a dict; all that is to stay is on the disk when this returns. As with `ingest`
        nothing private is stored, and the same again is known. The report says of each that cannot be used why;
        `refuse` may find fault with more. Raises StoreError, and then nothing of the swipes is stored.
        """
        from swipefl.device.handing import FORMAT, hand_over

        with self._changing() as home, home.store() as store:
            keyboard, find = home.keyboards(store)
            ingesting = partial(home.ingestion, store, None, FORMAT)
            return hand_over(ingesting, keyboard, find, swipes, refuse)

    def train(
        self,
        on_progress: "Callable[[Progress], None]" = lambda progress: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> "TrainReport":
        """Trains a personal model. It is used only if it is better on the swipes that are held out from training.

        `on_progress` hears of each batch, `on_doing` of what else takes time. What is stopped while it trains goes on
        from there the next time, if nothing that it learns from has changed. Raises TooLittleData, CheckpointError,
        StoreError, UsageError for a processor that is not there, and what `stop` says.
        """
        with self._changing() as home, home.alone() as store:
            return home.personal(store, on_progress, stop, on_doing).run()

    def cycle(
        self,
        rounds: int = 1,
        require_sync: bool = False,
        on_progress: "Callable[[Progress], None]" = lambda progress: None,
        on_round: "Callable[[RoundReport], None]" = lambda report: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
        now: bool = False,
    ) -> "CycleReport":
        """A night's work: trains, keeps what is better, and in a federation sends what it learned and fetches news.

        Ends before `rounds` are done where there is nothing new, or nothing more to gain; the report says why. A
        coordinator that is away keeps nothing from being learned, unless `require_sync` makes an error of it. Where the
        device is not eligible, as on a battery that is low, it does nothing and says why, or ends at the next batch;
        `now` does it anyway, and `upkeep.outlook` says which it would be.
        `on_progress` hears of each batch, `on_round` of each round, `on_doing` of what else takes time. Raises
        UsageError, CheckpointError, StoreError, and what `stop` says; with `require_sync` FederationError.
        """
        check_whole("rounds", rounds, 1)
        from swipefl.operations.metrics import measured

        with self._changing() as home, measured(home.settings.metrics_file, self.status) as heard:
            with home.at_night() as store:
                report = home.cycle(store, require_sync, on_progress, on_round, stop, on_doing, now).run(rounds)
            heard(report)
            return report

    def sync(self, pull: bool = True, push: bool = True, stop: Stop = never, on_doing: OnDoing = unheard) -> "Synced":
        """Visits the coordinator: sends the update that waits, fetches a newer model, and judges that.

        An update that was refused is in the report, of which `visit.raise_if_refused()` makes an error. Raises
        UsageError where this device belongs to no federation, FederationError, StoreError, and what `stop` says.
        """
        with self._changing() as home:
            return home.sync(pull, push, stop, on_doing)

    def check_free(self) -> None:
        """Raises StoreBusy where one of those that go one at a time is running here or elsewhere; StoreError."""
        from swipefl.database.lock import check_free

        with self._opened() as home:
            check_free(home.settings.home)

    def check_writable(self) -> None:
        """Raises StoreError where a swipe could be read and none be stored."""
        with self._opened() as home:
            home.check_writable()

    def status(self) -> "Status":
        """What is in the store: gestures, models, rounds, what waits to be sent, the federation. Raises StoreError.

        Where there is no store yet, none is made.
        """
        from swipefl.device.status import status_of

        with self._opened() as home, home.looked_at() as store:
            return status_of(store, home.settings.share_scores)

    def evaluate(
        self,
        swipes: "Source | None" = None,
        model: str = "personal",
        lexicon_size: int | None = None,
        language: str | None = None,
        keyboard: str | PathLike[str] | None = None,
        by: str | None = None,
        jobs: int = 1,
        on_doing: OnDoing = unheard,
    ) -> "Evaluation":
        """Counts how often the right word comes first, on swipes with their words, else on those that are held out.

        `swipes` are as `ingest` takes them, and no folder: what was corrected or taken back counts as it is in the end.
        The person's own words in order, which may come of these very swipes, have no say in them.
        `model` is "personal" (what predictions use), "global" (the newest received) or "base" (the one of the package);
        `lexicon_size` keeps the most frequent words alone; `language` is "de" or "de,en", else what line, keyboard or
        settings say. `by` is a field of the lines, such as "user": the evaluation's `by` then has one more for each of
        its values. `jobs` processes share the work, each of them begun with a module of the caller's that must be safe
        to import (`if __name__ == "__main__"`). `on_doing` hears how many were looked at.
        Raises TooLittleData where there are no swipes, UsageError, DataError, CheckpointError, StoreError, WorkerLost.
        """
        from swipefl.gesture.formats.fields import held_out_by
        from swipefl.library.sources import sources_of

        check_whole("jobs", jobs, 1, MOST_JOBS)
        if lexicon_size is not None:
            check_whole("lexicon_size", lexicon_size, 1)
        with self._opened() as home:
            prediction = home.prediction(model, _named(keyboard), lexicon_size, own_phrases=swipes is None)
            sources = None if swipes is None else sources_of(swipes)
            if by is None:
                examples = home.held_out() if sources is None else prediction.examples(sources)
                return prediction.evaluation(examples, language, jobs, on_doing)
            grouped = held_out_by(home.held_out(), by) if sources is None else prediction.grouped(sources, by)
            evaluation, groups = prediction.evaluation_by(grouped, language, jobs, on_doing)
            return replace(evaluation, by=groups)

    def show(
        self,
        gesture_id: str | None = None,
        word: str | None = None,
        worst: bool = False,
        top: int = 5,
        model: str = "personal",
        on_doing: OnDoing = unheard,
    ) -> "Shown":
        """What a model saw of one stored gesture, and the words that it thinks of.

        That of an id or a handle (or of how one begins), the newest of a `word`, the held-out one whose word was the
        least probable (`worst`), else the newest. Raises UsageError for more than one of these, and where there is no
        such gesture or more than one; CheckpointError, StoreError.
        """
        check_whole("top", top, 1)
        check_texts(True, gesture_id=gesture_id, word=word)
        if (gesture_id is not None) + (word is not None) + worst > 1:
            raise UsageError(
                "several-said", "say one of them: an id, a word or the worst; without any it is the newest"
            )
        with self._opened() as home:
            return home.shown(model, top, gesture_id, word, worst, on_doing)

    def landings(self, keyboard: str | None = None) -> "Landings | None":
        """Where the finger lands on the keys of a keyboard, in the newest 300 swipes that the model learns from.

        Without a name it is the keyboard of most of them; None where there is no swipe and no name. What was found of a
        swipe is kept: a second look is cheap. Raises UsageError for an unknown name, StoreError, CheckpointError.
        """
        from swipefl.decoder.encoder import Encoder
        from swipefl.device.fingers import MOST, landings
        from swipefl.store.gestures import TRAIN

        check_texts(True, keyboard=keyboard)
        prediction, _ = self._now()
        with self._opened() as home:
            chosen = None if keyboard is None else prediction.find(keyboard)
            model = prediction.checkpoint
            return landings(home.newest(TRAIN, MOST), Encoder(model), model.fingerprint, chosen, self._landed)

    def confusions(self) -> "Confusions":
        """Which keys and words the model in use misses more often than chance would have it, and what it reads instead.

        Of the newest 300 swipes that are held out from training. What was read is kept for the next look, until models
        or words change. Raises StoreError, CheckpointError.
        """
        from swipefl.device.confusions import MOST, confusions
        from swipefl.store.gestures import HELD_OUT

        prediction, _ = self._now()
        with self._opened() as home:
            read = self._read  # looked at once: another thread may look with another model
            if read[0] is not prediction:
                read = self._read = (prediction, Memory())
            decoder = prediction.vocabulary.judging(prediction.checkpoint)
            return confusions(home.newest(HELD_OUT, MOST), decoder, read[1])

    def daily(self) -> "tuple[Day, ...]":
        """How many swipes came on each of the last days, 30 at most; none where none came. Raises StoreError."""
        from swipefl.device.daily import days, since

        today = datetime.date.today()
        with self._opened() as home:
            return days(home.a_day(since(today)), today)

    def relabel(self, gesture_id: str, word: str) -> "RelabelReport":
        """Says which word a stored gesture stands for. No line that is read later changes that.

        `gesture_id` is an id or a handle, or how one begins. Raises UsageError where it names none or several, and for
        a word that its keyboard cannot spell; StoreError.
        """
        from swipefl.device.ownership import relabel

        check_texts(gesture_id=gesture_id, word=word)
        with self._changing() as home, home.store() as store:
            return relabel(store, gesture_id, word)

    def reset(self, to: str = "base") -> "ResetReport":
        """Goes back to an earlier personal model: "base", "global", or the number of a checkpoint of `status`.

        Raises UsageError for what names none of them, CheckpointError, StoreError.
        """
        from swipefl.device.personal import reset

        with self._changing() as home, home.alone() as store:
            return reset(store, str(to))

    def forget(
        self,
        *,
        before: datetime.date | None = None,
        word: str | None = None,
        gesture_id: str | None = None,
        everything: bool = False,
        dry_run: bool = False,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> "ForgetReport":
        """Erases gestures for good, with the personal words, the personal models and the waiting updates of them.

        Those stored before a day or a time, those of a `word` however it is written, or both; the one of an id or a
        handle; or `everything`. With `dry_run` nothing is erased, and the report says what would be.
        Raises UsageError where it is not said what to forget, and for an id that names none or several; StoreError,
        also where traces may remain in the file, which the next cycle then erases.
        """
        from swipefl.device.ownership import forget, would_forget

        check_day(before)
        check_texts(True, word=word, gesture_id=gesture_id)
        scopes = (everything, gesture_id is not None, before is not None or word is not None)
        if sum(scopes) != 1 or "" in (word, gesture_id):  # as of a variable that is not set
            raise UsageError("nothing-said", "it is to be said what to forget, and one thing alone", Remedy.SAY_SCOPE)
        which = (None if before is None else _unix_s(before), word)
        if dry_run:
            with self._opened() as home, home.store() as store:
                return would_forget(store, *which, id=gesture_id)
        with self._changing() as home, home.alone() as store:
            try:
                return forget(store, *which, stop, id=gesture_id, on_doing=on_doing)
            finally:  # what was found of swipes holds their words, and where fingers landed
                self._landed, self._read = Memory(), (None, Memory())

    def export(self) -> Generator[dict[str, Any]]:
        """Every keyboard of the person's own, every gesture and every word dealt with by hand, as dicts.

        Each is a line of swipefl's own JSONL, and `ingest` takes them back. They are to be read in the thread that asks
        for them, before `close`. Raises UsageError, StoreError.
        """
        self._check_open()
        return self._exported()

    def enroll(
        self,
        address: str,
        token: str,
        ca: str | PathLike[str] | None = None,
        insecure: bool = False,
        stop: Stop = never,
    ) -> "Enrolled":
        """Joins the federation of the coordinator at "HOST:PORT", which gave out the one-time `token`.

        From then on `cycle` also sends what it learns: half a megabyte of numbers about how the shared model would have
        to change, and how many swipes they were made of. Swipes, words and personal models never leave; but whoever
        runs the coordinator might guess some of the words from those numbers that are swiped often. Ask the person
        first. `ca` is the file of the authority (PEM) that the coordinator's certificate comes from, if none that all
        the world knows; `insecure` speaks without TLS beyond this machine too.
        Raises UsageError for what is no address or token, and where the device belongs to a federation already;
        FederationError, StoreError, and what `stop` says.
        """
        check_texts(address=address, token=token)
        with self._opened() as home:
            visits = home.visits()
            return visits.enroll(*visits.joining(address, token, None if ca is None else path_of(ca), insecure), stop)

    def leave(self, stop: Stop = never) -> "Left":
        """Tells the coordinator, where it answers soon, and forgets the federation. The models stay.

        What waits to be sent goes; what was sent cannot be taken back. Raises StoreError, and what `stop` says.
        """
        with self._opened() as home:
            return home.visits().leave(stop)

    def config(self) -> "tuple[Setting, ...]":
        """Every setting: its value, where that comes from ("flag": what was given here), and what it means."""
        from swipefl.settings.meanings import DEVICE
        from swipefl.settings.sources import explained

        with self._opened() as home:
            languages, source = home.guess()
        unset = {"languages": (",".join(languages), source)} if home.settings.languages is None else None
        return tuple(explained(home.settings, self._given, DEVICE, unset))

    def close(self) -> None:
        """Lets go of all that is open; a second time does nothing."""
        with self._predicting:
            self._is_closed = True
            if self._live:
                self._live.close()
            self._live = None
        self._home.close()

    def __reduce__(self) -> "tuple[type[Device], tuple[Home, Mapping[str, Any]]]":
        """In another process it is the same device, which opens its own."""
        return Device, (self._home, self._given)

    def __enter__(self) -> Self:
        with self._opened():
            return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _opened(self) -> Iterator[Home]:
        """The home, for work inside the block."""
        self._check_open()
        yield self._home

    @contextmanager
    def _changing(self) -> Iterator[Home]:
        """The home, for work after which predictions may be made of something else."""
        with self._opened() as home:
            try:
                yield home
            finally:
                self._may_have_changed.set()

    def _now(self) -> "tuple[Prediction, Decoder]":
        """What predicts now: with what this device itself has changed at once, with all else within a second."""
        with self._predicting:
            self._check_open()
            if is_behind := self._may_have_changed.is_set():
                self._may_have_changed.clear()
            if self._live is None or self._process != os.getpid():  # the thread that follows stays with the parent
                self._live, self._process = self._home.live(), os.getpid()
                weakref.finalize(self, self._live.let_go)  # a device that nobody closes leaves no thread
            elif is_behind:
                self._live.refresh()
            return self._live.now()

    def _asked(self, gesture: "Line", before: str | None, top: int) -> "tuple[Gesture, Prior | None, Decoder]":
        """A gesture whose words are wanted, its line's prior, and what decodes it now."""
        from swipefl.device.priors import given_prior
        from swipefl.gesture.before import before_in
        from swipefl.library.sources import line_of

        check_whole("top", top, 1)
        check_texts(True, before=before)
        prediction, decoder = self._now()
        asked = prediction.asked(line_of(gesture))
        meant = asked.gesture if before is None else replace(asked.gesture, before=before_in(before))
        return meant, given_prior(asked.prior), decoder

    def _exported(self) -> Generator[dict[str, Any]]:
        from swipefl.device.ownership import exported

        with self._opened() as home, home.store() as store:
            for line in exported(store):
                self._check_open()
                yield line

    def _check_open(self) -> None:
        if self._is_closed:
            raise UsageError("closed", "this device was closed; open its home again")


def _named(keyboard: str | PathLike[str] | None) -> str | None:
    return None if keyboard is None else str(path_of(keyboard))


def _unix_s(moment: datetime.date) -> float:
    """A time in unix seconds, a day's beginning at this place; of Greenwich for what no clock here knows."""
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime(moment.year, moment.month, moment.day)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError, OSError):
        return moment.replace(tzinfo=datetime.UTC).timestamp()

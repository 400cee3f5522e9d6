"""A device put together: from its settings to the store, lexicons, trainer and exchange that its work is made of."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.device.kept import Kept
from swipefl.doing import Doing, OnDoing, unheard
from swipefl.errors import Remedy, StoreError, UsageError
from swipefl.federation.protocol.run import new_run
from swipefl.gesture.language import Languages, languages_of
from swipefl.learning.loading import check_trainer, load_trainer
from swipefl.learning.training import Heard, Progress, TrainingConfig
from swipefl.settings.device import Settings
from swipefl.settings.locale import system_language
from swipefl.settings.sources import DEFAULT
from swipefl.stopping import Stop, either, never

if TYPE_CHECKING:  # loaded where it is needed: a prediction waits for no trainer, a device on its own for no grpc
    from swipefl.device.acceptance import Synced
    from swipefl.device.cycle import Cycle, Learning, RoundReport
    from swipefl.device.ingestion import Ingestion
    from swipefl.device.live import Live
    from swipefl.device.personal import PersonalTraining
    from swipefl.device.prediction import Prediction, Shown
    from swipefl.device.vocabulary import Vocabulary
    from swipefl.gesture.formats import Rejected
    from swipefl.gesture.gesture import Example
    from swipefl.gesture.keyboard import Keyboard
    from swipefl.operations.doctor import Doctor
    from swipefl.operations.eligibility import Eligibility
    from swipefl.operations.findings import Finding
    from swipefl.operations.outlook import Outlook
    from swipefl.operations.retention import Keeping
    from swipefl.store.gestures import Stored
    from swipefl.store.meta import Meta
    from swipefl.store.phrases import Uttered
    from swipefl.store.store import Store
    from swipefl.visits import Visits

# The system's language when it was first known: timers have no locale, and the night shall not judge by another.
LANGUAGES = "languages"
TOLD = "languages told"  # which were taken to be the person's, and that was said
STORED = "swipefl.db"


class Home:
    """What a device does, made of its settings; the store is opened by whoever asks for it, and made where missing.

    `on_guess` is told once a home which languages the person is taken to write in, where that matters and none are set,
    and what says so. `run` gives the id of a run, for the logs of both ends; a new one each time if not given.
    `on_upgrade` is called before the store of an older swipefl is brought up to date.
    """

    def __init__(
        self,
        settings: Settings,
        on_guess: Callable[[Languages, str], None] | None = None,
        run: Callable[[], str] = new_run,
        on_upgrade: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._on_upgrade = on_upgrade
        self._on_guess = on_guess
        self._run = run
        self._path = settings.home / STORED
        self._is_told = settings.languages is not None or on_guess is None
        self._guess: tuple[Languages, str] | None = None
        self._reading = threading.Lock()
        self._read = Kept(self._existing, self._path)  # the store that lookups of each gesture use

    def __reduce__(self) -> "tuple[type[Home], tuple[Settings]]":
        """In another process it is the same home, which tells nobody what it guesses."""
        return Home, (self.settings,)

    def store(self) -> "Store":
        """The store, opened. Raises StoreError."""
        return self._opened()

    def _opened(self, make: bool = True) -> "Store":
        from swipefl.database.opening import open_database
        from swipefl.store.store import Store

        opened = partial(open_database, on_upgrade=self._on_upgrade)
        return Store(self._path, person=self._person_in, make=make, opened=opened)

    def looked_at(self) -> "Store":
        """The store; where there is none yet an empty one in memory: a look makes no home. Raises StoreError."""
        return self._unmade() or self.store()

    def _unmade(self) -> "Store | None":
        """The store that would be made, in memory; None where there is one."""
        from swipefl.database.opening import is_nowhere, open_in_memory
        from swipefl.store.store import Store

        if not is_nowhere(self._path):
            return None
        return Store(self._path, person=self._person_in, opened=open_in_memory)

    def check_writable(self) -> None:
        """Raises StoreError for a store that may only be read, or cannot be made where there is none; a full disk."""
        from swipefl.database.files import nearest
        from swipefl.database.sql import disk_full

        folder = nearest(self._path.parent)
        if not all(os.access(path, os.W_OK) for path in (self._path, folder) if path.exists()):
            what = "nothing can be written to {path}"
            raise StoreError("read-only", what, Remedy.CHECK_OWNER, path=self._path)
        disk = os.statvfs(folder)
        if disk.f_blocks and not disk.f_bavail:  # of some disks nothing is known
            raise disk_full(self._path)

    def person(self) -> Languages:
        """The languages that the person writes in, for what names none."""
        if self.settings.languages:
            return languages_of(self.settings.languages)
        languages, source = self.guess()
        if self._on_guess and not self._is_told and self._is_news(",".join(languages)):
            self._on_guess(languages, source)
        self._is_told = True
        return languages

    def guess(self) -> tuple[Languages, str]:
        """The languages that count where none are set, and what says so: a variable of the system, the store, default.

        What the system says is kept in the store, and counts from then on, whatever other processes are told.
        """
        if self._guess is None and self._path.exists():
            with suppress(StoreError), self.store():  # opening it asks
                pass
        return self._guess or _of_system()

    def _person_in(self, meta: "Meta") -> Languages:
        if self.settings.languages:
            return languages_of(self.settings.languages)
        languages, source = _of_system()
        kept = meta.get(LANGUAGES)
        if kept is None and source != DEFAULT:
            meta.note(LANGUAGES, ",".join(languages))
        elif kept is not None and kept != ",".join(languages):
            languages, source = languages_of(kept), STORED
        self._guess = languages, source
        return languages

    def _is_news(self, languages: str) -> bool:
        """Whether it was not told in this home; from now on it was, if that can be kept without waiting for anybody."""
        if self._path.exists():
            with suppress(StoreError), self.store() as store:
                if store.meta.get(TOLD) == languages:
                    return False
                store.meta.note(TOLD, languages)
        return True

    def vocabulary(
        self,
        store: "Store | None",
        size: int | None = None,
        old: "Vocabulary | None" = None,
        own_phrases: bool = True,
    ) -> "Vocabulary":
        """The words of each language, the person's own among them; out of an `old` one if any. Raises StoreError."""
        from swipefl.device.vocabulary import Own, Vocabulary

        own = Own(languages=self.person)
        if store is not None:
            versions = tuple(store.lexicons.all())
            lexicons = {known.language: partial(self._lexicon, known.language) for known in versions}
            words, hidden = store.words.followed(), store.words.hidden(counted=False)
            behind = self._behind if own_phrases else None
            own = Own(words, hidden, lexicons, self.person, self._typed, behind, versions)
        return old.renewed(own) if old else Vocabulary(own, size, self.settings.offensive_words)

    def _lexicon(self, language: str) -> bytes:
        with self._existing() as store:
            return store.lexicons.content(language)

    def _typed(self, words: Iterable[str]) -> set[str]:
        """Which of them the person typed; none where the store cannot be read just now."""
        try:
            with self._existing() as store:
                return store.words.typed(words)
        except StoreError:
            return set()

    def _behind(self, follows: str) -> "Sequence[Uttered]":
        """What the person wrote behind a word, as the store has it now; nothing where it cannot be read just now.

        Asked at each gesture: a store stays open for it until `close`. A forked process opens its own.
        """
        with self._reading, suppress(StoreError, OSError):
            store = self._read.store()
            return store.phrases.behind(follows) if store else ()
        return ()

    def close(self) -> None:
        """Closes what stays open between two gestures; the next one opens it again."""
        with self._reading:
            self._read.close()

    @contextmanager
    def alone(self) -> "Iterator[Store]":
        """The store inside the block, and no other train, cycle, sync or forget beside it. Raises StoreBusy."""
        from swipefl.database.lock import hold

        with self.store() as store, hold(self.settings.home):
            yield store

    def at_night(self) -> "AbstractContextManager[Store]":
        """The same for a night, which makes no home where nothing was ever swiped: its name may be a slip."""
        return self._unmade() or self.alone()

    def ingestion(
        self,
        store: "Store",
        keyboard: str | None = None,
        format: str | None = None,
        on_reject: "Callable[[str, Rejected], None]" = lambda name, rejected: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> "Ingestion":
        """What brings gestures into the store; `keyboard` is a name or a file. Raises UsageError."""
        from swipefl.device.ingestion import Ingestion
        from swipefl.gesture.formats import FORMATS

        if format is not None and format not in FORMATS:
            known = ", ".join(FORMATS)
            unknown = "unknown format {format!r}; there are {known}"
            raise UsageError("unknown-format", unknown, format=format, known=known)
        chosen, find = self.keyboards(store, keyboard)
        return Ingestion(store, chosen, format, on_reject, find=find, stop=stop, on_doing=on_doing)

    def keyboards(
        self, store: "Store", keyboard: str | None = None
    ) -> "tuple[Keyboard | None, Callable[[str], Keyboard]]":
        """The keyboard of gestures that do not say, and what finds others by name. Raises UsageError."""
        from swipefl.device.grids import keyboards_of

        return keyboards_of(keyboard or self.settings.keyboard, store.keyboards.get)

    def prediction(
        self,
        model: str = "personal",
        keyboard: str | None = None,
        lexicon_size: int | None = None,
        prior: Path | None = None,
        own_phrases: bool = True,
    ) -> "Prediction":
        """What turns gestures into words. A home without a store is left alone: the base checkpoint needs none.

        `own_phrases` says whether the person's own words in order have a say. Raises UsageError, DataError for a prior
        that cannot be read, CheckpointError.
        """
        compose = self._composing(model, keyboard, lexicon_size, prior, own_phrases)
        if not self._path.exists():
            return compose(None, None)
        with self.store() as store:
            return compose(store, None)

    def live(
        self,
        model: str = "personal",
        keyboard: str | None = None,
        language: str | None = None,
        prior: Path | None = None,
    ) -> "Live":
        """A prediction that takes up what changes in the store; to be closed. Raises what `prediction` does."""
        from swipefl.device.live import Live

        return Live(self._composing(model, keyboard, None, prior), self._existing, self._path, language)

    def _existing(self) -> "Store":
        return self._opened(make=False)

    def _composing(
        self,
        model: str,
        keyboard: str | None,
        lexicon_size: int | None,
        prior: Path | None,
        own_phrases: bool = True,
    ) -> "Callable[[Store | None, Prediction | None], Prediction]":
        """What makes a prediction of a store, out of an older one where there is one: only what has changed is new."""
        from swipefl.device.grids import keyboards_of
        from swipefl.device.prediction import Prediction, choose_checkpoint, choosing
        from swipefl.device.priors import read_prior
        from swipefl.gesture.keyboard import built_in

        known_prior, left_out = read_prior(prior) if prior else (None, 0)
        wanted = keyboard or self.settings.keyboard

        def compose(store: "Store | None", old: "Prediction | None") -> "Prediction":
            of_model, of_keyboards = choosing(store, model), store.keyboards.written() if store else ()
            was_model, were_keyboards = old.made_of if old else (None, None)
            vocabulary = self.vocabulary(store, lexicon_size, old.vocabulary if old else None, own_phrases)
            if old and (was_model, were_keyboards, old.vocabulary) == (of_model, of_keyboards, vocabulary):
                return old
            checkpoint = old.checkpoint if old and was_model == of_model else choose_checkpoint(store, model)
            if old and were_keyboards == of_keyboards:
                chosen, find = old.keyboard, old.find
            else:
                known = {keyboard.name: keyboard for keyboard in store.keyboards.stored()} if store else {}
                chosen, find = keyboards_of(wanted, lambda name: known.get(name) or built_in(name))
            capitals, made_of = self.settings.capitals, (of_model, of_keyboards)
            return Prediction(checkpoint, vocabulary, find, chosen, known_prior, left_out, capitals, made_of)

        return compose

    def held_out(self) -> "list[Example]":
        """The examples that no training sees. Raises StoreError."""
        if not self._path.exists():
            return []
        with self.store() as store:
            return store.gestures.examples("held_out")

    def newest(self, split: str, most: int) -> "list[Stored]":
        """The newest good swipes of "train" or "held_out", the last one first. Raises StoreError."""
        if not self._path.exists():
            return []
        with self.store() as store:
            return list(store.gestures.latest(split, most))

    def a_day(self, since: float) -> dict[str, int]:
        """How many swipes were stored on each day, by its date, from a time in unix seconds on. Raises StoreError."""
        from swipefl.store.daily import stored_a_day

        if not self._path.exists():
            return {}
        with self.store() as store:
            return stored_a_day(store.sql, since)

    def shown(
        self,
        model: str = "personal",
        top: int = 5,
        id: str | None = None,
        word: str | None = None,
        worst: bool = False,
        on_doing: OnDoing = unheard,
    ) -> "Shown":
        """What `model` saw of one stored gesture.

        It is the one of an id, the newest of a word, the worst that the model does, or the newest. Raises UsageError
        where there is none such or more than one, CheckpointError, StoreError.
        """
        from swipefl.device.worst import worst as worst_of

        prediction = self.prediction(model)
        with self.store() as store:
            if id is not None:
                found: Stored | None = store.gestures.find(id)
            elif worst:
                found = worst_of(store, prediction.vocabulary.judging(prediction.checkpoint), on_doing=on_doing)
            else:
                found = store.gestures.newest(word)
        if found is None:
            raise UsageError("no-gesture", "the store has no such swipe to show", Remedy.INGEST_MORE)
        return prediction.shown(found.handle, found.example, top)

    def personal(
        self,
        store: "Store",
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> "PersonalTraining":
        """What trains the personal model."""
        return self._personal(store, self.vocabulary(store), on_progress, stop, on_doing)

    def _personal(
        self,
        store: "Store",
        vocabulary: "Vocabulary",
        on_progress: Callable[[Progress], None],
        stop: Stop,
        on_doing: OnDoing,
    ) -> "PersonalTraining":
        from swipefl.device.personal import PersonalTraining

        config = personal_config(self.settings)
        judging = vocabulary.judging
        return PersonalTraining(store, load_trainer, judging, config, on_progress, stop, on_doing=on_doing)

    def _learning(
        self,
        store: "Store",
        on_progress: Callable[[Progress], None],
        stop: Stop,
        stop_sharing: Stop,
        on_doing: OnDoing,
    ) -> "Learning":
        from swipefl.device.acceptance import GlobalJudge
        from swipefl.device.contribution import Contributor
        from swipefl.device.cycle import Learning

        vocabulary = self.vocabulary(store)  # one for all of the night: what it builds for an alphabet is large
        config, most = contribution_config(self.settings), self.settings.max_norm
        contributor = Contributor(
            store, load_trainer, vocabulary.contributing, config, most, on_progress, stop_sharing, on_doing=on_doing
        )
        personal = self._personal(store, vocabulary, on_progress, stop, on_doing)
        return Learning(personal, contributor, GlobalJudge(store, vocabulary.judging, stop, on_doing))

    def cycle(
        self,
        store: "Store",
        require_sync: bool = False,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_round: "Callable[[RoundReport], None]" = lambda report: None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
        now: bool = True,
    ) -> "Cycle":
        """A night's work: `now`, or only while the device is eligible.

        Raises UsageError where a coordinator is required and none is configured.
        """
        from swipefl.device.cycle import Cycle
        from swipefl.device.permission import ALL
        from swipefl.operations.retention import prune

        may = ALL if now else self.eligibility(store).permission()
        heeded = either(stop, may.during)
        coordinator = self.visits().exchange(store, stop)
        if require_sync and coordinator is None:
            raise UsageError("sync-required", "no coordinator is configured", Remedy.SYNC_NOT_REQUIRED)
        heard, sharing = Heard(on_progress), either(heeded, may.training)
        return Cycle(
            store,
            lambda: self._learning(store, heard, heeded, sharing, on_doing),
            coordinator,
            require_sync,
            on_round,
            stop=stop,
            prune=partial(prune, store, self.keeping, stop=stop),
            heard=heard,
            on_doing=on_doing,
            may=may,
        )

    @property
    def keeping(self) -> "Keeping":
        """How long swipes are kept, and how many."""
        from swipefl.operations.retention import Keeping

        return Keeping(self.settings.keep_days, self.settings.keep_swipes)

    def eligibility(self, store: "Store | None" = None) -> "Eligibility":
        """When a night may work, speak to the coordinator and contribute; `store` knows what was asked and shared."""
        from swipefl.operations.conditions.bus import Bus
        from swipefl.operations.conditions.machine import Machine
        from swipefl.operations.eligibility import Eligibility
        from swipefl.operations.sharing import asked_of, shared_by

        machine = Machine(self.settings.home, Bus())
        if store is None:
            return Eligibility(machine, self.settings.limits)
        return Eligibility(machine, self.settings.limits, partial(asked_of, store), partial(shared_by, store))

    def visits(self) -> "Visits":
        """What speaks to a coordinator for this device."""
        from swipefl.visits import Visits

        return Visits(self.settings, self.alone, self.store if self._path.exists() else None, self._run())

    def doctor(self, stop: Stop = never) -> "Doctor":
        """What looks whether all is well here, and changes nothing unless it is to mend."""
        from swipefl.database.looking import look_at
        from swipefl.operations.checks.of_device import Subject, device_checks
        from swipefl.operations.checks.stored import looking
        from swipefl.operations.doctor import Check, Doctor
        from swipefl.settings.device import load_settings
        from swipefl.settings.nights import findings_of
        from swipefl.store.store import Store

        home = self.settings.home
        subject = Subject(
            os.geteuid(),
            home,
            self._path,
            home / self.settings.file_name,
            lambda: Store(self._path, opened=look_at),
            self.alone,
            lambda: load_settings(home),
            self._languages_in,
            self.settings.keyboard,
            self.settings.least_disk_mb,
            lambda member: self.visits().endpoint(member),
        )
        others = [
            Check("keeping", lambda: looking("keeping", self._path, subject.looked, self._kept)),
            Check("eligibility", partial(self._eligible, subject.looked)),
            Check("timer", lambda: findings_of(self.settings)),
        ]
        return Doctor(str(home), device_checks(subject, stop, others))

    def note_backup(self, made_at: float) -> None:
        """Remembers when the last backup was made, for its doctor, where that can be written at once."""
        from swipefl.operations.checks.stored import BACKED_UP
        from swipefl.operations.copies import may_be_written

        if not may_be_written(self._path):
            return
        with suppress(StoreError), self._opened(make=False) as store:
            store.meta.note(BACKED_UP, str(made_at))

    def outlook(self) -> "Outlook":
        """What a cycle would do now, and why; not a byte is changed. Raises StoreError, also for an older store."""
        from swipefl.database.looking import look_at_current
        from swipefl.operations.outlook import outlook
        from swipefl.store.store import Store

        least = self.settings.least_new_swipes
        if not self._path.exists():
            return outlook(None, self.eligibility(), least, check_trainer)
        with Store(self._path, opened=look_at_current) as store:
            return outlook(store, self.eligibility(store), least, check_trainer)

    def _kept(self, store: "Store") -> "Iterator[Finding]":
        """What nights keep, and what they should have erased."""
        from swipefl.operations.retention import findings

        return iter(findings(store, self.keeping))

    def _eligible(self, looked: "Callable[[], Store]") -> "Iterator[Finding]":
        """What a night asks of the world, as things are."""
        from swipefl.federation.device.node import followed
        from swipefl.operations.eligibility import findings

        try:
            with looked() as store:
                is_member = store.memberships.get() is not None or followed(store.meta) is not None
                yield from findings(self.eligibility(store).conditions(is_member))
        except StoreError:
            yield from findings(self.eligibility().conditions(is_member=False))

    def _languages_in(self, store: "Store") -> "tuple[Languages, str]":
        """What the person writes in and what says so, by a store that may be read alone."""
        if self.settings.languages:
            return languages_of(self.settings.languages), "the settings"
        kept = store.meta.get(LANGUAGES)
        return (languages_of(kept), STORED) if kept else _of_system()

    def sync(self, pull: bool = True, push: bool = True, stop: Stop = never, on_doing: OnDoing = unheard) -> "Synced":
        """One visit to the coordinator, and what its model is worth here.

        Raises UsageError where there is no coordinator, and what `Exchange.run` does.
        """
        from swipefl.device.acceptance import GlobalJudge, Synced

        with self.alone() as store:
            exchange = self.visits().exchange(store, stop)
            if exchange is None:
                raise UsageError("no-federation", "no coordinator is configured", Remedy.ENROLL)
            on_doing(Doing("speaking with the coordinator"))
            done = exchange.run(pull, push)
            return Synced(done, GlobalJudge(store, self.vocabulary(store).judging, stop, on_doing).run())


def _of_system() -> tuple[Languages, str]:
    language, source = system_language() or ("en", DEFAULT)
    return (language,), source


def personal_config(settings: Settings) -> TrainingConfig:
    """How the settings train a personal model."""
    return TrainingConfig(settings.epochs, settings.batch_size, settings.learning_rate, settings.seed, settings.device)


def contribution_config(settings: Settings) -> TrainingConfig:
    """How the settings train a contribution, where no coordinator's plan says."""
    return TrainingConfig(
        settings.contribution_epochs,
        settings.batch_size,
        settings.contribution_learning_rate,
        settings.seed,
        settings.device,
        measured=False,  # nobody reads the losses of a contribution
    )

"""A node that is a device, as in a lab: it trains on the swipes of its store, and gives how that changes the model.

The node's config says `home`, that of the device, which is used beside as ever: its swipes are kept as long as its
settings say, it trains when its owner's limits let it, and a version that comes is its global model, with which it
predicts once that is found no worse. In its store it remembers whose version it has, and what it gave and said of that:
to any more questions it says the same. No swipe, no word and no count of swipes leaves but that of those it trained on,
and with `share_scores` rounded counts of those that it judged. What left stands in its store.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog
from flwr.app import Context, RecordDict

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.evaluation import judge
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.choosing import to_judge_by, to_learn_from
from swipefl.device.contribution import contribution
from swipefl.device.permission import Permission
from swipefl.errors import CheckpointError, Ineligible, Remedy, TooLittleData, TrustError, UsageError
from swipefl.federation.device.enrolment import refuse_member
from swipefl.federation.device.joined import note_joined
from swipefl.federation.device.node import Followed, Given, Told, follow, follow_newer, followed
from swipefl.federation.device.telling import judged_of
from swipefl.federation.protocol.following import is_known
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.update import clipped, decode_update, encode_update, norms_of, shapes_of
from swipefl.flower import records
from swipefl.flower.answering import app_of, home_of
from swipefl.flower.records import CONFIG, Offer
from swipefl.home import STORED, Home, contribution_config
from swipefl.learning.loading import load_trainer
from swipefl.learning.training import MIN_EXAMPLES, TrainingConfig
from swipefl.operations.retention import prune
from swipefl.settings.device import load_settings
from swipefl.settings.logs import configure_logging
from swipefl.stopping import either, raise_if
from swipefl.store.checkpoints import Verdict
from swipefl.store.models import newest_global
from swipefl.store.store import Store


@dataclass(frozen=True)
class Node:
    """A device, and the number that Flower knows this node by."""

    home: Home
    number: int

    @property
    def participant(self) -> str:
        """Who this is to the server: the node, and nothing of the device."""
        return records.device_name(self.number)

    def query(self) -> RecordDict:
        """Where it stands: the version it was told of, and whether it has enough swipes to train; not how many."""
        with self.home.store() as store:
            refuse_member(store)
            known, is_ready = followed(store.meta), store.gestures.counts()["train"] >= MIN_EXAMPLES
        return records.standing(self.participant, known.proof if known else b"", int(is_ready), 1)

    def train(self, content: RecordDict) -> RecordDict:
        """How its swipes would change the version that comes, clipped and rounded; one change a version.

        One that trains already gives nothing. Raises TrustError, StoreBusy, StoreError, TooLittleData, DataError where
        training comes to nothing finite, Ineligible where its owner's limits are against it.
        """
        offer, asked = records.offer_of(content), records.asked_of(content)
        config, max_norm = _asked(content, contribution_config(self.home.settings), asked.max_norm)
        max_norm = min(max_norm, self.home.settings.max_norm)
        with self._alone() as store:
            known = _met(store, offer)
            # What was given and did not arrive is sent again without the pause between two contributions.
            may = self.home.eligibility(None if known.given else store).permission()
            for why in (may.night, may.visit, may.sending):
                raise_if(why)
            given = known.given or self._made(store, offer.model, config, max_norm, may)
            if given.blob is None:
                what = "what was given for this version is forgotten, and no other is given for it"
                raise TooLittleData("contribution-forgotten", what)
            delta = decode_update(given.blob, shapes_of(offer.model.parameters))
            if norms_of(delta).fault(max_norm):  # it was made within another bound
                delta = clipped(delta, max_norm)
            with store.transaction():
                follow(store.meta, replace(known, given=given))
                store.nights.depart("sent", sum(array.nbytes for array in delta.values()))
        name = hashlib.sha256(f"{self.participant} {asked.attempt}".encode()).hexdigest()[:32]
        gift = records.Given(self.participant, asked.attempt, name, delta, float(given.examples), 1, given.examples)
        structlog.get_logger().info("given", version=offer.version, contribution=name)
        return records.given(gift)

    def _made(self, store: Store, start: Checkpoint, config: TrainingConfig, max_norm: float, may: Permission) -> Given:
        seed = [config.seed, int(start.fingerprint[:8], 16)]
        examples = [stored.example for stored in to_learn_from(store, seed)]
        if len(examples) < MIN_EXAMPLES:
            raise TooLittleData("few-examples", "this device has too few swipes to train on yet", Remedy.INGEST_MORE)
        decoder_of, stop = self.home.vocabulary(store).contributing, either(may.during, may.training)
        made = contribution(start, examples, config, load_trainer(), decoder_of, stop=stop)
        return Given(encode_update(made.delta, max_norm).blob, made.examples)

    def evaluate(self, content: RecordDict) -> RecordDict:
        """That it was told of this version, which it judges for its own predictions; where its owner shares scores,
        what that is worth beside the one that it had before. Raises TrustError, StoreBusy, StoreError.
        """
        offer = records.offer_of(content)
        with self._alone() as store:
            known, may, told = _met(store, offer), self.home.eligibility(store).permission(), None
            with suppress(Ineligible):  # which is no reason not to have the version
                raise_if(may.night)
                GlobalJudge(store, self.home.vocabulary(store).judging, may.during).run()
                told = self._told(store, offer, known.told) if self.home.settings.share_scores else None
            if told:
                follow(store.meta, replace(known, told=told))
        if told is None or told.before is None:  # of the first one it is not told what it gained
            return records.judged(self.participant, offer.version, 0, None, None)
        return records.judged(self.participant, offer.version, told.swipes, told.before, told.now)

    def _told(self, store: Store, offer: Offer, last: Told | None) -> Told | None:
        """What is told of a version, counted as a coordinator is told it; None where too few swipes judge."""
        if last and last.version == offer.version:
            return last
        examples = [stored.example for stored in to_judge_by(store, offer.version)]
        right = sum(judge(self.home.vocabulary(store).judging(offer.model), examples).hits) if examples else 0
        rounded = judged_of(offer.version, Verdict(True, len(examples), len(examples), right, right))
        if rounded is None or not rounded.swipes:
            return None
        return Told(offer.version, rounded.swipes, last.now if last else None, rounded.right_now / rounded.swipes)

    @contextmanager
    def _alone(self) -> Iterator[Store]:
        """The store, and nothing in it that is kept too long, as nights have it.

        Raises StoreBusy, StoreError, UsageError for a device of a coordinator: it gives to that one alone.
        """
        with self.home.alone() as store:
            refuse_member(store)
            prune(store, self.home.keeping)
            if store.is_rewriting_due():
                store.erase_traces()
            yield store


def _met(store: Store, offer: Offer) -> Followed:
    """What is followed from now on: what is offered, which is the global model here. Raises TrustError where that must
    not be.
    """
    known = followed(store.meta)
    is_here = known is not None and is_known(known, offer)
    with store.transaction():
        if _here(store) != offer.model.fingerprint:
            store.checkpoints.add("global", offer.model.to_bytes(), None, use=False)
        if known and is_here:
            follow(store.meta, known := replace(known, proof=offer.proof))
            return known
        if known is None:
            note_joined(store)
        return follow_newer(store.meta, Followed(offer.key, offer.version, offer.sha256, offer.proof))


def _here(store: Store) -> str:
    """The fingerprint of the newest global model here, "" where it is damaged."""
    try:
        return newest_global(store).fingerprint
    except CheckpointError:
        return ""


def _asked(content: RecordDict, config: TrainingConfig, max_norm: float) -> tuple[TrainingConfig, float]:
    """How to train and what to clip to, as the message says and within what a plan may be; else as the settings do."""
    said: Any = content[CONFIG]
    try:
        epochs, batch_size = (int(said.get(name, usual)) for name, usual in _sizes(config))
        rate = float(said.get("learning-rate", config.learning_rate))
    except (TypeError, ValueError, OverflowError) as error:
        raise TrustError("unreadable-plan", "the server's plan cannot be read", Remedy.ASK_OWNER) from error
    plan = Plan.within(epochs, batch_size, rate, max_norm)
    asked = replace(config, epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate)
    return asked, plan.max_norm


def _sizes(config: TrainingConfig) -> tuple[tuple[str, int], ...]:
    return ("epochs", config.epochs), ("batch-size", config.batch_size)


@contextmanager
def node_of(context: Context) -> Iterator[Node]:
    """The device of the home that a node's config says. Raises UsageError, also where nothing is there."""
    settings = load_settings(home_of(context, "device"))
    configure_logging(settings.log == "json", settings.log_file)
    if not (settings.home / STORED).exists():
        raise UsageError("no-device", "{home} has no swipes yet", Remedy.INGEST_MORE, home=settings.home)
    yield Node(Home(settings), context.node_id)


app = app_of(node_of)

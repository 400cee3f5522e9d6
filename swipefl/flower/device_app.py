"""A node that is a device, as in a lab: it trains on the swipes of its store, and gives how that changes the model.

The node's config says `home`, that of the device, which is used beside as ever: nothing is written into its store, not
even that it gave something. What it followed last, and whose it was, the node remembers as long as it runs. No swipe,
no word and no count of swipes leaves but that of those it trained on, and with `share_scores` rounded counts of those
that it judged.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.evaluation import judge
from swipefl.device.choosing import to_judge_by, to_learn_from
from swipefl.device.contribution import contribution
from swipefl.errors import Remedy, SwipeflError, TooLittleData, TrustError, UsageError
from swipefl.federation.device.telling import judged_of
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.update import clipped, norm_of
from swipefl.flower import records
from swipefl.flower.records import CONFIG, Offer
from swipefl.home import STORED, Home, contribution_config
from swipefl.learning.loading import load_trainer
from swipefl.learning.training import MIN_EXAMPLES, TrainingConfig
from swipefl.settings.device import load_settings
from swipefl.settings.logs import configure_logging
from swipefl.store.checkpoints import Verdict

FOLLOWED = "followed"  # the record of what the node remembers: a server's key, and the newest version seen of it


@dataclass(frozen=True)
class Node:
    """A device, and what Flower keeps for this node."""

    home: Home
    context: Context

    @property
    def participant(self) -> str:
        """Who this is to the server: the node, and nothing of the device."""
        return records.device_name(self.context.node_id)

    def query(self, content: RecordDict) -> RecordDict:
        """Where it stands: the version it was told of, and whether it has enough swipes to train; not how many."""
        with self.home.store() as store:
            is_ready = store.gestures.counts()["train"] >= MIN_EXAMPLES
        return records.standing(self.participant, self._followed()[1], int(is_ready), 1)

    def train(self, content: RecordDict) -> RecordDict:
        """How its swipes would change the version that comes, clipped; one that trains already gives nothing.

        Raises TrustError, StoreBusy, TooLittleData, DataError where training comes to nothing finite.
        """
        offer, asked = records.offer_of(content), records.asked_of(content)
        self._follow(offer)
        config, max_norm = _asked(content, contribution_config(self.home.settings), asked.max_norm)
        with self.home.alone() as store:
            seed = [config.seed, int(offer.model.fingerprint[:8], 16)]
            examples = [stored.example for stored in to_learn_from(store, seed)]
            if len(examples) < MIN_EXAMPLES:
                raise _too_few()
            decoder_of = self.home.vocabulary(store).contributing
            made = contribution(offer.model, examples, config, load_trainer(), decoder_of)
        delta = clipped(made.delta, min(max_norm, self.home.settings.max_norm))
        if not 0 < norm_of(delta) < float("inf"):
            raise TooLittleData("diverged", "training came to nothing that could be given", Remedy.LOWER_LEARNING_RATE)
        name = hashlib.sha256(f"{self.participant} {asked.attempt}".encode()).hexdigest()[:32]
        gift = records.Given(self.participant, asked.attempt, name, delta, float(made.examples), 1, made.examples)
        structlog.get_logger().info("given", version=offer.version, contribution=name)
        return records.given(gift)

    def evaluate(self, content: RecordDict) -> RecordDict:
        """That it was told of this version and, where its owner shares scores, what that is worth beside the base."""
        offer = records.offer_of(content)
        self._follow(offer)
        told = self._judged(offer) if self.home.settings.share_scores else None
        if told is None or not told.swipes:
            return records.judged(self.participant, offer.version, 0, None, None)
        before, now = told.right_before / told.swipes, told.right_now / told.swipes
        return records.judged(self.participant, offer.version, told.swipes, before, now)

    def _judged(self, offer: Offer) -> Any:
        """What is told of a version, as a coordinator is told it; None where there are too few swipes to judge by."""
        with self.home.store() as store:
            examples = [stored.example for stored in to_judge_by(store, offer.version)]
            decoder_of = self.home.vocabulary(store).judging

            def right(model: Checkpoint) -> int:
                return sum(judge(decoder_of(model), examples).hits)

            if not examples:
                return None
            verdict = Verdict(True, len(examples), len(examples), right(base_checkpoint()), right(offer.model))
        return judged_of(offer.version, verdict)

    def _followed(self) -> tuple[bytes, int]:
        known: Any = self.context.state.get(FOLLOWED) or {"key": b"", "version": 0}
        return known["key"], known["version"]

    def _follow(self, offer: Offer) -> None:
        """Remembers whose it is, and the newest. Raises TrustError for another server, and for an older version."""
        key, version = self._followed()
        if key and key != offer.key:
            raise TrustError("another-server", "another server signed this version", Remedy.ASK_OWNER)
        if offer.version < version:
            older = "the server offers version {version}, and offered {newest} before"
            raise TrustError("older-version", older, Remedy.ASK_OWNER, version=offer.version, newest=version)
        self.context.state[FOLLOWED] = ConfigRecord({"key": offer.key, "version": offer.version})


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


def _too_few() -> TooLittleData:
    return TooLittleData("few-examples", "this device has too few swipes to train on yet", Remedy.INGEST_MORE)


def node_of(context: Context) -> Node:
    """The device of the home that a node's config says. Raises UsageError, also where nothing is there."""
    home = context.node_config.get("home")
    if not isinstance(home, str) or not home:
        raise UsageError("no-home", "this node's config says no home of a device (home='/path')", Remedy.SAY_HOME)
    settings = load_settings(Path(home).expanduser())
    configure_logging(settings.log == "json", settings.log_file)
    if not (settings.home / STORED).exists():
        raise UsageError("no-device", "{home} has no swipes yet", Remedy.INGEST_MORE, home=settings.home)
    return Node(Home(settings), context)


def _answer(message: Message, context: Context, answer: Callable[[Node], RecordDict]) -> Message:
    """A node's answer; where it can give none, which kind of reason that has. What it says of paths stays here."""
    try:
        return Message(answer(node_of(context)), reply_to=message)
    except SwipeflError as error:
        structlog.get_logger().warning("nothing given", reason=str(error), code=error.code)
        code = error.code
    except Exception as error:  # whose words Flower would send
        structlog.get_logger().error("nothing given", reason=type(error).__name__, code="fault")
        code = "fault"
    return Message(records.nothing(code, "this device gives nothing now"), reply_to=message)


def query(message: Message, context: Context) -> Message:
    """Where the device stands."""
    return _answer(message, context, lambda node: node.query(message.content))


def train(message: Message, context: Context) -> Message:
    """How the device's swipes would change the version that came."""
    return _answer(message, context, lambda node: node.train(message.content))


def evaluate(message: Message, context: Context) -> Message:
    """What the version that came is worth to the device, where its owner shares that."""
    return _answer(message, context, lambda node: node.evaluate(message.content))


app = ClientApp()
app.query()(query)
app.train()(train)
app.evaluate()(evaluate)

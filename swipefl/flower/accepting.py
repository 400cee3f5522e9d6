"""What a node's answer must be before a strategy of Flower's sees it: their averages check nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import structlog
from flwr.app import ConfigRecord, Message, MetricRecord, RecordDict

from swipefl.errors import BadUpdate
from swipefl.federation.strategy import MOST_COUNT
from swipefl.federation.update import Shapes, norms_of
from swipefl.flower import records
from swipefl.flower.records import ARRAYS, CONFIG, METRICS, WEIGHT, Given

MOST_UPDATES = 1_000_000  # of one answer: more than any coordinator combines
MOST_WEIGHT = float(MOST_UPDATES) * MOST_COUNT
ROUNDING = 1e-6  # of a sum of weights
SAYS = 200  # characters of a node's own words that are logged


@dataclass(frozen=True)
class Terms:
    """What the answers of one attempt must be: of which shapes, within which norm; and what is in versions already."""

    attempt: str
    shapes: Shapes
    max_norm: float
    included: Mapping[str, str]


@dataclass(frozen=True)
class Refused:
    """A node's answer that is not used, and why (kebab-case); `says` is what the node itself says, if anything."""

    node: int
    reason: str
    says: str = ""


@dataclass(frozen=True)
class Stands:
    """Where a node stands: the version that it has of this server, 0 for none, and the SHA-256 of that one's model; how
    many updates wait, and how few it would give.
    """

    node: int
    participant: str
    version: int
    sha256: bytes
    waiting: int
    fewest: int


def sifted(replies: Iterable[Message], terms: Terms) -> tuple[list[Given], list[Refused]]:
    """What nodes gave, by participant, and what is not used; of one participant one answer is."""
    gifts, refused = dict[str, Given](), list[Refused]()
    for reply in sorted(replies, key=lambda reply: reply.metadata.src_node_id):
        try:
            gift = accepted(reply, terms)
            if gift.participant in gifts:
                raise BadUpdate("double", "there is an answer of this participant already")
            gifts[gift.participant] = gift
        except BadUpdate as error:
            says = str(error)[:SAYS] if error.code == "nothing" else ""
            refused.append(Refused(reply.metadata.src_node_id, reason_of(error), says))
    return [gifts[participant] for participant in sorted(gifts)], refused


def log_refused(refused: Refused) -> None:
    """That an answer is not used."""
    structlog.get_logger().warning("answer not used", node=refused.node, reason=refused.reason, says=refused.says)


def reason_of(error: BadUpdate) -> str:
    """Why an answer is not used, as far as it can be told: the node's own reason where it gave nothing."""
    return str(error.facts.get("reason", error.code))


def accepted(reply: Message, terms: Terms) -> Given:
    """What a node gave. Raises BadUpdate unless it is all that `terms` ask for.

    A device is known by its node, and a coordinator by its key: none can give in another one's name, nor have what
    another one lent taken for included, or not.
    """
    content = content_of(reply)
    participant, attempt, contribution = (_text(content, name) for name in ("participant", "attempt", "contribution"))
    if attempt != terms.attempt:
        raise BadUpdate("another-attempt", "this answers an attempt that is over")
    if terms.included.get(participant) == contribution:
        raise BadUpdate("already-included", "this went into a version before")
    weight = _number(content, WEIGHT, MOST_WEIGHT)
    updates = _whole(content, "updates", MOST_UPDATES)
    examples = _whole(content, "examples", updates * MOST_COUNT)
    if updates > examples or weight > examples * (1 + ROUNDING):
        raise BadUpdate("implausible", "an update is of an example at least, and weighs no more than its examples")
    delta = records.read_arrays(content.get(ARRAYS), terms.shapes)
    if fault := norms_of(delta).fault(terms.max_norm):
        raise BadUpdate("beyond-norm", "the norm is beyond what any honest change has", reason=fault)
    gift = Given(participant, attempt, contribution, delta, weight, updates, examples)
    if participant != records.device_name(reply.metadata.src_node_id):
        records.verify_said(content, gift)
    return gift


def content_of(reply: Message) -> RecordDict:
    """What a node says. Raises BadUpdate where that is an error, or that it gives nothing."""
    if reply.has_error():
        raise BadUpdate("node-failed", "the node failed")
    content: RecordDict = reply.content
    config = content.get(CONFIG)
    if isinstance(config, ConfigRecord) and "reason" in config:
        reason, says = _printed(config["reason"]), _printed(config.get("says", ""))
        raise BadUpdate("nothing", "{says}", reason=reason or "unknown", says=says)
    return content


def standing_of(reply: Message, key: bytes) -> Stands:
    """Where a node says that it stands, and shows of the version by what `key` signed. Raises BadUpdate."""
    content = content_of(reply)
    try:
        config: Any = content.config_records[CONFIG]
        numbers: Any = content[METRICS]
        participant, (version, digest) = config["participant"], records.proven(config["proof"], key)
        waiting, fewest = (int(numbers[name]) for name in ("waiting", "fewest"))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadUpdate("no-standing", "the node does not say where it stands") from error
    if not records.is_id(participant):
        raise BadUpdate("no-participant", "the node does not say who it is")
    return Stands(reply.metadata.src_node_id, participant, version, digest, waiting, fewest)


def judgement_of(content: RecordDict, version: int) -> tuple[float, float] | None:
    """Top-1 before and with this version as a node says it, None where it has nothing to judge by. Raises BadUpdate.

    Each that judges counts once, whatever it says that its judgement weighs.
    """
    try:
        numbers: Any = content[METRICS]
        is_it, weight = numbers["version"] == version, float(numbers[WEIGHT])
        before, after = (_score(numbers, name) for name in ("top1-before", "top1-after"))
    except (KeyError, TypeError, ValueError) as error:
        raise BadUpdate("no-judgement", "the node does not say what the version is worth") from error
    if not is_it:
        raise BadUpdate("another-version", "the node judges another version")
    return None if before is None or after is None or not weight > 0 else (before, after)


def _score(numbers: Mapping[str, Any], name: str) -> float | None:
    if name not in numbers:
        return None
    score = float(numbers[name])
    if not 0 <= score <= 1:
        raise ValueError(name)
    return score


def _printed(text: Any) -> str:
    return "".join(letter for letter in text[:SAYS] if letter.isprintable()) if isinstance(text, str) else ""


def _text(content: RecordDict, name: str) -> str:
    config = content.get(CONFIG)
    text = config.get(name) if isinstance(config, ConfigRecord) else None
    if not records.is_id(text):
        raise BadUpdate("no-id", "the answer does not say whose or what it is", reason=f"no-{name}")
    return str(text)


def _number(content: RecordDict, name: str, most: float) -> float:
    metrics = content.get(METRICS)
    number: Any = metrics.get(name) if isinstance(metrics, MetricRecord) else None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise BadUpdate("no-number", "the answer lacks a number", reason=f"no-{name}")
    if not isfinite(number) or not 0 < number <= most:
        raise BadUpdate("implausible", "the answer's number cannot be", reason=f"implausible-{name}")
    return float(number)


def _whole(content: RecordDict, name: str, most: int) -> int:
    number = _number(content, name, most)
    if number != int(number):
        raise BadUpdate("implausible", "the answer's number is no whole one", reason=f"implausible-{name}")
    return int(number)

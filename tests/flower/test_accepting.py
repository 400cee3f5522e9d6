"""What a node's answer must be before a strategy sees it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MessageType, MetricRecord, RecordDict
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.errors import BadUpdate
from swipefl.federation.protocol.signing import name_of, public_bytes, succession
from swipefl.federation.update import SCORE_SHARE
from swipefl.federation.wire.v1.federation_pb2 import SigningKeys, Succession
from swipefl.flower.accepting import MOST_WEIGHT, Terms, accepted, reason_of, sifted
from swipefl.flower.records import Given, device_name, nothing, signed_by
from swipefl.flower.records import given as answer_of
from tests.support.lending import marked
from tests.support.states import SMALL

SHAPES = {name: array.shape for name, array in SMALL.parameters.items()}
TERMS = Terms("attempt1", SHAPES, 4.0, {"elsewhere": "known1"})
FIRST, KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEYS = SigningKeys(public_key=public_bytes(KEY), successions=[succession(FIRST, KEY)])
OTHER = Ed25519PrivateKey.generate()
OTHERS = SigningKeys(public_key=public_bytes(OTHER))
HERE, THERE = name_of(KEYS), name_of(OTHERS)
GIFT = Given(HERE, "attempt1", "new1", marked(3), 2.5, 3, 30)


def reply(content: RecordDict | Error, node: int = 5) -> Message:
    return Message(content, reply_to=Message(RecordDict(), node, MessageType.TRAIN))


def signed(gift: Given, key: Ed25519PrivateKey = KEY, keys: SigningKeys = KEYS) -> RecordDict:
    return signed_by(answer_of(gift), gift, key, keys)


def good(**changes: Any) -> RecordDict:
    return signed(Given(**{**vars(GIFT), **changes}))


def with_config(**changes: Any) -> RecordDict:
    content = good()
    content["config"] = ConfigRecord({**content["config"], **changes})
    return content


def with_metrics(**changes: Any) -> RecordDict:
    content = good()
    changed = {**content["metrics"], **{name.replace("_", "-"): value for name, value in changes.items()}}
    content["metrics"] = MetricRecord({name: value for name, value in changed.items() if value is not None})
    return content


def with_array(name: str, array: Any) -> RecordDict:
    content = good()
    content["arrays"][name] = array if isinstance(array, Array) else Array(np.asarray(array))
    return content


def without(part: str) -> RecordDict:
    return RecordDict({name: record for name, record in good().items() if name != part})


def claiming(shape: tuple[int, ...]) -> Array:
    """An array whose header is of another shape than what follows it, and what is said of it."""
    right = Array(np.zeros((24,), np.float32))
    header = Array(np.zeros(shape, np.float32)).data[:128]
    return Array(dtype="float32", shape=(24,), stype="numpy.ndarray", data=header + right.data[128:])


def test_what_was_given_comes_through_as_it_was() -> None:
    read = accepted(reply(good()), TERMS)
    assert {name: value for name, value in vars(read).items() if name != "delta"} == {
        name: value for name, value in vars(GIFT).items() if name != "delta"
    }
    for name, array in GIFT.delta.items():
        np.testing.assert_array_equal(read.delta[name], array)


def large(norm: float, name: str = "head.weight") -> RecordDict:
    delta = {each: np.zeros(shape, np.float32) for each, shape in SHAPES.items()}
    delta[name].flat[0] = norm
    return good(delta=delta)


BIAS = np.zeros(SHAPES["head.bias"], np.float32)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (Error(0, "boom"), "node-failed"),
        (RecordDict(), "no-participant"),
        (nothing("few", "two wait"), "few"),
        (without("config"), "no-participant"),
        (without("metrics"), "no-num-examples"),
        (without("arrays"), "no-arrays"),
        (RecordDict({**good(), "arrays": MetricRecord({"a": 1})}), "no-arrays"),
        (RecordDict({**good(), "metrics": ConfigRecord({"num-examples": 1.0})}), "no-num-examples"),
        (with_config(participant=""), "no-participant"),
        (with_config(participant="a\nb"), "no-participant"),
        (with_config(participant="a" * 65), "no-participant"),
        (with_config(participant=3), "no-participant"),
        (with_config(contribution="../../key"), "no-contribution"),
        (with_config(attempt="attempt2"), "another-attempt"),
        (with_config(participant="elsewhere", contribution="known1"), "already-included"),
        (with_metrics(num_examples=0.0), "implausible-num-examples"),
        (with_metrics(num_examples=-1.0), "implausible-num-examples"),
        (with_metrics(num_examples=float("nan")), "implausible-num-examples"),
        (with_metrics(num_examples=float("inf")), "implausible-num-examples"),
        (with_metrics(num_examples=2 * MOST_WEIGHT), "implausible-num-examples"),
        (with_metrics(num_examples=[1.0, 2.0]), "no-num-examples"),
        (with_metrics(updates=0), "implausible-updates"),
        (with_metrics(updates=1.5), "implausible-updates"),
        (with_metrics(updates=None), "no-updates"),
        (with_metrics(examples=-3), "implausible-examples"),
        (good(weight=31.0), "implausible"),
        (good(updates=31), "implausible"),
        (good(updates=1, examples=2_000_000), "implausible-examples"),
        (with_array("another", BIAS), "extra-tensor"),
        (with_array("head.bias", BIAS[:-1]), "wrong-shape"),
        (with_array("head.bias", np.zeros(2000, np.float32)), "wrong-size"),
        (with_array("head.bias", BIAS.reshape(2, -1)), "wrong-shape"),
        (with_array("head.bias", BIAS.astype(np.float64)), "wrong-dtype"),
        (with_array("head.bias", BIAS.view(np.int32)), "wrong-dtype"),
        (with_array("head.bias", Array("float32", BIAS.shape, "pickle", Array(BIAS).data)), "wrong-size"),
        (with_array("head.bias", Array("float32", BIAS.shape, "numpy.ndarray", b"PK" + b"x" * 150)), "damaged"),
        (with_array("head.bias", BIAS + np.float32("nan")), "not-finite"),
        (with_array("head.bias", BIAS - np.float32("inf")), "not-finite"),
        (large(4.1), "norm-too-large"),
        (large(3e38), "norm-too-large"),
        (large(4.0 * SCORE_SHARE * 1.1, "score"), "score-norm-too-large"),
    ],
)
def test_what_is_not_what_was_asked_for_is_refused(content: RecordDict | Error, code: str) -> None:
    with pytest.raises(BadUpdate) as refused:
        accepted(reply(content), TERMS)
    assert reason_of(refused.value) == code


CHAIN = SigningKeys(public_key=public_bytes(OTHER), successions=[succession(FIRST, KEY)])
UNPROVEN = Succession(old_public_key=public_bytes(FIRST), new_public_key=public_bytes(OTHER), signature=b"x" * 64)


@pytest.mark.parametrize(
    "content",
    [
        answer_of(GIFT),
        signed(GIFT, OTHER),
        signed(GIFT, OTHER, OTHERS),
        signed(replace(GIFT, participant=THERE)),
        signed(GIFT, OTHER, CHAIN),
        signed(GIFT, OTHER, SigningKeys(public_key=public_bytes(OTHER), successions=[UNPROVEN])),
        with_config(contribution="new2"),
        with_config(keys=b"\xff\xff"),
        with_config(keys="text"),
        with_config(signature=b""),
        with_metrics(num_examples=2.6),
        with_metrics(updates=4),
        with_metrics(examples=31),
        with_array("head.bias", BIAS + np.float32(1e-3)),
        answer_of(replace(GIFT, participant=device_name(6))),
    ],
)
def test_nobody_gives_in_another_one_s_name(content: RecordDict) -> None:
    with pytest.raises(BadUpdate) as refused:
        accepted(reply(content, 5), TERMS)
    assert refused.value.code == "not-its-own"


def test_a_device_is_known_by_its_node() -> None:
    gift = replace(GIFT, participant=device_name(5))
    assert accepted(reply(answer_of(gift), 5), TERMS).participant == gift.participant


@pytest.mark.parametrize("shape", [(10**9,), (6, 10**8), (0,), (-1,)])
def test_a_header_that_asks_for_memory_gets_none(shape: tuple[int, ...]) -> None:
    right = Array(BIAS).data
    header = right[:128].replace(str(BIAS.shape).encode(), str(shape).encode())[:127].ljust(127) + b"\n"
    lying = Array("float32", BIAS.shape, "numpy.ndarray", header + right[128:])
    with pytest.raises(BadUpdate) as refused:
        accepted(reply(with_array("head.bias", lying)), TERMS)
    assert refused.value.code in ("wrong-shape", "damaged")


def test_of_one_participant_one_answer_is_used_and_who_is_refused_is_told() -> None:
    replies = [reply(good(contribution="new2"), 9), reply(good(), 4), reply(nothing("few", "two wait"), 2)]
    other = signed(replace(GIFT, participant=THERE), OTHER, OTHERS)
    replies += [reply(other, 1), reply(Error(0, "boom"), 3)]
    gifts, refused = sifted(replies, TERMS)
    assert [(gift.participant, gift.contribution) for gift in gifts] == sorted([(HERE, "new1"), (THERE, "new1")])
    assert [(each.node, each.reason, each.says) for each in refused] == [
        (2, "few", "two wait"),
        (3, "node-failed", ""),
        (9, "double", ""),
    ]


def test_what_a_node_says_of_itself_is_cut_and_printable() -> None:
    words = RecordDict({"config": ConfigRecord({"reason": "x\x1b[31m", "says": "line\nline" * 100})})
    _, (refused,) = sifted([reply(words)], TERMS)
    assert (refused.reason + refused.says).isprintable()
    assert len(refused.says) <= 200


VALUES = st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=80), st.binary(max_size=80))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(["participant", "attempt", "contribution", "reason", "says", "x"]), VALUES),
    st.dictionaries(
        st.sampled_from(["num-examples", "updates", "examples", "x"]),
        st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1), st.lists(st.floats(), max_size=2)),
    ),
    st.one_of(st.none(), st.binary(max_size=400)),
    st.booleans(),
    st.sampled_from([lambda data: data, lambda data: data[:-3], lambda data: data + b"x"]),
)
def test_whatever_a_node_says_it_is_right_or_refused(
    config: dict[str, Any],
    metrics: dict[str, Any],
    raw: bytes | None,
    is_right: bool,
    change: Callable[[bytes], bytes],
) -> None:
    content = good()
    content["config"] = ConfigRecord({**(content["config"] if is_right else {}), **config})
    content["metrics"] = MetricRecord({**(content["metrics"] if is_right else {}), **metrics})
    data = change(Array(BIAS).data if raw is None else raw)
    content["arrays"]["head.bias"] = Array("float32", BIAS.shape, "numpy.ndarray", data)
    gifts, refused = sifted([reply(content)], TERMS)
    assert len(gifts) + len(refused) == 1
    for gift in gifts:
        assert 0 < gift.weight <= MOST_WEIGHT
        assert gift.attempt == TERMS.attempt
        assert {name: array.shape for name, array in gift.delta.items()} == SHAPES
        assert isinstance(content["arrays"], ArrayRecord)

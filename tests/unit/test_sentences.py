"""What people are told of a gain, a night and what is shared: as it was measured, in words that need no learning."""

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.device.gain import gain, standing, together
from swipefl.device.personal import TrainReport
from swipefl.device.status import FederationStatus, KnownCheckpoint, NodeStatus, Status, WaitingUpdate
from swipefl.store.nights import Departure, Night
from swipefl.telling.sentences import FAIR, about, gained, night, nothing_done, said, shared, trained

TODAY = date(2026, 11, 26)
JARGON = re.compile(
    r"\b(model fit|loss|epoch|top-?1|gradient|accuracy|checkpoint|baseline|p-value|McNemar|sample)", re.I
)


def at(day: int, month: int = 10, year: int = 2026) -> float:
    return datetime(year, month, day, 2, 30).timestamp()


def one(**facts: Any) -> Night:
    plain = {"right_base": 40, "right_before": 40, "right_new": 41, "right_now": 41, "only_base": 0, "only_now": 1}
    usual = {
        "finished_at": at(12, 11),
        "newest": 9,
        "new_swipes": 24,
        "swipes": 45,
        "surer": 0.1,
        "adopted": True,
        "model": "own",
    }
    return Night(**(usual | plain | facts))


def kept(new: int, before: int = 40, **facts: Any) -> Night:
    return one(right_new=new, right_now=before, right_before=before, adopted=False, **facts)


def counted(unseen: int, base: int, yours: int, only_base: int, only_yours: int, **facts: Any) -> Night:
    assert yours - base == only_yours - only_base
    counts = {"unseen_base": base, "unseen_yours": yours, "unseen_only_base": only_base}
    usual = {"unseen": unseen, "unseen_since": at(3), "unseen_only_yours": only_yours, **counts}
    return one(**(usual | facts))


NODE = NodeStatus(4, "3f2a" * 16, gave=True, shares_scores=False)
MEMBER = FederationStatus("example.org:8443", "phone", 3, at(1), 0, False)


def status(*nights: Night, in_use: int | None = 1, train: int = 99, **facts: Any) -> Status:
    counts = {"good": train, "suspect": 0, "train": train, "held_out": 0}
    own = (KnownCheckpoint(1, "personal", "own", at(12, 11), True, None),) if in_use else ()
    gained = gain(nights, in_use and "own")
    return replace(Status("/home", counts, 0, 0, own, in_use, (), (), None, None, gained, nights), **facts)


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (
            status(counted(212, 193, 201, 0, 8)),
            "Since 3 October: of 212 held-out swipes your model got 201 right, the one that came with swipefl 193: "
            "better.",
        ),
        (
            status(counted(212, 201, 193, 8, 0, unseen_since=at(3, 10, 2025))),
            "Since 3 October 2025: of 212 held-out swipes your model got 193 right, the one that came with swipefl "
            "201: worse.",
        ),
        (
            status(counted(212, 195, 198, 1, 4)),
            "Since 3 October: of 212 held-out swipes your model got 198 right, the one that came with swipefl 195: "
            "no proven gain yet; if it goes on like this, about 4,200 more swipes would tell.",
        ),
        (
            status(counted(100, 91, 90, 1, 0)),
            "Since 3 October: of 100 held-out swipes your model got 90 right, the one that came with swipefl 91: "
            "fewer, which may be chance; no proven gain yet; if it goes on like this, about 3,300 "
            "more swipes would tell.",
        ),
        (
            status(counted(212, 195, 195, 0, 0, unseen_surer=0.5)),
            "Since 3 October: of 212 held-out swipes your model got 195 right, the one that came with swipefl 195: "
            "the same words right, surer.",
        ),
        (
            status(counted(20, 18, 18, 0, 0, unseen_surer=-0.5)),
            "Since 3 October: of 20 held-out swipes your model got 18 right, the one that came with swipefl 18: "
            "the same words right.",
        ),
        (  # nobody is the surer for one swipe
            status(counted(1, 1, 1, 0, 0, unseen_surer=0.5)),
            "Since 3 October: of 1 held-out swipe your model got 1 right, the one that came with swipefl 1: "
            "the same words right, too few to tell more.",
        ),
        (
            status(counted(19, 18, 18, 1, 1, unseen_surer=0.5)),
            "Since 3 October: of 19 held-out swipes your model got 18 right, the one that came with swipefl 18: "
            "as many right, too few to tell more.",
        ),
        (
            status(counted(212, 195, 195, 3, 3, unseen_surer=0.5)),
            "Since 3 October: of 212 held-out swipes your model got 195 right, the one that came with swipefl 195: "
            "as many right, surer.",
        ),
        (
            status(counted(20, 19, 19, 0, 0), counted(1_000, 900, 930, 10, 40, unseen_since=at(9))),
            "Since 3 October: of 1,020 held-out swipes your model got 949 right, the one that came with swipefl 919: "
            "better.",
        ),
        (
            status(one()),
            "Your model of 12 November is new: of the 45 held-out swipes that it was chosen by it gets 41 right, the "
            "one that came with swipefl 40; no proven gain yet; if it goes on like this, about 1,700 more swipes would "
            "tell.",
        ),
        (
            status(one(right_base=41, only_now=0)),
            "Your model of 12 November is new: of the 45 held-out swipes that it was chosen by it gets the same 41 "
            "right as the one that came with swipefl; no proven gain yet.",
        ),
        (
            status(),
            "Your model was not judged yet: the next night does, once there are held-out swipes to judge it by.",
        ),
        (
            status(one(swipes=0)),
            "Your model was not judged yet: the next night does, once there are held-out swipes to judge it by.",
        ),
        (
            status(kept(39), in_use=None),
            "Predictions use the model that came with swipefl: of 45 held-out swipes it gets 40 right, and none of "
            "your own did better yet.",
        ),
        (  # who went back to the base
            status(counted(212, 193, 201, 0, 8), in_use=None),
            "Predictions use the model that came with swipefl: of 45 held-out swipes it gets 40 right.",
        ),
        (
            status(in_use=None, train=0),
            "Predictions use the model that came with swipefl: there are no swipes to learn from yet.",
        ),
        (
            status(in_use=None, train=1),
            "Predictions use the model that came with swipefl: there is 1 of the 8 swipes that it takes to learn.",
        ),
        (
            status(in_use=None, train=99),
            "Predictions use the model that came with swipefl: the next night learns from 99 swipes of yours.",
        ),
    ],
)
def test_the_first_sentence(known: Status, sentence: str) -> None:
    assert gained(known, TODAY) == sentence
    assert said(known, TODAY)[0] == sentence


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (one(), "24 new swipes; 41 of 45 held-out right, 40 before; kept the new model; nothing shared"),
        (
            one(new_swipes=1, right_before=41, shared="waits"),
            "1 new swipe; 41 of 45 held-out right as before, surer; kept the new model; "
            "what it learned waits to be sent",
        ),
        (
            one(new_swipes=0, right_before=41, surer=0.0, shared="sent", bytes_sent=551_895),
            "no new swipes; 41 of 45 held-out right as before; kept the new model; 552 KB shared",
        ),
        (
            kept(38, shared="refused", bytes_sent=551_895),
            "24 new swipes; 38 of 45 held-out right with a new model, 40 with the one in use; kept the one in use; "
            "552 KB sent, which the coordinator refused",
        ),
        (
            kept(40, shared="stale", bytes_sent=9),
            "24 new swipes; 40 of 45 held-out right with a new model as with the one in use; kept the one in use; "
            "1 KB sent, too late to count",
        ),
        (
            kept(41, shared="stale"),
            "24 new swipes; 41 of 45 held-out right with a new model, 40 with the one in use and more with the one it "
            "was made from; kept the one in use; nothing shared",
        ),
        (
            kept(0, 0, swipes=0, shared="sent"),
            "24 new swipes; none held out yet to judge a new model by; kept the one in use; what it learned was shared",
        ),
    ],
)
def test_a_night_is_one_sentence(found: Night, sentence: str) -> None:
    assert night(found) == sentence


def test_a_night_that_does_nothing_says_why_and_what_left_all_the_same() -> None:
    assert nothing_done("nothing new", "nothing") == "nothing to do: nothing new; nothing shared"
    assert nothing_done("nothing new", "sent", 2_000) == "nothing to do: nothing new; 2 KB shared"


def test_a_training_by_hand_is_told_beside_the_model_that_came_with_swipefl() -> None:
    report = TrainReport(208, 45, 6, 2.0, 1.5, 0.9, 0.9, True, "f", 99.0, 3.0, 45, 39, 40, 41, 0.2)
    assert trained(report) == [
        "Learned from 208 swipes; 41 of 45 held-out right, 40 before; kept the new model.",
        "The model that came with swipefl gets 39 of these 45 right.",
    ]
    alone = replace(report, held_out=0, swipes=0, right_base=0, right_before=0, right_new=0, adopted=False)
    assert trained(alone) == [
        "Learned from 208 swipes; none held out yet to judge a new model by; kept the one in use."
    ]


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (status(), "Nothing is shared: this device belongs to no federation."),
        (
            status(left=(Departure(at(3), 551_895, "sent"),)),
            "Nothing is shared: this device belongs to no federation; 552 KB left on 3 October, before.",
        ),
        (
            status(federation=MEMBER),
            "What your swipes teach the shared model is sent to the federation at example.org:8443, never swipes or "
            "words: nothing left yet.",
        ),
        (
            status(federation=replace(MEMBER, contributed=True)),
            "What your swipes teach the shared model is sent to the federation at example.org:8443, never swipes or "
            "words: something has left before, when is not known any more.",
        ),
        (
            status(
                left=(Departure(at(3), 551_895, "sent"),),
                federation=MEMBER,
                outbox=(WaitingUpdate("u", 9, 4_400),),
            ),
            "What your swipes teach the shared model is sent to the federation at example.org:8443, never swipes or "
            "words: 552 KB left on 3 October, 4 KB waits.",
        ),
        (
            status(left=(Departure(at(3), 2_099_000, "sent"),), node=NODE),
            "What your swipes teach the shared model is given to rounds of Flower, whose versions are signed by "
            "3f2a3f2a3f2a, never swipes or words: 2,099 KB left on 3 October.",
        ),
        (
            status(node=NODE),
            "What your swipes teach the shared model is given to rounds of Flower, whose versions are signed by "
            "3f2a3f2a3f2a, never swipes or words: nothing left yet.",
        ),
    ],
)
def test_what_is_shared(known: Status, sentence: str) -> None:
    assert shared(known, TODAY) == sentence
    assert said(known, TODAY)[-1] == sentence


NIGHTS = st.builds(
    lambda swipes, right, new, before, base, only, adopted, seen, what: one(
        swipes=swipes,
        right_base=min(base, swipes),
        right_before=min(before, swipes),
        right_new=min(new, swipes),
        right_now=min(new if adopted else before, swipes),
        new_swipes=right,
        adopted=adopted and swipes > 0,
        only_base=only,
        shared=what,
        unseen=seen,
        unseen_since=at(3) if seen else None,
        unseen_base=seen // 2,
        unseen_yours=seen // 2,
    ),
    *(st.integers(0, 500) for _ in range(6)),
    st.booleans(),
    st.integers(0, 50),
    st.sampled_from(["nothing", "waits", "sent", "refused", "stale"]),
)


@given(st.lists(NIGHTS, max_size=5), st.sampled_from([None, 1]), st.sampled_from([None, MEMBER]), st.integers(0, 9))
def test_whatever_happened_is_told_in_whole_sentences(
    nights: list[Night], in_use: int | None, member: FederationStatus | None, train: int
) -> None:
    sentences = said(status(*nights, in_use=in_use, train=train, federation=member), TODAY)
    assert all(sentence[0].isupper() and sentence.endswith(".") and sentence.count("\n") == 0 for sentence in sentences)
    assert not JARGON.search(" ".join(sentences))
    assert not re.search(r"\b1 (new |held-out )?swipes\b|None|nan|\bproven gain(?! yet)", " ".join(sentences))
    assert (FAIR in sentences) == any(night.unseen for night in nights)


@given(st.integers(1, 10**7))
def test_a_round_number_is_never_less_and_not_far_off(count: int) -> None:
    assert count <= about(count) <= max(count + 9, count * 1.1)


@given(st.lists(st.integers(0, 300), max_size=30))
def test_the_curve_is_of_the_last_swipes_that_no_model_was_chosen_by(unseen: list[int]) -> None:
    nights = [counted(n, n // 2, n // 2, 0, 0, finished_at=float(i)) for i, n in enumerate(unseen)]
    for stood in standing(nights):
        assert unseen[int(stood.finished_at)] > 0
        so_far = sum(unseen[: int(stood.finished_at) + 1])
        assert stood.swipes >= min(200, so_far)
        assert 20 <= stood.swipes <= so_far
        assert stood.swipes - 200 < 300
        assert stood.right_base == stood.right_yours <= stood.swipes


def test_rounds_of_one_night_are_one_night() -> None:
    first = one(adopted=True, right_before=40, right_new=41, right_now=41, surer=0.5, unseen=3, unseen_since=at(3))
    second = kept(40, before=41, new_swipes=0, surer=-0.25, update_id="u")
    both = together(first, second)
    assert night(both) == "24 new swipes; 41 of 45 held-out right, 40 before; kept the new model; nothing shared"
    assert (both.surer, both.unseen, both.unseen_since, both.update_id) == (0.5, 3, at(3), "u")
    assert not together(second, second).adopted
    later = kept(44, before=45, swipes=50, newest=12, new_swipes=5)
    assert (together(first, later).right_before, together(first, later).new_swipes) == (45, 29)

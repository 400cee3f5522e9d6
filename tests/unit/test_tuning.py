from dataclasses import replace

import numpy as np
import pytest

from examples.base.tune import choices_of, tuned_checkpoint
from swipefl.decoder.checkpoint import SPREADS, Checkpoint, ScoreWeights, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import calibration_error
from swipefl.decoder.lexicon import load_lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.tuning import Choice, score_step, tuned
from swipefl.errors import TooLittleData
from swipefl.gesture.before import Before
from swipefl.gesture.gesture import Example
from tests.support.people import examples

TRUE = ScoreWeights(0.8, 1.5, 0.6, 2.0, 0.3, 1.0, 0.5, 0.4, 3.0)


def drawn(count: int, seed: int = 0, lost: float = 0.0) -> list[Choice]:
    """Choices of people whose weights are TRUE; of some the word is not among the candidates."""
    rng = np.random.default_rng(seed)
    choices = []
    for _ in range(count):
        parts = rng.normal(0, 1, (30, len(TRUE.of_parts)))
        scores = parts @ TRUE.of_parts
        meant = int((scores + rng.gumbel(size=30)).argmax())  # a draw from the softmax
        choices.append(Choice(parts, None if rng.random() < lost else meant))
    return choices


def test_the_weights_of_those_who_chose_are_found_again() -> None:
    found = tuned(drawn(4_000), ScoreWeights(1.0, 1.0))
    assert found.of_parts == pytest.approx(TRUE.of_parts, rel=0.15, abs=0.12)


def test_words_that_cannot_be_found_make_it_less_sure_and_change_no_ranking() -> None:
    sure, unsure = (tuned(drawn(1_500, lost=lost), ScoreWeights(1.0, 1.0)) for lost in (0.0, 0.3))
    assert unsure.alpha < 0.8 * sure.alpha
    assert unsure.beta / unsure.alpha == pytest.approx(sure.beta / sure.alpha, rel=0.2)


def test_a_handful_of_choices_leads_to_weights_that_a_checkpoint_may_have() -> None:
    free = 0
    for count in (1, 3, 5, 8):
        for seed in range(5):
            few = [Choice(100 * choice.parts, choice.meant) for choice in drawn(count, seed)]
            found = tuned(few, ScoreWeights(1.0, 1.0))
            assert found.held == found
            free += np.abs(found.of_parts * SPREADS).max() < 19.9
    assert free


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(TooLittleData, match="candidates"):
        tuned([Choice(np.ones((3, 11)), None)], ScoreWeights(1, 1))


def test_weights_and_their_vector_are_the_same() -> None:
    assert ScoreWeights.from_parts(TRUE.of_parts) == TRUE


def test_a_checkpoint_is_tuned_on_examples() -> None:
    start = base_checkpoint()
    people = [example for seed in range(6) for example in examples(25, seed)]
    seen: list[ScoreWeights] = []
    after = tuned_checkpoint(start, people, seen.append)
    assert after.score == seen[-1] != start.score
    assert after.fingerprint != start.fingerprint
    assert mean_ln_probability(after, people) >= mean_ln_probability(start, people)


def test_an_example_is_chosen_with_what_stood_before_and_without() -> None:
    example = examples(1)[0]
    told = replace(example, gesture=replace(example.gesture, before=Before(("one", "of"))))
    decoder = Decoder(base_checkpoint(), load_lexicon, context_of=lambda languages: shipped_context(("en",)))
    (alone,) = choices_of(decoder, example)
    with_words, without = choices_of(decoder, told)
    assert np.array_equal(alone.parts, without.parts)
    assert with_words.parts[:, :9].tolist() == alone.parts[:, :9].tolist()
    assert with_words.parts[:, 9].any()
    assert not with_words.parts[:, 10].any()


def test_clients_that_each_take_a_step_tune_the_score_together() -> None:
    """Weights that trust frequencies far too much come near those of all swipes together, a few swipes a client."""
    far = replace(base_checkpoint(), score=replace(base_checkpoint().score, alpha=3.0))
    clients = [examples(8, seed) for seed in range(12)]
    everybody = [example for client in clients for example in client]
    now, moment = far, np.zeros(len(SPREADS))
    for _ in range(12):
        steps = [score_step(Decoder(now, load_lexicon), client, now.score).of_parts for client in clients]
        assert max(np.linalg.norm((there - now.score.of_parts) * SPREADS) for there in steps) <= 0.2001
        moment = 0.9 * moment + np.mean(steps, axis=0) - now.score.of_parts
        now = replace(now, score=ScoreWeights.from_parts(now.score.of_parts + moment))
    together = tuned_checkpoint(far, everybody, lambda score: None)
    start, reached, best = (mean_ln_probability(one, everybody) for one in (far, now, together))
    assert reached - start > 0.7 * (best - start) > 0.1


def test_a_step_on_words_that_are_no_candidates_goes_nowhere() -> None:
    start = base_checkpoint()
    unknown = [replace(example, word="qzxqzx") for example in examples(3)]
    assert score_step(Decoder(start, load_lexicon), unknown, start.score) == start.score


def mean_ln_probability(checkpoint: Checkpoint, people: list[Example]) -> float:
    decoder = Decoder(checkpoint, load_lexicon)
    found = [{c.word: c.probability for c in decoder.decode(e.gesture, 100)}.get(e.word, 1e-6) for e in people]
    return float(np.log(found).mean())


def test_calibration_error_is_the_distance_from_what_was_said() -> None:
    sure = np.array([0.95] * 10 + [0.5] * 10)
    right = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    assert calibration_error(sure, right) == pytest.approx(0.025)
    assert calibration_error(sure, np.ones(20, bool)) == pytest.approx(0.275)

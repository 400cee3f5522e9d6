"""Reports as plain objects for JSON: the same keys from every face, rounded to what they are worth."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swipefl.decoder.search import Candidate
    from swipefl.decoder.sight import Sight
    from swipefl.store.personal_words import PersonalWord
    from swipefl.store.phrases import Phrase


def plain_candidates(candidates: "Iterable[Candidate]", explain: bool = False) -> list[dict[str, object]]:
    """Words with their scores and probabilities; and what each score is the sum of."""
    return [
        {"word": c.word, "spelled": c.spelled, "score": round(c.score, 4), "probability": round(c.probability, 6)}
        | ({"parts": {name: round(part, 6) for name, part in c.parts.items()}} if explain else {})
        for c in candidates
    ]


def plain_word(word: "PersonalWord") -> dict[str, object]:
    """A word of the person's own."""
    languages = {"language": ",".join(word.languages), "languages": list(word.languages)}
    return {"word": word.word, **languages, "uses": word.uses, "origin": word.origin}


def plain_phrase(phrase: "Phrase") -> dict[str, object]:
    """A word behind others."""
    return {"before": " ".join(phrase.before), "word": phrase.word, "uses": phrase.uses, "last_at": phrase.last_at}


def plain_frames(sight: "Sight") -> list[dict[str, object]]:
    """Frames, their places in key widths."""
    return [
        {
            "x": round(frame.x, 4),
            "y": round(frame.y, 4),
            "meant_x": round(frame.meant_x, 4),
            "meant_y": round(frame.meant_y, 4),
            "letter": frame.letter,
            "probability": round(frame.probability, 6),
        }
        for frame in sight.frames
    ]

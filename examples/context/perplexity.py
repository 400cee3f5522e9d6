"""How well the model knows sentences: `python -m examples.context.perplexity [--wheel FILE] [SWIPES]`.

Prints the perplexity of `mail.txt`, everyday sentences that were written for this and stand nowhere else, and that of
the sentences of a file of swipes (lines with `text`, `before` and `word`). A model that had learnt from the sentences
that it is judged on would find them far easier than those.
"""

import argparse
import gzip
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from examples.context.__main__ import THRESHOLD, whole_model
from examples.context.pruning import pruned
from examples.context.source import START, NGrams
from swipefl.gesture.before import context_form

MAIL = Path(__file__).with_name("mail.txt")


@dataclass(frozen=True, eq=False)
class Lookup:
    """A model's natural logarithms by word; `spelled` finds contractions that are written without apostrophe."""

    p1: Mapping[str, float]
    b1: Mapping[str, float]
    p2: Mapping[tuple[str, str], float]
    b2: Mapping[tuple[str, str], float]
    p3: Mapping[tuple[str, str, str], float]
    spelled: Mapping[str, str]

    def known(self, word: str) -> str | None:
        """The word as the model has it; None where it does not."""
        form = context_form(word)
        return form if form in self.p1 else self.spelled.get(form)

    def ln(self, u: str | None, v: str | None, word: str) -> float:
        """ln p(word | u v)."""
        shorter = self.p1[word] if v is None else self.p2.get((v, word), self.b1.get(v, 0.0) + self.p1[word])
        if u is None or v is None:
            return shorter
        return self.p3.get((u, v, word), self.b2.get((u, v), 0.0) + shorter)


def lookup(model: NGrams) -> Lookup:
    """The model as dictionaries."""
    words = model.words
    pairs = [(words[u], words[v]) for u, v in zip(model.first.tolist(), model.second.tolist(), strict=True)]
    triples = [(*pairs[row], words[w]) for row, w in zip(model.pair.tolist(), model.third.tolist(), strict=True)]
    return Lookup(
        dict(zip(words, model.ln_p1.tolist(), strict=True)),
        dict(zip(words, model.ln_b1.tolist(), strict=True)),
        dict(zip(pairs, model.ln_p2.tolist(), strict=True)),
        dict(zip(pairs, model.ln_b2.tolist(), strict=True)),
        dict(zip(triples, model.ln_p3.tolist(), strict=True)),
        {word.replace("'", ""): word for word in reversed(words) if "'" in word},
    )


def perplexity(model: Lookup, sentences: Iterable[str]) -> tuple[float, float, int, int]:
    """That of the words that the model knows, with the words before and without, how many those are, and all."""
    told, alone, seen, known = 0.0, 0.0, 0, 0
    for sentence in sentences:
        u: str | None = None
        v: str | None = START
        for written in sentence.split():
            word = model.known(written)
            seen += 1
            if word is not None:
                known += 1
                told -= model.ln(u, v, word)
                alone -= model.p1[word]
            u, v = v, word
    return math.exp(told / known), math.exp(alone / known), known, seen


def sentences_of(swipes: Path) -> Iterator[str]:
    """The sentences that people were given, each once."""
    with gzip.open(swipes) if swipes.suffix == ".gz" else swipes.open("rb") as file:
        lines = [line for line in map(orjson.loads, file) if line.get("text") == "sentence"]
    begun = {f"{line['before']} {line['word']}".strip() for line in lines}
    yield from (text for text in sorted(begun) if not any(other.startswith(text + " ") for other in begun))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help="pocketsphinx's wheel, where it is not installed")
    parser.add_argument("swipes", type=Path, nargs="?", help="a file of swipes, whose sentences are compared")
    arguments = parser.parse_args()
    whole = whole_model(arguments.wheel)
    texts = {MAIL.name: MAIL.read_text().splitlines()}
    if arguments.swipes:
        texts[arguments.swipes.name] = list(sentences_of(arguments.swipes))
    for name, model in (("whole", whole), ("shipped", pruned(whole, THRESHOLD, THRESHOLD))):
        known = lookup(model)
        for title, sentences in texts.items():
            with_words, alone, count, seen = perplexity(known, sentences)
            print(f"{name}, {len(sentences)} sentences of {title}: {with_words:.0f}, single words {alone:.0f}")
            print(f"    {count} of {seen} words are known")


if __name__ == "__main__":
    main()

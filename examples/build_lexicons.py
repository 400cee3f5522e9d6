"""Builds the package's lexicons from wordfreq's large lists: `python examples/build_lexicons.py [--check]`.

With --check nothing is written; the exit status says whether the files are what this script would write.
"""

import argparse
import sys
import zlib
from collections import defaultdict
from pathlib import Path

import wordfreq

from swipefl.decoder import lexicon
from swipefl.gesture.gesture import fold

SIZE = 100_000
ALPHABETS = {"en": "abcdefghijklmnopqrstuvwxyz", "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя"}
FOLDER = Path(lexicon.__file__).parent / "lexicons"


def word_frequencies(language: str, size: int = SIZE) -> dict[str, float]:
    """The `size` most frequent folded words; words that fold alike (its, it's) have their frequencies added."""
    letters = frozenset(ALPHABETS[language])
    sums: defaultdict[str, float] = defaultdict(float)
    for word, frequency in sorted(wordfreq.get_frequency_dict(language, "large").items()):
        folded = fold(word)
        if folded and letters.issuperset(folded):
            sums[folded] += frequency
    kept = sorted(sums, key=lambda word: (-sums[word], word))[:size]
    return {word: sums[word] for word in kept}


def main() -> int:
    """Writes or checks both lists; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    stale = []
    for language, alphabet in ALPHABETS.items():
        content = lexicon.packed(alphabet, word_frequencies(language))
        path = FOLDER / f"{language}.bin"
        if not check:
            path.write_bytes(zlib.compress(content, 9))
        # zlib's builds differ in the bytes they write, so the content is compared
        elif not path.is_file() or zlib.decompress(path.read_bytes()) != content:
            stale.append(path.name)
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `python {sys.argv[0]}`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

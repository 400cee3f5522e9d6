"""Builds the package's lexicons, and which of their words are offensive: `python -m examples.lexicons [--check]`.

With --check nothing is written; the exit status says whether the files are what this would write. `--language de`
takes one language only. What the sources are and how they were changed: swipefl/decoder/lexicons/README.md.
"""

import argparse
import os
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from examples.lexicons.offensive import LETTERS, offensive_words
from examples.lexicons.words import swiss, written_frequencies
from swipefl.decoder import word_list
from swipefl.gesture.language import primary

FOLDER = Path(word_list.__file__).parent / "lexicons"
MOST_PROCESSES = 4  # each holds a gigabyte
# How many written forms; None: all that there are. The slowest come first.
SIZES = {
    "pl": 100_000, "ru": 100_000, "fi": 60_000, "en": None, "de": 100_000, "de-ch": 100_000, "es": 100_000,
    "fr": 100_000, "pt": 100_000, "it": 100_000, "nl": 100_000, "sv": 100_000, "uk": 100_000, "tr": None, "hu": None,
    "cs": 60_000, "nb": 60_000, "ca": 60_000, "ar": 60_000, "he": 60_000, "hr": None, "da": None, "el": None,
    "bg": None, "ro": None,
}  # fmt: skip


def contents(language: str) -> dict[str, bytes]:
    """The files of a language by name, before zlib."""
    frequencies = written_frequencies(primary(language), SIZES[language])
    if language == "de-ch":
        frequencies = swiss(frequencies)
    files = {f"{language}.bin": word_list.packed(frequencies)}
    if language in LETTERS:
        files[f"offensive-{language}.bin"] = "\n".join(offensive_words(language, frequencies)).encode()
    return files


def all_contents(languages: list[str]) -> Iterator[tuple[str, bytes]]:
    """The files of several languages, made side by side."""
    with ProcessPoolExecutor(min(MOST_PROCESSES, os.cpu_count() or 1)) as processes:
        for files in processes.map(contents, languages):
            yield from files.items()


def main() -> int:
    """Writes or checks the files; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--language", choices=sorted(SIZES), action="append", help="only this one")
    arguments = parser.parse_args()
    stale = []
    for name, content in all_contents(arguments.language or list(SIZES)):
        path = FOLDER / name
        if not arguments.check:
            path.write_bytes(zlib.compress(content, 9))
        # zlib's builds differ in the bytes they write, so the content is compared
        elif not path.is_file() or zlib.decompress(path.read_bytes()) != content:
            stale.append(path.name)
    if stale:
        sys.stderr.write(f"out of date: {', '.join(stale)}; run `python -m examples.lexicons`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

"""What may stand at the cursor of a command line: commands, options, and values out of `values.py`.

A shell asks by `_SWIPEFL_COMPLETE=SHELL swipefl WORDS...`, the last word being the one at the cursor, which may be
empty. The first line of the answer says `files` where a file may stand there, else `words`; each of the others is a
word, a tab, and what it is. The tree of commands is read and no command is made ready, so this loads nothing heavy.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from swipefl.cli.values import FILE, Offer, Typed, values

VARIABLE = "_SWIPEFL_COMPLETE"
HELP = Offer("--help", "Show this message and exit.")
MOST_LETTERS = 70  # of what a word is


def is_asked() -> bool:
    """Whether a shell asks what may stand at its cursor, and this is no command."""
    return VARIABLE in os.environ


def answer(root: Any, words: Sequence[str]) -> None:
    """Writes the answer; what goes wrong is silent, as who presses Tab asked for nothing else."""
    with suppress(Exception):
        shell, raw = os.environ[VARIABLE], words or [""]
        found = list(completed(root, _as_meant(raw, shell)))
        listed = [each for each in found if each != FILE and each.word.isprintable()]
        if shell == "bash":  # the others quote by themselves
            listed = [replace(each, word=_quoted(each.word, raw[-1][:1])) for each in listed]
        lines = ["files" if FILE in found else "words", *(f"{each.word}\t{_short(each.what)}" for each in listed)]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _short(what: str) -> str:
    shown = " ".join(what.split())
    return shown if len(shown) <= MOST_LETTERS else f"{shown[: MOST_LETTERS - 1]}…"


def _as_meant(words: Sequence[str], shell: str) -> list[str]:
    """The words without the quotes that bash leaves in all of them, and fish in the one at the cursor."""
    quoted = {"bash": len(words), "fish": 1}.get(shell, 0)
    plain = len(words) - quoted
    return [*words[:plain], *map(_unquoted, words[plain:])]


def _unquoted(word: str) -> str:
    """A word of a line that is being typed, where a quote may still be open, without its quotes."""
    for ended in (word, f"{word}'", f'{word}"', word[:-1]):
        with suppress(ValueError):
            return " ".join(shlex.split(ended))
    return word


def _quoted(word: str, mark: str) -> str:
    """A word as it may stand on a line of bash; `mark` is the quote that stands before it, if one does."""
    special = {"'": "", '"': r'["\\$`]'}.get(mark, r"[^\w@%+,./:=-]")
    return re.sub(special, r"\\\g<0>", word) if special else word


def completed(root: Any, words: Sequence[str]) -> Iterator[Offer]:
    """What may stand where the last of `words` does; each begins as that does."""
    *before, begun = words
    path, command = "", root
    while hasattr(command, "commands"):
        name = next((word for word in before if not word.startswith("-")), None)
        if name is None:
            yield from _of_group(command, begun)
            return
        before = before[before.index(name) + 1 :]
        path, command = f"{path} {name}".strip(), command.commands.get(name)
    if command is not None:
        yield from _of_command(command, path, before, begun)


def _of_group(group: Any, begun: str) -> Iterator[Offer]:
    if begun.startswith("-"):
        yield from _options(group, (), begun)
        return
    for name, command in group.commands.items():
        if name.startswith(begun) and not command.hidden:
            yield Offer(name, command.get_short_help_str(1000))


def _of_command(command: Any, path: str, before: Sequence[str], begun: str) -> Iterator[Offer]:
    there = _There(command)
    for word in before:
        there.take(word)
    typed = Typed(path, there.given, begun)
    if there.waiting is not None:
        yield from values(there.waiting.name, typed)
    elif there.may_be_option(begun):
        name, equals, value = begun.partition("=")
        option = there.options.get(name)
        if not equals:
            yield from _options(command, before, begun)
        elif option is not None:
            yield from _behind(f"{name}=", values(option.name, replace(typed, begun=value)))
    elif (argument := there.next_argument()) is not None:
        for each in values(argument.name, typed):
            if there.only_arguments or not each.word.startswith("-"):  # else it would be an option
                yield each


def _behind(start: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    """The values of an option behind its name and an equals sign."""
    for each in offers:
        yield each if each == FILE else replace(each, word=f"{start}{each.word}")


@dataclass
class _There:
    """What stands before the cursor: values by name, and the option whose value comes next, if one does."""

    command: Any
    given: dict[str, str] = field(default_factory=dict)
    placed: int = 0
    waiting: Any = None
    only_arguments: bool = False

    def __post_init__(self) -> None:
        options = [each for each in self.command.params if each.param_type_name == "option"]
        self.options = {name: each for each in options for name in (*each.opts, *each.secondary_opts)}
        self.arguments = [each for each in self.command.params if each.param_type_name == "argument"]

    def may_be_option(self, word: str) -> bool:
        """Whether a word is, or may become, an option."""
        return word.startswith("-") and word != "-" and not self.only_arguments

    def next_argument(self) -> Any:
        """The argument that would come next; None where there is none."""
        if self.arguments and self.arguments[-1].nargs == -1:
            return self.arguments[min(self.placed, len(self.arguments) - 1)]
        return self.arguments[self.placed] if self.placed < len(self.arguments) else None

    def take(self, word: str) -> None:
        """One word more."""
        if self.waiting is not None:
            self.given[self.waiting.name], self.waiting = word, None
        elif word == "--" and not self.only_arguments:
            self.only_arguments = True
        elif self.may_be_option(word):
            name, equals, value = word.partition("=")
            option = self.options.get(name)
            if option is not None and equals:
                self.given[option.name] = value
            elif option is not None and not option.is_flag:
                self.waiting = option
        else:
            self.placed += 1


def _options(command: Any, before: Sequence[str], begun: str) -> Iterator[Offer]:
    """Those that do not stand there yet."""
    used = {word.partition("=")[0] for word in before}
    for option in command.params:
        if option.param_type_name == "option" and (option.multiple or used.isdisjoint(option.opts)):
            for name in (*option.opts, *option.secondary_opts):
                if name.startswith(begun):
                    yield Offer(name, _meaning(option, name))
    if HELP.word.startswith(begun):
        yield HELP


def _meaning(option: Any, name: str) -> str:
    """What an option does; of a pair, whose help says `...; else ...`, each name has its own half."""
    said, _, otherwise = (option.help or "").partition("; else ")
    if not option.secondary_opts:
        return option.help or ""
    return f"{otherwise[:1].upper()}{otherwise[1:]}" if name in option.secondary_opts else said

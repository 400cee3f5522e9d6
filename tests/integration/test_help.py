"""`--help` of every command: plain, there, with examples, and without the heavy imports."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import typer

from swipefl.cli.app import app
from swipefl.cli.examples import EXAMPLES
from tests.support.command import HEAVY, ROOT, environment, swipefl
from tests.support.terminal import swipefl_on_terminal

CODE = """
import sys
from swipefl.cli.app import app
try: app(sys.argv[1:], prog_name="swipefl")
except SystemExit: pass
loaded = [name for name in {heavy} if name in sys.modules]
assert not loaded, loaded
"""
TREE: Any = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group."""
    yield ()
    for name, command in TREE.commands.items():
        yield (name,)
        yield from ((name, below) for below in getattr(command, "commands", ()))


def found(words: list[str]) -> tuple[Any, list[str]]:
    """The command that a line names, and what is left of the line."""
    command = TREE
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_is_there_and_light(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY), *words, "--help"],
        env=environment(tmp_path, COLUMNS="80"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(" ".join(("Usage: swipefl", *words)))
    assert len(done.stdout.splitlines()) > 4
    assert "..." not in done.stdout.partition("Commands:")[2], "a command's first sentence is too long for the list"
    assert "\nExamples:\n  " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def told_of_arguments() -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command with arguments, and what each is said to be."""
    groups = {words[:-1] for words in commands() if words}
    for words in set(commands()) - groups:
        command, _ = found(list(words))
        hints = get_type_hints(command.callback, include_extras=True)
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        yield from ((words, hints[each.name].__metadata__[0].help) for each in arguments)


def test_help_says_what_arguments_are(tmp_path: Path) -> None:
    told = list(told_of_arguments())
    assert len({words for words, _ in told}) > 10
    for words, help in told:
        assert help
        arguments = swipefl(tmp_path, *words, "--help").out.partition("\nArguments:\n")[2].partition("\n\n")[0]
        assert help in " ".join(arguments.split()), words
        assert "\\" not in arguments


def test_a_letter_asks_for_help_too(tmp_path: Path) -> None:
    for words in ((), ("words",), ("coordinator", "serve")):
        done = swipefl(tmp_path, *words, "-h")
        assert (done.code, done.out, done.err) == (0, swipefl(tmp_path, *words, "--help").out, "")


def test_every_command_has_examples_and_none_has_them_of_another() -> None:
    assert {" ".join(("swipefl", *words)) for words in commands()} == EXAMPLES.keys()
    for path, examples in EXAMPLES.items():
        assert examples
        assert all(path in line for line, _ in examples), path


def texts() -> Iterator[tuple[str, str]]:
    """Every command with arguments that a text of the package names, and the file that has it."""
    for path in sorted((ROOT / "swipefl").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for text in sorted(said):
            yield from ((path.name, line) for line in re.findall(r"`(swipefl [a-z][^`]*)`", text))


def test_a_command_that_a_text_names_is_understood_as_it_stands() -> None:
    """With what it cannot do without, unless it is only named: a person copies it."""
    named = list(texts())
    assert len(named) > 30
    for file, line in named:
        words = shlex.split(line)[1:]
        if len(words) == 1 and hasattr(TREE.commands.get(words[0]), "commands"):
            continue  # a group
        command, rest = found(words)
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        given = {word for word in rest if word.startswith("-")}
        assert given <= known | {"-"}, (file, line)
        asked = {each.opts[0] for each in command.params if each.param_type_name == "option" and each.required}
        assert not rest or asked <= given, (file, line)


@pytest.mark.parametrize("line", [line for examples in EXAMPLES.values() for line, _ in examples])
def test_an_example_is_a_line_that_is_understood(line: str) -> None:
    """By a shell, and by the command that it is of: what it asks for is not done."""
    assert subprocess.run(["bash", "-n", "-c", line], check=False).returncode == 0
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    of_it = takewhile(lambda word: not set(word) <= set("|&<>()"), words[words.index("swipefl") + 1 :])
    command, given = found(list(of_it))
    context = command.make_context(command.name, given)  # which raises what a person would be told
    assert not context.args


@pytest.mark.parametrize("words", [("keyboards", "add"), ("ingest",), ("coordinator", "serve")], ids=" ".join)
def test_examples_can_be_copied_off_a_narrow_terminal(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = swipefl_on_terminal(tmp_path, *words, "--help", columns=42, piped="err")
    _, _, examples = done.out.partition("\nExamples:\n")
    wanted = [line for line, _ in EXAMPLES[" ".join(("swipefl", *words))]]
    joined = examples.replace(" \\\n", " ").splitlines()
    assert [shlex.split(line) for line in joined if not line.startswith("      ")] == [*map(shlex.split, wanted)]

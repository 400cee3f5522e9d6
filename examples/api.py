"""Writes examples/API.md: what `import swipefl` promises, out of its signatures and docstrings.

`python -m examples.api` writes it, with `--check` it is only compared. Nothing is imported: what is read is the source.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).with_name("API.md")
FUNCTIONS = ("open", "coordinator", "simulate")
GROUPS = ("Words", "Keyboards", "Lexicons", "Timer", "Upkeep")
NOTES = """\
- A release may add functions, arguments with a default and fields of reports; it takes none away and gives none another
  meaning without the changelog saying so. What is not on this page may change at any time.
- An error is a `swipefl.SwipeflError`. Its `code` is stable, its `facts` are what it is about, its `remedy` names what
  helps. None has a word that a person swiped or a point of a gesture in it.
- Work that takes long asks `stop` at each safe moment: an error that it gives back is raised there, and what was
  finished is kept. Ctrl-C and a process that is killed lose no more.
- The matrices here are small. `OMP_NUM_THREADS=1` and `OPENBLAS_NUM_THREADS=1`, set before numpy is loaded, spare the
  processor threads that wait for one another; the command line sets them.
"""


def main() -> int:
    """Writes the page, or says whether it is what there is."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
        sys.stderr.write(f"{PAGE.relative_to(ROOT)} is not what the docstrings say: python -m examples.api\n")
        return 1
    return 0


def page() -> str:
    """The text of the page."""
    package = parsed("swipefl")
    promised = places(package)
    shown = ["## Functions\n"]
    shown += [text for name in FUNCTIONS for text in function(named(package, name), "swipefl.")]
    for name, prefix in (("Device", "device."), *((group, f"device.{group.lower()}.") for group in GROUPS)):
        shown += whole(promised, name, prefix)
    shown += whole(promised, "Coordinator", "coordinator.")
    shown += whole(promised, "FlowerProject", "project.")
    faces = {"Device", "Coordinator", "FlowerProject", "SwipeflError", *GROUPS}
    shown.append("## What they take and give\n")
    shown += [text for name in sorted(promised.keys() - faces) for text in record(promised, name)]
    errors = ast.get_docstring(parsed("swipefl.errors")) or ""
    title, _, tree = errors.partition("\n\n")
    tree, _, rest = tree.partition("\n\n")
    shown.append(f"## Errors\n\n`swipefl.errors` has them all. {title}\n\n```\n{tree}\n```\n\n{rest}\n")
    return "\n".join(["# swipefl in Python\n", introduction(package), NOTES, contents(shown), *shown])


def contents(shown: list[str]) -> str:
    """A line a section, with links to all that is in it."""
    lines: list[str] = []
    seen: Counter[str] = Counter()
    for title in (text.splitlines()[0] for text in shown if text.startswith("#")):
        level, _, name = title.partition(" ")
        anchor = name.lower().replace(".", "").replace(" ", "-")
        link = f"[{name.rpartition('.')[2]}](#{anchor}{f'-{seen[anchor]}' if seen[anchor] else ''})"
        seen[anchor] += 1  # as who renders it counts titles that are alike
        if level == "##":
            lines.append(f"- **{link}**:")
        else:
            lines[-1] += f"{'' if lines[-1].endswith(':') else ','} {link}"
    return "\n".join(lines) + "\n"


def introduction(package: ast.Module) -> str:
    """The docstring of the package, its example as code."""
    text = ast.get_docstring(package) or ""
    parts = text.split("\n\n")
    code = [part for part in parts if part.startswith("    ")]
    lines = "\n\n".join(code).splitlines()
    block = "```python\n" + "\n".join(line[4:] for line in lines) + "\n```"
    return "\n\n".join([parts[0], block, *[part for part in parts[1:] if part not in code]]) + "\n"


def places(package: ast.Module) -> dict[str, str]:
    """The promised names, and the rooms that they come from."""
    for node in package.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_PLACES":
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    raise LookupError("the package says nowhere what it promises")


def whole(promised: dict[str, str], name: str, prefix: str) -> Iterator[str]:
    """A class with its public methods."""
    node = named(parsed(promised[name]), name)
    assert isinstance(node, ast.ClassDef)
    yield f"## {name}\n"
    yield f"{ast.get_docstring(node)}\n"
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            yield from function(method, prefix)


def function(node: ast.AST, prefix: str) -> Iterator[str]:
    """A function: how it is called, and what it says."""
    assert isinstance(node, ast.FunctionDef)
    yield f"### {prefix}{node.name}\n"
    yield f"```python\n{signature(node)}\n```\n"
    yield f"{ast.get_docstring(node)}\n"


def record(promised: dict[str, str], name: str) -> Iterator[str]:
    """A dataclass with its fields, or a type of arguments."""
    room = parsed(promised[name])
    node = named(room, name)
    yield f"### {name}\n"
    if not isinstance(node, ast.ClassDef):
        assert isinstance(node, ast.AnnAssign)
        said = room.body[room.body.index(node) + 1]
        assert isinstance(said, ast.Expr)
        yield f"`{plain(node.value)}`\n"
        yield f"{ast.literal_eval(said.value)}\n"
        return
    yield f"{ast.get_docstring(node)}\n"
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    yield "".join(f"- `{ast.unparse(each.target)}: {plain(each.annotation)}`\n" for each in fields)


def signature(node: ast.FunctionDef) -> str:
    """`name(arguments) -> what`, as it is written, a line an argument where it is long; no default is a lambda."""
    arguments = node.args
    named = [*arguments.args, *arguments.kwonlyargs]
    defaults = [None] * (len(arguments.args) - len(arguments.defaults)) + arguments.defaults + arguments.kw_defaults
    shown = [_argument(*pair) for pair in zip(named, defaults, strict=True) if pair[0].arg != "self"]
    if arguments.kwonlyargs:
        shown.insert(len(shown) - len(arguments.kwonlyargs), "*")
    if arguments.kwarg:
        shown.append(f"**{_argument(arguments.kwarg, None)}")
    end = f" -> {plain(node.returns)}"
    line = f"{node.name}({', '.join(shown)}){end}"
    return line if len(line) <= 100 else "\n".join([f"{node.name}(", *(f"    {each}," for each in shown), f"){end}"])


def _argument(node: ast.arg, default: ast.expr | None) -> str:
    kind = f": {plain(node.annotation)}" if node.annotation else ""
    if default is None:
        return f"{node.arg}{kind}"
    return f"{node.arg}{kind} = {'...' if isinstance(default, ast.Lambda | ast.Name) else ast.unparse(default)}"


def plain(annotation: ast.expr | None) -> str:
    """An annotation without the quotes that keep it from being loaded."""
    text = "None" if annotation is None else ast.unparse(annotation)
    return text.replace("'", "").replace('"', "")


def parsed(room: str) -> ast.Module:
    """The source of a module."""
    path = ROOT.joinpath(*room.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def named(room: ast.Module, name: str) -> ast.stmt:
    """What a module calls so; in a module that only gives it on, where it comes from."""
    for node in room.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return node
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return named(parsed(str(node.module)), name)
    raise LookupError(name)


if __name__ == "__main__":
    sys.exit(main())

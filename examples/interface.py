"""Writes examples/INTERFACE.md: all that a script, a timer or a monitor may rely on, out of the code that does it.

`python -m examples.interface` writes it, with `--check` it is only compared. Keys of JSON are those of
examples/interface.jsonl, which `python -m tests.support.interface` writes out of real runs; a test runs them once more.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from examples.manual import exit_codes
from swipefl import errors
from swipefl.cli.app import app
from swipefl.errors import SwipeflError
from swipefl.settings.coordinator import CoordinatorSettings
from swipefl.settings.device import Settings
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX
from swipefl.settings.meanings import COORDINATOR, DEVICE
from swipefl.settings.sources import Sourced

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).with_name("INTERFACE.md")
RECORDED = Path(__file__).with_name("interface.jsonl")
PROMISE = """\
# What you may rely on

Scripts, timers and monitors may rely on what this page names: commands, options, keys of JSON, settings, variables,
exit codes, codes of errors, metrics, events of the log and names of units. A release may add to it. It takes nothing
away and gives nothing another meaning without CHANGELOG.md saying so under *Changed* or *Removed*; where the old and
the new can stand side by side, both work for one release.

That does not hold for sentences that people read, for the order of keys and rows, for the tables in the store
(`export` and `backup` are for that), nor for what is not on this page. The Python API and the HTTP API have pages of
their own: [API.md](API.md), [HTTP.md](HTTP.md).

Names say their units: `_s` and `seconds` are seconds, `ms_` milliseconds, `_at` seconds since 1970, `_c` degrees
Celsius, `bytes` bytes; `top1` and the like are shares between 0 and 1.
"""
LOG = """\
With `log = "json"` a line is an object: `event`, `level`, `timestamp`, `run_id`, and facts under names of their own.
Lines of libraries have `logger` too; sentences that a person would read are lines as well, and no events.
"""
METRICS_OF = {"federation": "`coordinator serve`", "api": "`serve`", "operations": "`--metrics-file`"}
KINDS_OF_METRICS = ("Counter", "Gauge", "Histogram")
OF_A_DEVICE = ("_set", "_set_all")  # which give each metric its prefix, and a label
VARIABLES = {
    "SWIPEFL_DEBUG": "set to anything: a bug is shown with where it is",
    "SWIPEFL_TOKEN": "the one-time token of `swipefl enroll`",
    "SWIPEFL_RUN_ID": "the `run_id` on every line of this run's log; else a new one",
    "INVOCATION_ID": "what systemd calls a unit's run: its `run_id`, where swipefl is what systemd started; `cycle` "
    "takes that of the `ingest` that ended just before it in the same home",
    "SYSTEMD_EXEC_PID": "by which it is known that it is",
    "SUDO_USER": "whose nights `swipefl timer install --system` makes, where --run-as does not say",
    "LC_ALL": "the language of who has set none; then LC_MESSAGES, LANG",
    "LC_MESSAGES": "likewise",
    "LANG": "likewise",
    "XDG_DATA_HOME": "the folder that the home is in, where SWIPEFL_HOME does not say",
    "XDG_CONFIG_HOME": "the folder that systemd/user is in, for the units of `swipefl timer`",
    "DBUS_SYSTEM_BUS_ADDRESS": "where UPower and NetworkManager are asked; else the system's usual bus",
    "RAY_ADDRESS": "the Ray cluster that `swipefl simulate --engine flower` runs on; else this machine",
    "TERM": "`dumb`: no progress is drawn on a terminal",
    "grpc_proxy": "the proxy to a coordinator; then https_proxy, http_proxy",
    "https_proxy": "likewise",
    "http_proxy": "likewise",
    "no_grpc_proxy": "hosts that need none; then no_proxy",
    "no_proxy": "likewise",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "authorities that certificates may come from, in place of the usual ones",
    "OMP_NUM_THREADS": "threads that learning takes; 1 where it is not set",
    "OPENBLAS_NUM_THREADS": "likewise",
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "how much of its own work PyTorch keeps to use again; 32 where it is not set",
    "GRPC_VERBOSITY": "what grpc itself says on standard error; nothing where it is not set",
}


def main() -> int:
    """Writes the page, or says whether it is what there is."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
        sys.stderr.write(f"{PAGE.relative_to(ROOT)} is not what the code says: python -m examples.interface\n")
        return 1
    return 0


def page() -> str:
    """The text of the page."""
    parts = (
        ("Commands", commands()),
        ("JSON", keys()),
        ("Settings", settings()),
        ("Variables of the environment", table("variable", "means", VARIABLES.items())),
        ("Exit codes", table("exit code", "means", exit_codes())),
        ("Codes of errors", codes()),
        ("Metrics", metrics()),
        ("Events of the log", events()),
        ("Units", units()),
    )
    shown = [f"## {title}\n\n" + "\n".join(lines) + "\n" for title, lines in parts]
    return "\n".join([PROMISE, *shown])


def commands() -> Iterator[str]:
    """Every command with its arguments and options."""
    root: Any = typer.main.get_command(app)
    yield "All take `-h` and `--help`; [COMMANDS.md](COMMANDS.md) says what each does.\n"
    yield from table("command", "options", _commands("swipefl", root))


def _commands(path: str, command: Any) -> Iterator[tuple[str, str]]:
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from _commands(f"{path} {name}", each)
    if below:
        return
    arguments = [_argument(each) for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    names = ", ".join(f"`{name}`" for each in options for name in (*each.opts, *each.secondary_opts))
    yield f"`{' '.join([path, *arguments])}`".replace("|", "\\|"), names


def _argument(each: Any) -> str:
    """What it is called; in brackets where it may be left out, with dots where many may stand."""
    name = each.metavar or each.name.upper()
    if each.nargs == -1:
        name = f"({name})..." if "|" in name else f"{name}..."
    return name if each.required else f"[{name}]"


def keys() -> Iterator[str]:
    """What each command says with --json."""
    yield "One object on one line; of `predict`, `export`, `simulate` many. `[]` is each of a list, `*` any name."
    yield "A key that may hold nothing is there all the same, as `null`, and one that is not in every object says `not"
    yield "always`; an object that is nothing has no keys. A list without keys was empty in the run that this is"
    yield "recorded from.\n"
    for line in RECORDED.read_text("utf-8").splitlines():
        told = json.loads(line)
        kinds = told["keys"]
        shown = (f"`{key}` ({kinds[key]})" if kinds[key] else f"`{key}`" for key in _in_order(list(kinds)))
        yield f"- `{told['command']}`: {', '.join(shown)}"


def _in_order(keys: list[str]) -> list[str]:
    """As they came, but an object that may be nothing stands before what is in it."""
    first = {key: min(n for n, each in enumerate(keys) if each == key or each.startswith(f"{key}.")) for key in keys}
    return sorted(keys, key=lambda key: (first[key], len(key)))


def settings() -> Iterator[str]:
    """Those of a device, then those of a coordinator."""
    for kind, meanings, prefix in ((Settings, DEVICE, PREFIX), (CoordinatorSettings, COORDINATOR, COORDINATOR_PREFIX)):
        yield f"In `{kind.file_name}`; as a variable `{prefix}` and the name in capitals.\n"
        yield "| setting | default | means |\n|---|---|---|"
        for name, meaning in meanings.items():
            yield f"| `{name}` | {_default(kind, name)} | {meaning} |"
        yield ""


def _default(kind: type[Sourced], name: str) -> str:
    field = kind.model_fields[name]
    if field.default_factory is not None:
        return "the platform's folder for a user's data"
    return "" if field.default is None else f"`{json.dumps(field.default, default=str)}`"


def codes() -> Iterator[str]:
    """The codes of errors, by the exit code that they end a command with."""
    yield "The `code` of a `SwipeflError`, of a problem of the HTTP API, and of a line that `predict` cannot answer.\n"
    found: dict[int, set[str]] = {}
    for _, node in calls():
        kind = getattr(errors, node.func.id, None) if isinstance(node.func, ast.Name) else None
        first = node.args[0] if node.args else None
        if isinstance(kind, type) and issubclass(kind, SwipeflError) and isinstance(first, ast.Constant):
            found.setdefault(kind.exit_code, set()).add(str(first.value))
    yield from table("exit code", "codes", ((str(code), _listed(names)) for code, names in sorted(found.items())))


def metrics() -> Iterator[str]:
    """Those of a coordinator, of the HTTP API and of a device's file."""
    yield "Counters end in `_total`; histograms have `_bucket`, `_sum` and `_count`.\n"
    yield "| metric | labels | of | means |\n|---|---|---|---|"
    for path, node in calls():
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [_constant(each) for each in node.args]
        if called not in KINDS_OF_METRICS + OF_A_DEVICE or not texts or not isinstance(texts[0], str):
            continue
        labels = list(next((each for each in texts if isinstance(each, tuple)), ()))
        name = f"{texts[0]}_total" if called == "Counter" else texts[0]
        if called in OF_A_DEVICE:
            name, labels = f"swipefl_device_{name}", ["name", *labels]
        yield f"| `{name}` | {_listed(labels)} | {METRICS_OF[path.parts[1]]} | {texts[1]} |"


def _constant(node: ast.expr) -> object:
    """What is written there, where that is plain."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def events() -> Iterator[str]:
    """The event of each line of the log."""
    yield LOG
    yield _listed({name for names in logged().values() for name in names})


def logged() -> dict[str, set[str]]:
    """What each call that logs may say, by its file and line; nothing where it hands on what others gave it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "swipefl").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (event := _event(node)) is not None:
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.setdefault(where, set()).update(_texts(event, tree))
    return found


def _event(node: ast.Call) -> ast.expr | None:
    """What a call logs, if it does; `.log` of a logger has the level before it."""
    func = node.func
    if isinstance(func, ast.Name) and func.id == "log":
        return node.args[0]
    if isinstance(func, ast.Attribute) and ast.unparse(func.value).startswith("structlog.get_logger("):
        return node.args[func.attr == "log"]
    return None


def _texts(event: ast.expr, tree: ast.Module) -> Iterator[str]:
    """The texts that it may be: those in it, or in what its file makes of a variable of that name."""
    if isinstance(event, ast.Name):
        for each in ast.walk(tree):
            if isinstance(each, ast.Assign) and event.id in {ast.unparse(target) for target in each.targets}:
                yield from _texts(each.value, tree)
    elif isinstance(event, ast.IfExp):
        yield from (*_texts(event.body, tree), *_texts(event.orelse, tree))
    elif isinstance(event, ast.Constant) and isinstance(event.value, str):
        yield event.value


def units() -> Iterator[str]:
    """The units of systemd that there are."""
    yield "[examples/systemd/](systemd) has their texts; `swipefl timer install` writes a device's.\n"
    names = {
        path.name for path in (Path(__file__).parent / "systemd").rglob("*") if path.suffix in (".service", ".timer")
    }
    yield _listed(names)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the package, with its file."""
    for path in sorted((ROOT / "swipefl").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path.relative_to(ROOT), node


def table(name: str, means: str, rows: Any) -> Iterator[str]:
    """Two columns."""
    yield f"| {name} | {means} |\n|---|---|"
    for first, second in rows:
        first = first if first.startswith("`") or first[:1].isdigit() else f"`{first}`"
        yield f"| {first} | {second} |"


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in (sorted(names) if isinstance(names, set) else names))


if __name__ == "__main__":
    sys.exit(main())

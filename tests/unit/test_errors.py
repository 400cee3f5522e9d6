"""What every error of the package promises: a code, the facts that it names, a remedy in no face's words."""

import ast
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter

import pytest

from swipefl import errors
from swipefl.cli.remedies import _WORDS, told
from swipefl.errors import (
    BadUpdate,
    CheckpointError,
    CoordinatorUnreachable,
    CredentialRefused,
    DataError,
    FederationError,
    Ineligible,
    Interrupted,
    RejectedLine,
    Remedy,
    StoreBusy,
    StoreError,
    SwipeflError,
    TooLittleData,
    TrustError,
    UnusableModel,
    UpdateRefused,
    UsageError,
    VersionConflict,
    WorkerLost,
)
from tests.support.command import ROOT

KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, SwipeflError)}
EXIT_CODES = {
    Ineligible: 0,
    UsageError: 2,
    DataError: 3,
    RejectedLine: 3,
    BadUpdate: 3,
    TooLittleData: 3,
    CheckpointError: 4,
    TrustError: 4,
    UnusableModel: 4,
    StoreError: 5,
    WorkerLost: 5,
    CoordinatorUnreachable: 6,
    UpdateRefused: 7,
    CredentialRefused: 7,
    StoreBusy: 8,
    VersionConflict: 8,
}


@dataclass(frozen=True)
class Made:
    """One place of the package where an error is made."""

    where: str
    kind: str
    code: str
    what: str
    remedy: str | None
    facts: frozenset[str] | None  # None: a dictionary of them
    is_face: bool


def made() -> Iterator[Made]:
    """Every error that the package makes, with its text looked up where that is a local name."""
    for path in sorted((ROOT / "swipefl").rglob("*.py")):
        if path.name == "errors.py":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        texts = [
            (node.lineno, target.id, node.value.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        ]
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in KINDS - {"Interrupted"}
            ):
                yield _read(f"{path.relative_to(ROOT)}:{node.lineno}", node, texts, "cli" in path.parts)


def _read(where: str, call: ast.Call, texts: list[tuple[int, str, str]], is_face: bool) -> Made:
    code, what, *more = call.args
    assert isinstance(code, ast.Constant), f"{where}: the code is no plain text"
    before = [text for line, name, text in sorted(texts) if line < call.lineno and name == getattr(what, "id", "")]
    text = what.value if isinstance(what, ast.Constant) else before[-1] if before else None
    assert isinstance(text, str), f"{where}: what it says is no plain text: facts go in by name"
    remedy = (
        more[0].attr if more and isinstance(more[0], ast.Attribute) and more[0].attr in Remedy.__members__ else None
    )
    names = [keyword.arg for keyword in call.keywords]
    return Made(
        where, call.func.id, code.value, text, remedy, None if None in names else frozenset(map(str, names)), is_face
    )


def fields(text: str) -> set[str]:
    """The facts that a text asks for."""
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(text) if name}


ALL = list(made())


def test_the_package_makes_many_errors() -> None:
    assert len(ALL) > 100


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.where)
def test_an_error_has_a_code_and_the_facts_that_it_and_its_remedy_name(error: Made) -> None:
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", error.code)
    asked = fields(error.what) | fields(_WORDS[Remedy[error.remedy]] if error.remedy else "")
    assert error.facts is None or asked <= error.facts, "a fact is missing"


@pytest.mark.parametrize("error", [e for e in ALL if not e.is_face], ids=lambda error: error.where)
def test_no_room_below_the_faces_speaks_of_flags_or_commands(error: Made) -> None:
    assert "`swipefl" not in error.what
    assert not re.search(r"(^|\s)--[a-z]", error.what)


def test_one_code_names_one_kind_of_error_with_one_remedy() -> None:
    """But for lines and updates, whose codes are the reasons that files and the wire know."""
    named: dict[str, set[tuple[str, str | None]]] = {}
    for error in ALL:
        if error.kind not in ("RejectedLine", "BadUpdate") and error.code != "wrong-setting":  # which hands one on
            named.setdefault(error.code, set()).add((error.kind, error.remedy))
    assert {code: meanings for code, meanings in named.items() if len(meanings) > 1} == {}


def test_every_remedy_is_worded_and_used() -> None:
    assert set(_WORDS) == set(Remedy)
    handed_on = {Remedy.INGEST_AGAIN, Remedy.RESTORE_COPY, Remedy.MEND, Remedy.WITHOUT_SYSTEMD}
    assert {Remedy[e.remedy] for e in ALL if e.remedy} | handed_on == set(Remedy)


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items(), ids=lambda kind: getattr(kind, "__name__", ""))
def test_exit_codes_stay(kind: type[SwipeflError], code: int) -> None:
    assert kind.exit_code == code


def test_what_a_visit_can_end_in_is_one_branch_and_distrust_one_of_its_own() -> None:
    assert all(
        issubclass(k, FederationError) for k in (CoordinatorUnreachable, UpdateRefused, UnusableModel, TrustError)
    )
    assert issubclass(CredentialRefused, TrustError)
    assert issubclass(StoreBusy, StoreError)
    assert not issubclass(VersionConflict, StoreError)


class Unprintable:
    """What some library raised, say."""

    def __format__(self, spec: str) -> str:
        raise OverflowError("int too large")


@pytest.mark.parametrize("facts", [{}, {"count": Unprintable(), "path": "p"}, {"count": "many", "path": "p"}])
def test_an_error_that_cannot_be_worded_is_still_that_error(facts: dict[str, object]) -> None:
    """It is told where no other error may come up any more."""
    error = UsageError("a-code", "{path} has {count:.1f}", Remedy.INGEST_AGAIN, **facts)
    assert str(error) == "{path} has {count:.1f}"
    assert told(error).startswith("{path} has {count:.1f}; keep a copy")


@pytest.mark.parametrize("kind", [*EXIT_CODES, SwipeflError], ids=lambda kind: kind.__name__)
def test_an_error_crosses_processes_whole(kind: type[SwipeflError]) -> None:
    """The workers of a simulation are processes."""
    error = kind("a-code", "{path} has {count:.1f} {{braces}}", Remedy.TRY_LATER, path="a{b}", count=2)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.code, again.remedy, again.facts) == (str(error), "a-code", error.remedy, error.facts)
    assert told(again) == "a{b} has 2.0 {braces}; try again later"
    assert pickle.loads(pickle.dumps(Interrupted(15))).signum == 15

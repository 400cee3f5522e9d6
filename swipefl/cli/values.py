"""What may stand for an option or an argument: fixed words, files, and what a look into the store finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from swipefl.database.glimpse import glimpse
from swipefl.federation.strategy import OPTIMIZERS, RULES
from swipefl.gesture.keyboards.layouts import LAYOUTS
from swipefl.settings.homes import likely_home
from swipefl.store.handles import handle_of, meanings

MOST = 100  # of what there may be thousands of
MODELS = {"personal": "your model", "global": "the newest one received", "base": "the model that came with swipefl"}
FORMATS = ("swipefl", "how-we-swipe", "neuroswipe", "futo", "heliboard", "cleverkeys", "table")
DEVICES = ("auto", "cpu", "cuda")
STORE, COORDINATOR = "swipefl.db", "coordinator.db"


@dataclass(frozen=True)
class Offer:
    """A word that may stand there, and what it is."""

    word: str
    what: str = ""


FILE = Offer("")  # any file: its name is completed by the shell


@dataclass(frozen=True)
class Typed:
    """A command ("words add"), what was given to it by name, and what the word at the cursor begins with."""

    command: str
    given: Mapping[str, str]
    begun: str


def values(name: str, typed: Typed) -> Iterator[Offer]:
    """What may stand for the option or argument `name`; each begins as the word at the cursor does."""
    offers = VALUES.get(f"{typed.command} {name}") or VALUES.get(name)
    for each in dict.fromkeys(offers(typed) if offers else ()):
        if each == FILE or each.word.startswith(typed.begun):
            yield each


def _file(typed: Typed) -> Iterable[Offer]:
    return (FILE,)


def _nothing(typed: Typed) -> Iterable[Offer]:
    return ()


def _words(*words: str) -> Callable[[Typed], Iterable[Offer]]:
    return lambda typed: map(Offer, words)


def _rows(typed: Typed, query: str, *given: object) -> list[tuple[Any, ...]]:
    """What a query finds in the store of the command, a coordinator's or a device's."""
    is_coordinator = typed.command.startswith("coordinator ")
    home = likely_home(typed.given.get("home", ""), is_coordinator)
    return glimpse(home / (COORDINATOR if is_coordinator else STORE), query, given) if home else []


def _models(typed: Typed) -> Iterator[Offer]:
    for model, what in MODELS.items():
        yield Offer(model, what)


def _checkpoints(typed: Typed) -> Iterator[Offer]:
    for model in ("base", "global"):
        yield Offer(model, MODELS[model])
    for id, kind, made in _rows(typed, "SELECT id, kind, created_at FROM checkpoints ORDER BY id DESC"):
        yield Offer(str(id), f"{kind}, made {_day(made)}")


def _gestures(typed: Typed) -> Iterator[Offer]:
    """The newest ones, by id; by handle where several have that id, or a handle was begun."""
    *_, (condition, given) = meanings(typed.begun) if typed.begun else [("1", ())]
    query = f"""SELECT id, trace, word, stored_at, (SELECT count(*) FROM gestures others WHERE others.id = gestures.id)
        FROM gestures WHERE {condition} ORDER BY number DESC LIMIT {MOST}"""
    for id, trace, word, stored_at, named in _rows(typed, query, *given):
        is_unique = named == 1 and id.startswith(typed.begun)
        yield Offer(id if is_unique else handle_of(trace), f"{word}, {_day(stored_at)}")


def _own_words(typed: Typed) -> Iterator[Offer]:
    return _beginning(typed, "gestures")


def _hidden_words(typed: Typed) -> Iterator[Offer]:
    return _beginning(typed, "hidden_words")


def _personal_words(typed: Typed) -> Iterator[Offer]:
    """Those that were added, and those that were swiped at least twice."""
    yield from _beginning(typed, "words", "AND NOT removed")
    yield from _beginning(typed, "gestures", "GROUP BY word HAVING count(*) > 1")


def _beginning(typed: Typed, table: str, rest: str = "") -> Iterator[Offer]:
    query = (
        f"SELECT DISTINCT word FROM {table} WHERE word >= ?1 AND substr(word, 1, length(?1)) = ?1 {rest} LIMIT {MOST}"
    )
    return (Offer(word) for (word,) in _rows(typed, query, typed.begun))


def _keyboards(typed: Typed) -> Iterator[Offer]:
    for name, layout in LAYOUTS.items():
        yield Offer(name, ", ".join(layout.languages))
    yield from _own_keyboards(typed)


def _own_keyboards(typed: Typed) -> Iterator[Offer]:
    for name, language in _rows(typed, "SELECT name, language FROM keyboards ORDER BY name"):
        if name not in LAYOUTS:
            yield Offer(name, f"{language}, your own")


def _keyboards_and_files(typed: Typed) -> Iterator[Offer]:
    yield from _keyboards(typed)
    yield FILE


def _languages(typed: Typed) -> Iterator[Offer]:
    """The next one of `de,en`."""
    others, comma, _ = typed.begun.rpartition(",")
    for tag in sorted({*_shipped(), *(each.word for each in _own_lexicons(typed))} - set(others.split(","))):
        yield Offer(f"{others}{comma}{tag}")


def _shipped() -> Iterator[str]:
    for file in resources.files("swipefl.decoder").joinpath("lexicons").iterdir():
        if file.name.endswith(".bin") and not file.name.startswith("offensive"):
            yield file.name.removesuffix(".bin")


def _own_lexicons(typed: Typed) -> Iterator[Offer]:
    for language, name in _rows(typed, "SELECT language, name FROM lexicons ORDER BY language"):
        yield Offer(language, name)


def _devices(typed: Typed) -> Iterator[Offer]:
    """Some of the many that there may be; those that were seen last come first."""
    some = f"""SELECT id, name, seen_at FROM devices
        WHERE id >= ?1 AND id < ?1 || char(0x10FFFF) AND NOT revoked LIMIT {MOST}"""
    for id, name, seen_at in _rows(typed, f"SELECT * FROM ({some}) ORDER BY seen_at DESC", typed.begun):
        yield Offer(id, f"{name or 'a device'}, seen {_day(seen_at)}")


def _versions(typed: Typed) -> Iterator[Offer]:
    query = "SELECT number, made_by, created_at FROM versions WHERE blob IS NOT NULL ORDER BY number DESC"
    for number, made_by, made in _rows(typed, query):
        yield Offer(str(number), f"{made_by} {_day(made)}")


def _day(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s).strftime("%Y-%m-%d")


# By name, where commands mean the same by it; else by command and name. What is not here has no values to offer.
VALUES: dict[str, Callable[[Typed], Iterable[Offer]]] = {
    **dict.fromkeys(
        ("home", "path", "paths", "file", "rejects", "prior", "svg", "png", "ca", "token_file", "logs"), _file
    ),
    **dict.fromkeys(
        ("tls_cert", "tls_key", "client_ca", "holdout", "checkpoint", "signing_key", "log_file", "metrics_file"), _file
    ),
    **dict.fromkeys(("simulate evaluation", "simulate out", "simulate start"), _file),
    "language": _languages,
    "lexicons remove language": _own_lexicons,
    "keyboard": _keyboards_and_files,
    "keyboards show name": _keyboards,
    "keyboards remove name": _own_keyboards,
    "format": _words(*FORMATS),
    "model": _models,
    "device": _words(*DEVICES),
    "rule": _words(*RULES),
    "optimizer": _words(*OPTIMIZERS),
    "gesture_id": _gestures,
    "forget id": _gestures,
    "word": _own_words,
    "words add word": _nothing,
    "words remove word": _personal_words,
    "words unhide word": _hidden_words,
    "reset to": _checkpoints,
    "coordinator devices revoke": _devices,
    "coordinator devices after": _devices,
    "coordinator devices state": _words("active", "silent", "left", "revoked"),
    "coordinator rollback version": _versions,
    "completion shell": _words("bash", "zsh", "fish"),
}

"""What `doctor` looks at of a device, in which order, and what it mends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.errors import StoreError
from swipefl.federation.device.node import followed
from swipefl.gesture.language import Languages
from swipefl.operations.checks import federation, home, running, software, stored
from swipefl.operations.checks.clock import clock
from swipefl.operations.doctor import Check
from swipefl.operations.findings import Finding, of_error
from swipefl.operations.mending import mend_database
from swipefl.stopping import Stop
from swipefl.store.membership import Membership
from swipefl.store.store import Store

if TYPE_CHECKING:  # loads grpc
    from swipefl.federation.device.endpoint import Endpoint


@dataclass(frozen=True)
class Subject:
    """A device as its doctor sees it: who asks (`uid`), its home and the file of its store.

    `looked` opens the store without a trace, `alone` to mend it, with nobody beside. `load_settings` raises UsageError
    for what is wrong with them; `languages` says what the person writes in and what says so.
    """

    uid: int
    home: Path
    path: Path
    settings: Path
    looked: Callable[[], Store]
    alone: Callable[[], AbstractContextManager[Store]]
    load_settings: Callable[[], object]
    languages: Callable[[Store], tuple[Languages, str]]
    keyboard: str | None
    least_disk_mb: float
    endpoint_of: "Callable[[Membership], Endpoint]"
    now: Callable[[], float] = time.time


def device_checks(of: Subject, stop: Stop, others: Sequence[Check] = ()) -> list[Check]:
    """All that is looked at; `others` are of other rooms. Of a home that is not there nothing is looked at twice."""
    checks = [
        Check("software", software.software),
        Check(software.SETTINGS, lambda: software.settings(of.load_settings, of.home / "config.toml")),
        Check(home.HOME, lambda: home.home_folder(of.home, of.uid), lambda: home.close(of.home, of.uid)),
    ]
    if home.is_there(of.home):
        checks += [
            Check(home.PERMISSIONS, lambda: home.permissions(of.home, of.uid), lambda: home.close(of.home, of.uid)),
            Check(running.LOCK, lambda: running.lock(of.home)),
            Check(
                running.LEFTOVERS,
                lambda: running.leftovers(of.home, (of.path, of.settings), of.now()),
                lambda: running.clear(of.home, (of.path, of.settings), of.now()),
            ),
            Check(
                stored.DATABASE,
                lambda: stored.database(of.path, of.looked, stop),
                lambda: mend_database(of.alone, stop),
            ),
            *(Check(name, _look(of, name, look)) for name, look in _contents(of).items()),
        ]
    return [
        *checks,
        Check("clock", lambda: clock(of.now(), _marks(of))),
        Check(running.DISK, lambda: running.disk(of.home, of.path, of.least_disk_mb)),
        Check(federation.FEDERATION, lambda: _federation(of)),
        Check(federation.VISITS, lambda: _visits(of), lambda: _reset(of)),
        Check(federation.CONNECTION, lambda: _connection(of)),
        *others,
    ]


def _look(of: Subject, name: str, look: Callable[[Store], Iterator[Finding]]) -> Callable[[], Iterator[Finding]]:
    return lambda: stored.looking(name, of.path, of.looked, look)


def _contents(of: Subject) -> dict[str, Callable[[Store], Iterator[Finding]]]:
    return {
        stored.MODELS: stored.models,
        stored.LANGUAGES: lambda store: stored.languages(store, *of.languages(store)),
        stored.KEYBOARDS: lambda store: stored.keyboards(store, of.keyboard),
        stored.SIZE: stored.size,
        stored.BACKUP: stored.backup,
    }


def _marks(of: Subject) -> dict[str, float | None]:
    with suppress(StoreError), of.looked() as store:
        return stored.marks(store)
    return {}


def _member(of: Subject) -> tuple[Membership | None, int] | None:
    """Where this device belongs, and how many updates wait; None where that cannot be read."""
    try:
        with of.looked() as store:
            return store.memberships.get(), len(store.outbox.waiting())
    except StoreError as error:
        return (None, 0) if error.code == "no-store" else None


def _federation(of: Subject) -> Iterator[Finding]:
    if (known := _member(of)) is None:
        says = "whether this device belongs to a federation cannot be read"
        yield Finding(federation.FEDERATION, "unknown", says, "see what is said of the database")
        return
    try:
        with of.looked() as store:
            node = followed(store.meta)
    except StoreError as error:
        if error.code != "no-store":
            yield of_error(federation.FEDERATION, error)
            return
        node = None
    yield from federation.federation(*known, node)


def _visits(of: Subject) -> Iterator[Finding]:
    if (known := _member(of)) and known[0]:
        yield from federation.visits(known[0], of.now())


def _reset(of: Subject) -> Iterator[str]:
    with of.alone() as store:
        yield from federation.reset(store)


def _connection(of: Subject) -> Iterator[Finding]:
    if (known := _member(of)) and (member := known[0]):
        yield from federation.connection(lambda: of.endpoint_of(member))

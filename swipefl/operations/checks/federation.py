"""Whether the coordinator can be spoken to: who answers, by which certificates, and what became of the last visits."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from swipefl.federation.device.breaker import closed, left_s, state_of
from swipefl.federation.device.node import Followed
from swipefl.operations.checks.clock import minute
from swipefl.operations.findings import Finding, State, counted, of_error
from swipefl.store.membership import Membership
from swipefl.store.store import Store

if TYPE_CHECKING:  # loads grpc, which a device on its own never needs
    from cryptography.x509 import Certificate

    from swipefl.federation.device.diagnosis import Seen
    from swipefl.federation.device.endpoint import Endpoint

FEDERATION, CONNECTION, CERTIFICATES, VISITS = "federation", "connection", "certificates", "visits"
LOOK_S = 15.0  # for all that is asked of a network
SOON_DAYS = 21  # that a certificate is worth a word before it expires
OFFLINE = "check this device's network; nights go on without, and what waits to be sent is kept"


def federation(member: Membership | None, waiting: int, node: Followed | None) -> Iterator[Finding]:
    """Which federation this device belongs to."""
    if member is None and node:
        says = f"this device is a node of Flower, and follows the versions that {node.key.hex()[:12]} signs"
        yield Finding(FEDERATION, "ok", f"{says}; `swipefl leave` forgets them")
    elif member is None:
        yield Finding(FEDERATION, "ok", "this device belongs to no federation: nothing ever leaves it")
    else:
        says = f"this device is {member.device_id} at {member.address}; {counted(waiting, 'update')} to be sent"
        yield Finding(FEDERATION, "ok", says)


def visits(member: Membership, now: float) -> Iterator[Finding]:
    """What became of the last visits, and when the next one is."""
    left = left_s(member, now)
    until = f"timers stay away until {minute(now + left)}" if left else "the next timer tries again"
    if not member.failures:
        went = "failed, which counts no more" if member.fault else "came through"
        last = f"the last visit, at {minute(member.tried_at)}, {went}" if member.tried_at else "there was none yet"
        yield Finding(VISITS, "ok", f"{last}; {until}" if left else last)
        return
    state = state_of(member, now)
    count = "the last visit" if member.failures == 1 else f"the last {member.failures} visits"
    says = f"{count} failed, at {minute(member.tried_at)}; {until}"
    error = member.fault.error if member.fault else None
    if error:
        says = f"{says} ({error})"
    remedy = None if error and error.remedy else "`swipefl sync` tries now"
    yield Finding(VISITS, "note" if state == "closed" else "wrong", says, remedy, can_fix=True, error=error)


def reset(store: Store) -> Iterator[str]:
    """Failures count no more: the next timer visits again. Raises StoreError."""
    with store.transaction():
        member = store.memberships.get()
        if member and member.failures:
            store.memberships.set(closed(member))
            yield "the failed visits count no more: the next timer visits again"


def connection(endpoint_of: Callable[[], "Endpoint"], look_s: float = LOOK_S) -> Iterator[Finding]:
    """Whether the coordinator answers, and when which certificate on the way expires. Ends within `look_s`."""
    looked = _within(look_s, endpoint_of)
    if looked is None:
        yield Finding(CONNECTION, "wrong", f"nobody answered within {look_s:.0f} s", OFFLINE)
        return
    endpoint, seen = looked
    if seen.fault:
        yield of_error(CONNECTION, seen.fault)
    elif not seen.answers:
        yield Finding(CONNECTION, "wrong", f"nobody answers at {endpoint.where} ({seen.why})", OFFLINE)
    else:
        over = "over TLS" if endpoint.is_secure else "without TLS"
        yield Finding(CONNECTION, "ok", f"a coordinator answers at {endpoint.where}, {over}")
    yield from _certificates(endpoint, seen)


def _within(look_s: float, endpoint_of: Callable[[], "Endpoint"]) -> "tuple[Endpoint, Seen] | None":
    """What is seen there, None where that takes too long: names are looked up without any bound."""
    from swipefl.federation.device.diagnosis import seen

    found: list[tuple[Endpoint, Seen] | Exception] = []

    def look() -> None:
        try:
            endpoint = endpoint_of()
            found.append((endpoint, seen(endpoint)))
        except Exception as error:
            found.append(error)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    until = time.monotonic() + look_s
    while looking.is_alive() and time.monotonic() < until:
        looking.join(0.1)  # a signal is heard in between
    if found and isinstance(found[0], Exception):
        raise found[0]
    return found[0] if found and not isinstance(found[0], Exception) else None


def _certificates(endpoint: "Endpoint", seen: "Seen") -> Iterator[Finding]:
    from cryptography.x509 import load_pem_x509_certificates

    authority = load_pem_x509_certificates(endpoint.ca) if endpoint.ca else []
    own = load_pem_x509_certificates(endpoint.certificate) if endpoint.certificate else []
    whose = [("the coordinator's", each) for each in seen.chain[:1]]
    whose += [("its authority's", each) for each in (*seen.chain[1:], *(a for a in authority if a not in seen.chain))]
    whose += [("this device's", each) for each in own]
    if whose:
        yield _expiring(whose, datetime.now(UTC))


def _expiring(whose: "Sequence[tuple[str, Certificate]]", now: datetime) -> Finding:
    """When each expires, or begins to be valid if it is not yet; the one that is first says how that is."""
    from swipefl.federation.device.diagnosis import names_of

    early = [each for each in whose if each[1].not_valid_before_utc > now]
    whose = early + sorted((each for each in whose if each not in early), key=lambda each: each[1].not_valid_after_utc)
    told = []
    for name, certificate in whose:
        try:
            names = names_of(certificate)
        except ValueError:
            names = "others"
        begins = certificate.not_valid_before_utc
        when = f"is not valid before {begins:%Y-%m-%d %H:%M} UTC" if begins > now else ""
        told.append(f"{name} ({names}) {when or f'expires on {certificate.not_valid_after_utc:%Y-%m-%d}'}")
    days = (whose[0][1].not_valid_after_utc - now).days
    state: State = "wrong" if early or days < 0 else "note" if days < SOON_DAYS else "ok"
    remedy = None
    if state != "ok":
        remedy = "make a new one" if whose[0][0] == "this device's" else "tell whoever runs the coordinator"
        remedy = f"set this device's clock, if it is behind; else {remedy}" if early else remedy
    says = f"{'; '.join(told)}" + (f": in {days} days" if state == "note" else "")
    return Finding(CERTIFICATES, state, says, remedy)

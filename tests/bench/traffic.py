"""Bytes on the wire of a device's visits, over TLS, and how soon its devices have a version; part of `make scale`."""

import math
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.enrolment import enroll
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.protocol.token import Token
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.certificates import certificates
from tests.support.coordinator import coordinator
from tests.support.proxy import Proxy, proxied
from tests.support.reach import hours_until, month, nights_until
from tests.support.updates import update


def visits() -> dict[str, tuple[int, int]]:
    """Bytes up and down of one visit of the real client over TLS, a new connection each, by what is done in it."""
    with tempfile.TemporaryDirectory() as folder:
        home, made = Path(folder) / "device", certificates(Path(folder) / "tls")
        served = coordinator(
            Path(folder) / "coordinator",
            "--buffer",
            "1",
            "--tls-cert",
            str(made.certificate),
            "--tls-key",
            str(made.key),
        )
        with served as serving, proxied(serving.address) as proxy, Store(home / "swipefl.db") as store:
            endpoint = Endpoint(proxy.address.replace("127.0.0.1", "localhost"), made.ca.read_bytes())
            figures = {
                "enrolling": passed(proxy, lambda: enroll(store, endpoint, Token.parse(serving.token()), Client))
            }

            def connect(member: Membership) -> Client:
                return Client(endpoint, member.authorization)

            def visited() -> None:
                with connect(member) as client:
                    Exchange(store, home, lambda member: client).run()

            member = store.memberships.get()
            assert member
            visited()
            figures["nothing is new"] = passed(proxy, visited)
            member = store.memberships.get()  # which knows by now what its update is of
            assert member
            facts = (secrets.token_hex(8), member.fingerprint, time.time(), 100, update(), False, "1")
            store.outbox.queue(QueuedUpdate(*facts))
            figures["an update is sent"] = passed(proxy, visited)
            serving.wait_for_version(2)
            figures["a version comes"] = passed(proxy, visited)
    return figures


def passed(proxy: Proxy, work: Callable[[], object]) -> tuple[int, int]:
    """Bytes that went up and down through a proxy."""
    up, down = proxy.up, proxy.down
    work()
    return proxy.up - up, proxy.down - down


def main() -> None:
    """Prints it."""
    figures = visits()
    for name, (up, down) in figures.items():
        print(f"{name:30} {up:>10,} bytes up {down:>12,} down")
    for versions in (0.1, 1.0):
        up, down = month(figures, versions)
        print(f"a month, {versions:g} versions a night: {up:.1f} MB up, {down:.1f} MB down")
    for away in (0.3, 0.5):
        for alike in (math.inf, 3.0):
            nights = nights_until(0.95, away, alike)
            hours = hours_until(0.95, away, alike, out_at_h=12.0)
            print(
                f"away {away:.0%}, alike {alike:g}: 95 % after {nights} nights; simulated, out at noon: {hours:.0f} h"
            )


if __name__ == "__main__":
    main()

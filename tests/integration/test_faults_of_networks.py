"""What can never pass on a network: told at once, with its cause first, with exit code 2; and a night goes on."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Event

import grpc
import numpy as np
import pytest

from swipefl.cli.remedies import told
from swipefl.errors import CoordinatorUnreachable, Interrupted, UsageError
from swipefl.federation.device.breaker import LONGEST_BACK_OFF_S, state_of
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.protocol.token import Token
from tests.support.certificates import Certificates, certificates
from tests.support.command import SHORT, swipefl
from tests.support.coordinator import Coordinator
from tests.support.people import examples
from tests.support.phones import Phone
from tests.support.stores import put
from tests.support.strangers import grpc_server, http2, over_tls, speaking, ssh, web_page
from tests.support.waiting import LONG_S

TOKEN = str(Token(b"sixteen secrets!", bytes(32)))


@dataclass(frozen=True)
class World:
    """Certificates, and an ExitStack for servers."""

    good: Certificates
    others: Certificates
    expired: Certificates
    early: Certificates
    elsewhere: Certificates
    old_authority: Certificates
    old_named: Certificates
    stack: ExitStack

    def tls(self, files: Certificates, client_ca: Path | None = None) -> str:
        return self.stack.enter_context(grpc_server(files, client_ca))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("certificates")
    with ExitStack() as stack:
        yield World(
            certificates(folder / "good"),
            certificates(folder / "others"),
            certificates(folder / "expired", days=(-100, -1)),
            certificates(folder / "early", days=(1, 100)),
            certificates(folder / "elsewhere", "swipes.example.org", ("10.0.0.1",)),
            certificates(folder / "old", days=(-20, 20), authority_days=(-100, -1)),
            certificates(folder / "common", by_common_name=True),
            stack,
        )


@dataclass(frozen=True)
class Fault:
    """How `enroll` is called, the error's code, and how what it says begins, {at} standing for the address."""

    address: Callable[[World], str]
    code: str
    begins: str
    ca: Callable[[World], Certificates] | None = None
    own: Callable[[World], Certificates] | None = None
    insecure: bool = False
    remedy: str = ""


def served(answer: Callable[[object], object]) -> Callable[[World], str]:
    return lambda world: world.stack.enter_context(speaking(answer))


def tls_page(world: World) -> str:
    return world.stack.enter_context(speaking(over_tls(world.good, web_page)))


def plain(world: World) -> str:
    return world.stack.enter_context(grpc_server())


def elsewhere(address: str) -> str:
    """The same server, by an address that is not known to stay on this machine."""
    return address.replace("127.0.0.1", "0.0.0.0")


NOT_ONE = "what answers at {at} is no coordinator of swipefl but "
CERTIFICATE = "the certificate of {at} "
FAULTS = {
    "expired": Fault(
        lambda world: world.tls(world.expired),
        "expired-certificate",
        CERTIFICATE + "expired on ",
        lambda world: world.expired,
        remedy="clock",
    ),
    "early": Fault(
        lambda world: world.tls(world.early),
        "early-certificate",
        "this device's clock says ",
        lambda world: world.early,
        remedy="clock",
    ),
    "an authority that expired": Fault(
        lambda world: world.tls(world.old_authority),
        "expired-authority",
        "the authority of the certificate of {at} has expired",
        lambda world: world.old_authority,
        remedy="clock",
    ),
    "another authority": Fault(
        lambda world: world.tls(world.good),
        "other-authority",
        CERTIFICATE + "comes from another authority than the one",
        lambda world: world.others,
        remedy="--ca FILE",
    ),
    "an authority that nobody knows": Fault(
        lambda world: elsewhere(world.tls(world.good)),
        "unknown-authority",
        CERTIFICATE + "comes from an authority that is not known here",
        remedy="--ca FILE",
    ),
    "another name": Fault(
        lambda world: world.tls(world.elsewhere),
        "other-host",
        CERTIFICATE + "is another host's: it is for swipes.example.org, 10.0.0.1",
        lambda world: world.elsewhere,
        remedy="check the address",
    ),
    "a name that stands where none counts": Fault(
        lambda world: world.tls(world.old_named).replace("127.0.0.1", "localhost"),
        "other-host",
        CERTIFICATE + "is another host's: it is for 127.0.0.1, ::1",
        lambda world: world.old_named,
        remedy="check the address",
    ),
    "TLS where none is spoken": Fault(
        plain, "no-tls-there", "no TLS is spoken at {at}", lambda world: world.good, remedy="--ca"
    ),
    "no TLS where only that is spoken": Fault(
        lambda world: world.tls(world.good), "tls-there", "only TLS is spoken at {at}", remedy="--ca FILE"
    ),
    "insecure where only TLS is spoken": Fault(
        lambda world: world.tls(world.good), "tls-there", "only TLS is spoken at {at}", insecure=True
    ),
    "no TLS where a certificate is asked for": Fault(
        lambda world: world.tls(world.good, world.good.ca), "tls-there", "only TLS is spoken at {at}"
    ),
    "no certificate where one is asked for": Fault(
        lambda world: world.tls(world.good, world.good.ca),
        "certificate-wanted",
        "a certificate of this device is asked for by {at}",
        lambda world: world.good,
        remedy="SWIPEFL_CLIENT_CERTIFICATE",
    ),
    "a certificate of another authority": Fault(
        lambda world: world.tls(world.good, world.good.ca),
        "certificate-refused",
        "this device's certificate is refused by {at}",
        lambda world: world.good,
        lambda world: world.others,
        remedy="SWIPEFL_CLIENT_CERTIFICATE",
    ),
    "a certificate that expired": Fault(
        lambda world: world.tls(world.good, world.expired.ca),
        "certificate-refused",
        "this device's certificate is refused by {at}",
        lambda world: world.good,
        lambda world: world.expired,
    ),
    "a web server": Fault(served(web_page), "not-a-coordinator", NOT_ONE + "a web server"),
    "a web server, asked over TLS": Fault(
        served(web_page), "not-a-coordinator", NOT_ONE + "a web server", lambda world: world.good
    ),
    "a web server over TLS": Fault(tls_page, "not-a-coordinator", NOT_ONE + "a web server", lambda world: world.good),
    "a web server over TLS, asked without": Fault(tls_page, "tls-there", "only TLS is spoken at {at}"),
    "an SSH server": Fault(served(ssh), "not-a-coordinator", NOT_ONE + "an SSH server"),
    "an SSH server, asked over TLS": Fault(
        served(ssh), "not-a-coordinator", NOT_ONE + "an SSH server", lambda world: world.good
    ),
    "noise": Fault(
        served(lambda connection: connection.sendall(np.random.default_rng(0).bytes(100_000))),
        "not-a-coordinator",
        NOT_ONE + "something else",
    ),
    "gRPC without our service": Fault(plain, "not-a-coordinator", NOT_ONE + "a gRPC server of something else"),
    "gRPC over TLS without our service": Fault(
        lambda world: world.tls(world.good),
        "not-a-coordinator",
        NOT_ONE + "a gRPC server of something else",
        lambda world: world.good,
    ),
    **{
        f"a page of HTTP/2 with {status}": Fault(
            served(http2(status)), "not-a-coordinator", NOT_ONE + f"a web server (HTTP status {status})"
        )
        for status in (200, 204, 301, 400, 401, 403, 404, 405, 415)
    },
    "an empty page of HTTP/2": Fault(served(http2(200, b"")), "not-a-coordinator", NOT_ONE + "a web server (HTTP"),
}
BY_COMMAND = {  # one of each kind; the others go through the same code
    "expired",
    "early",
    "another authority",
    "an authority that nobody knows",
    "another name",
    "a name that stands where none counts",
    "TLS where none is spoken",
    "no TLS where only that is spoken",
    "no certificate where one is asked for",
    "a certificate of another authority",
    "a web server",
    "an SSH server",
    "gRPC without our service",
    "a page of HTTP/2 with 403",
}


def endpoint_of(fault: Fault, world: World) -> Endpoint:
    ca, own = fault.ca and fault.ca(world).ca.read_bytes(), fault.own and fault.own(world)
    pair = (own.certificate.read_bytes(), own.key.read_bytes()) if own else ()
    return Endpoint(fault.address(world), ca, fault.insecure, *pair)


@pytest.mark.parametrize("what", FAULTS)
def test_what_can_never_pass_is_told_at_the_first_try(what: str, world: World) -> None:
    fault, rests = FAULTS[what], list[float]()
    endpoint = endpoint_of(fault, world)
    with Client(endpoint, "device:00", sleep=rests.append) as client, pytest.raises(UsageError) as caught:
        client.enroll(b"sixteen secrets!", bytes(32))
    said = told(caught.value)
    assert (caught.value.code, rests) == (fault.code, [])
    assert said.startswith(fault.begins.replace("{at}", endpoint.address)), said
    assert fault.remedy in said
    assert endpoint.address in said


@pytest.mark.parametrize("what", sorted(BY_COMMAND))
def test_enroll_ends_with_2_and_keeps_nothing(what: str, world: World, tmp_path: Path) -> None:
    fault = FAULTS[what]
    address, own = fault.address(world), fault.own and fault.own(world)
    flags = ["--ca", str(fault.ca(world).ca)] if fault.ca else []
    extra = {"SWIPEFL_CLIENT_CERTIFICATE": str(own.certificate), "SWIPEFL_CLIENT_KEY": str(own.key)} if own else {}
    done = swipefl(tmp_path, "enroll", "--json", address, "--token", "-", *flags, given=TOKEN.encode(), **extra)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("swipefl: " + fault.begins.replace("{at}", address)), done.err
    with Phone(tmp_path, None) as device:
        assert device.store.memberships.get() is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_a_web_server_says_of_now_only_may_pass(status: int) -> None:
    with speaking(http2(status)) as address, pytest.raises(CoordinatorUnreachable):
        Client(Endpoint(address), deadline_s=0.5).enroll(b"", b"")


@pytest.mark.parametrize("status", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION])
def test_a_refused_enrolment_is_no_update_that_is_refused(status: grpc.StatusCode, tmp_path: Path) -> None:
    with grpc_server(status=status) as address:
        done = swipefl(tmp_path, "enroll", address, "--token", "-", given=TOKEN.encode())
    assert (done.code, done.err.startswith(f"swipefl: the coordinator at {address} refuses what ")) == (2, True)


def test_a_signal_ends_the_look_at_what_answers(world: World) -> None:
    """Whoever hangs up on the call and then says nothing is looked at for seconds."""
    looked, let_go = Event(), Event()
    connections = count()

    def answer(connection: socket.socket) -> None:
        if next(connections):
            looked.set()
            let_go.wait(LONG_S)

    def stop() -> Interrupted | None:
        return Interrupted(15) if looked.is_set() else None

    with speaking(answer) as address, Client(Endpoint(address), stop=stop) as client, pytest.raises(Interrupted):
        client.enroll(b"", b"")
    assert not let_go.is_set()
    let_go.set()


NEVER: dict[str, Callable[[World, Phone], dict[str, str]]] = {}


def never(make: Callable[[World, Phone], dict[str, str]]) -> Callable[[World, Phone], dict[str, str]]:
    """Registers what makes a member's coordinator one that can never be spoken to; gives variables for its commands."""
    NEVER[make.__name__] = make
    return make


def moved(device: Phone, **facts: object) -> dict[str, str]:
    device.store.memberships.set(replace(device.member, **facts))  # type: ignore[arg-type]
    return {}


@never
def a_bad_address(world: World, device: Phone) -> dict[str, str]:
    return moved(device, address="http://localhost:8443")


@never
def a_port_beyond_all(world: World, device: Phone) -> dict[str, str]:
    return moved(device, address=f"127.0.0.1:{65536 + 8443}")


@never
def an_expired_certificate(world: World, device: Phone) -> dict[str, str]:
    return moved(device, address=world.tls(world.expired), ca=world.expired.ca.read_bytes())


@never
def a_web_server(world: World, device: Phone) -> dict[str, str]:
    return moved(device, address=world.stack.enter_context(speaking(web_page)))


@never
def another_service(world: World, device: Phone) -> dict[str, str]:
    return moved(device, address=plain(world))


@never
def a_certificate_that_is_gone(world: World, device: Phone) -> dict[str, str]:
    return {"SWIPEFL_CLIENT_CERTIFICATE": "nowhere.pem", "SWIPEFL_CLIENT_KEY": str(world.good.key)}


@pytest.mark.parametrize("what", NEVER)
def test_a_visit_that_can_never_pass_ends_no_night(what: str, world: World, quiet: Coordinator, tmp_path: Path) -> None:
    """One night has something to train on; the others end in the same way."""
    home, trains = tmp_path / "phone", what == "another_service"
    with Phone(home, quiet) as device:
        if trains:
            put(device.store, examples(40))
        extra = NEVER[what](world, device)
        night = swipefl(home, "cycle", "--json", SWIPEFL_LOG="json", **extra, **SHORT)
        assert (night.code, device.member.failures) == (0, 1)
        assert [line["push"] for line in night.json["rounds"] if trains] == ["queued"] * trains
        assert night.json["sync"] in night.err
        done = swipefl(home, "sync", **extra)
        assert (done.code, device.member.failures) == (2, 2)
        assert done.err.startswith(f"swipefl: {night.json['sync'][:40]}")  # a clock's time may stand behind


def test_what_can_never_pass_is_left_alone_at_once_and_told_by_status(
    world: World, quiet: Coordinator, tmp_path: Path
) -> None:
    home = tmp_path / "phone"
    with Phone(home, quiet) as device:
        another_service(world, device)
        for failures in (1, 2, 3, 4):
            with pytest.raises(UsageError, check=lambda error: error.code == "not-a-coordinator"):
                device.visit()
            member = device.member
            assert (member.failures, LONGEST_BACK_OFF_S / 2 <= member.wait_s <= LONGEST_BACK_OFF_S) == (failures, True)
            assert state_of(member, member.tried_at) == "open"
        known = swipefl(home, "status", "--json").json["federation"]
        assert (known["visits"], known["fault"]["code"]) == ("open", "not-a-coordinator")
        assert "check the address" in " ".join(swipefl(home, "status").out.split())
        night = swipefl(home, "cycle", "--json", **SHORT)
        assert (night.code, device.member.failures) == (0, 4)  # not even tried
        assert "the last visit failed; the next one is due in " in night.json["sync"]
        required = swipefl(home, "cycle", "--require-sync", "--json", **SHORT)
        assert (required.code, device.member.failures) == (2, 5)


@pytest.mark.parametrize(
    "address", ["http://localhost:8443", "localhost", "::1:8443", "localhost:73979", "localhost:²", "me@localhost:1"]
)
def test_no_address_is_called(address: str, tmp_path: Path) -> None:
    done = swipefl(tmp_path / "device", "enroll", address, "--token", "-", given=TOKEN.encode())
    assert (done.code, done.err.startswith("swipefl: the address '")) == (2, True), done.err
    assert "give HOST:PORT, such as swipes.example.org:8443" in done.err


def test_no_address_is_listened_on(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    for flags in (
        ("--listen", "localhost:73979", "--insecure"),
        ("--listen", "::1:8443", "--insecure"),
        ("--listen", "127.0.0.1:0", "--metrics", "localhost:²"),
    ):
        done = swipefl(tmp_path, "coordinator", "serve", *flags)
        assert (done.code, done.err.startswith("swipefl: the address '")) == (2, True), done.err

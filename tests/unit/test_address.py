"""HOST:PORT: what is one, what is none and why, and what never leaves this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.federation.protocol.address import LISTEN, Address

BELOW_PORTS = "has a port below 1"
NONE = {
    "": "is empty",
    "localhost": "names no port",
    "localhost:": "names no port",
    "127.0.0.1": "names no port",
    "[::1]": "names no port",
    "[::1]8443": "names no port",
    ":8443": "names no host",
    ":": "names no host",
    "http://localhost:8443": "begins with a scheme, http:",
    "HTTPS://swipes.example.org:8443": "begins with a scheme, HTTPS:",
    "grpc://h:1": "begins with a scheme, grpc:",
    "dns:///h:1": "begins with a scheme, dns:",
    "unix:/run/x": "begins with a scheme, unix:",
    "unix:8443": "begins with a scheme, unix:",
    "vsock:1:2": "begins with a scheme, vsock:",
    "unix-abstract:8443": "begins with a scheme, unix-abstract:",
    "me@host:1": "names a user",
    "host:1/": "has a path behind it",
    "host:1/path": "has a path behind it",
    "host/path:1": "has a path behind it",
    "host:1?x": "has a path behind it",
    "host:1#x": "has a path behind it",
    " host:1": "has a blank or a control character in it",
    "host:1 ": "has a blank or a control character in it",
    "host:1\n": "has a blank or a control character in it",
    "ho st:1": "has a blank or a control character in it",
    "ho\0st:1": "has a blank or a control character in it",
    "ho\u00a0st:1": "has a blank or a control character in it",
    "ho\u200bst:1": "has a blank or a control character in it",
    "::1": "is an IPv6 address without brackets",
    "::1:8443": "is an IPv6 address without brackets",
    "fe80::1%eth0:8443": "is an IPv6 address without brackets",
    "2001:db8::1": "is an IPv6 address without brackets",
    "a:b:1": "has more than one colon",
    "ipv4:127.0.0.1:1": "has more than one colon",
    "dns:localhost:1": "has more than one colon",
    "[]:1": "has no IPv6 address in its brackets",
    "[::1:8443": "has no IPv6 address in its brackets",
    "[127.0.0.1]:1": "has no IPv6 address in its brackets",
    "[host]:1": "has no IPv6 address in its brackets",
    "[::1%]:1": "has no IPv6 address in its brackets",
    "[::1%a b]:1": "has a blank or a control character in it",
    "[fe80::1%a%b]:1": "has no IPv6 address in its brackets",
    "host:x": "has a port that is no number",
    "host:-1": "has a port that is no number",
    "host:+1": "has a port that is no number",
    "host:1_0": "has a port that is no number",
    "host:8443.0": "has a port that is no number",
    "host:0x10": "has a port that is no number",
    "host:8²": "has a port that is no number",
    "host:²": "has a port that is no number",
    "host:８４４３": "has a port that is no number",
    "host:٨٤٤٣": "has a port that is no number",
    "host:0": BELOW_PORTS,
    "host:00000": BELOW_PORTS,
    "host:65536": "has a port above 65,535",
    "host:73979": "has a port above 65,535",
    "host:000001": "has a port above 65,535",
    "host:99999999999999999999999999": "has a port above 65,535",
    "127.1:1": "has a host that is no IPv4 address",
    "256.0.0.1:1": "has a host that is no IPv4 address",
    "1.2.3.4.5:1": "has a host that is no IPv4 address",
    "127.0.0.01:1": "has a host that is no IPv4 address",
    "2130706433:1": "has a host that is no IPv4 address",
    "0x7f000001:1": "has a host that is no IPv4 address",
    "host.1:1": "has a host that is no IPv4 address",
    "-host:1": "has a host that is no name",
    "host-:1": "has a host that is no name",
    "a..b:1": "has a host that is no name",
    ".:1": "has a host that is no name",
    "ho*st:1": "has a host that is no name",
    "a,b:1": "has a host that is no name",
    "%31:1": "has a host that is no name",
    "h'o:1": "has a host that is no name",
    "a" * 64 + ":1": "has a host that is no name",
    ".".join(["a" * 60] * 5) + ":1": "has a host that is no name",
    "bücher.example:1": "has a host that is not ASCII; such a name has another form, which begins with xn--",
    "１２７.0.0.1:1": "has a host that is not ASCII; such a name has another form, which begins with xn--",
}
SOME = {
    LISTEN: ("127.0.0.1", 8443, True),
    "localhost:1": ("localhost", 1, True),
    "LocalHost:1": ("LocalHost", 1, True),
    "127.9.9.9:65535": ("127.9.9.9", 65535, True),
    "[::1]:8443": ("::1", 8443, True),
    "[0:0:0:0:0:0:0:1]:8443": ("0:0:0:0:0:0:0:1", 8443, True),
    "[::ffff:127.0.0.1]:1": ("::ffff:127.0.0.1", 1, True),
    "[::ffff:10.0.0.1]:1": ("::ffff:10.0.0.1", 1, False),
    "[fe80::1%eth0]:1": ("fe80::1%eth0", 1, False),
    "[::]:1": ("::", 1, False),
    "0.0.0.0:1": ("0.0.0.0", 1, False),
    "10.0.0.1:08443": ("10.0.0.1", 8443, False),
    "swipes.example.org:8443": ("swipes.example.org", 8443, False),
    "swipes.example.org.:8443": ("swipes.example.org.", 8443, False),
    "xn--bcher-kva.example:1": ("xn--bcher-kva.example", 1, False),
    "coordinator_1:1": ("coordinator_1", 1, False),
    "localhost.example:1": ("localhost.example", 1, False),
    "127.0.0.1.example:1": ("127.0.0.1.example", 1, False),
    "dns:1": ("dns", 1, False),
}


@pytest.mark.parametrize(("text", "fault"), NONE.items())
def test_what_is_no_address_is_told_with_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse(text)
    shown = text if "@" not in text else "***@" + text.rpartition("@")[2]
    assert (caught.value.code, str(caught.value)) == ("no-address", f"the address {shown[:100]!r} {fault}")


@pytest.mark.parametrize(("text", "parts"), SOME.items())
def test_what_is_one_is_a_host_and_a_port(text: str, parts: tuple[str, int, bool]) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, address.is_loopback) == parts
    assert Address.parse(str(address)) == address


def test_who_listens_may_take_any_port() -> None:
    assert Address.parse("[::]:0", least_port=0) == Address("::", 0)


def test_a_password_in_front_of_a_host_is_not_told() -> None:
    with pytest.raises(UsageError) as caught:
        Address.parse("https://me:hunter2@host:1")
    assert "hunter2" not in str(caught.value) + repr(caught.value.facts)


@given(st.text(alphabet="abz019.:-[]%@/ ²é\n_", max_size=20) | st.text(max_size=30))
def test_any_text_is_an_address_that_reads_back_or_is_refused(text: str) -> None:
    try:
        address = Address.parse(text)
    except UsageError:
        return
    assert 1 <= address.port <= 65_535
    assert str(address).isascii()
    assert Address.parse(str(address)) == address

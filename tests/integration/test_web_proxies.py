"""HTTP proxies that the environment names: none hears what is said without TLS, and errors of TLS name theirs."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from swipefl.cli.remedies import told
from swipefl.errors import CoordinatorUnreachable, UsageError
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.web_proxy import proxy_for
from swipefl.federation.protocol.address import Address
from swipefl.federation.protocol.token import Token
from tests.support.certificates import Certificates, certificates
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator
from tests.support.strangers import grpc_server
from tests.support.waiting import LONG_S
from tests.support.web_proxy import WebProxy, web_proxy

PASSWORD = "hunter2"


@pytest.fixture
def between() -> Iterator[WebProxy]:
    with web_proxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def foreign(files: Certificates) -> Iterator[str]:
    """A gRPC server over TLS."""
    with grpc_server(files) as address:
        yield address


@pytest.mark.parametrize(
    "variable", ["http_proxy", "https_proxy", "grpc_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "by address"]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_goes_without_tls_goes_directly(
    variable: str, host: str, between: WebProxy, quiet: Coordinator, tmp_path: Path
) -> None:
    url = f"http://{between.address}"
    environment = {variable: url, "SWIPEFL_SYNC_DEADLINE_S": "30"}
    if variable == "by address":
        nets = "127.0.0.0/8,::/0"
        environment = {"GRPC_ADDRESS_HTTP_PROXY": between.address, "GRPC_ADDRESS_HTTP_PROXY_ENABLED_ADDRESSES": nets}
    address = quiet.address.replace("127.0.0.1", host)
    enrolled = swipefl(tmp_path, "enroll", address, SWIPEFL_TOKEN=quiet.token(), **environment)
    assert enrolled.code == 0, enrolled.err
    assert swipefl(tmp_path, "sync", **environment).code == 0
    assert between.seen == b""


def test_nor_does_what_is_insecure_from_elsewhere(
    between: WebProxy, quiet: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{between.address}")
    address = quiet.address.replace("127.0.0.1", "0.0.0.0")
    with Client(Endpoint(address, insecure=True)) as client, pytest.raises(Exception, match="does not know this dev"):
        client.check_in(0, "")
    assert between.seen == b""


ENVIRONMENTS = {  # {url} is the proxy's; whether it is taken to 127.0.0.1
    "https": ({"https_proxy": "{url}"}, True),
    "http": ({"http_proxy": "{url}"}, True),
    "grpc": ({"grpc_proxy": "{url}"}, True),
    "a path": ({"https_proxy": "{url}/"}, True),
    "a user": ({"https_proxy": "{named}"}, True),
    "none": ({}, False),
    "capitals": ({"HTTPS_PROXY": "{url}", "HTTP_PROXY": "{url}"}, False),
    "all": ({"all_proxy": "{url}"}, False),
    "grpc's own is empty": ({"grpc_proxy": "", "https_proxy": "{url}"}, False),
    "https is empty": ({"https_proxy": "", "http_proxy": "{url}"}, False),
    "http is empty": ({"http_proxy": "", "https_proxy": "{url}"}, True),
    "https before http": ({"https_proxy": "{url}", "http_proxy": "http://127.0.0.1:1"}, True),
    "no scheme": ({"https_proxy": "{bare}"}, False),
    "another scheme": ({"https_proxy": "socks5://{bare}"}, False),
    "the host": ({"https_proxy": "{url}", "no_proxy": "127.0.0.1"}, False),
    "a host among others": ({"https_proxy": "{url}", "no_proxy": "example.org, 127.0.0.1 ,x"}, False),
    "its end": ({"https_proxy": "{url}", "no_proxy": ".0.1"}, False),
    "its network": ({"https_proxy": "{url}", "no_proxy": "127.0.0.0/8"}, False),
    "a network of another host": ({"https_proxy": "{url}", "no_proxy": "127.9.9.9/8"}, False),
    "another network": ({"https_proxy": "{url}", "no_proxy": "10.0.0.0/8"}, True),
    "another host": ({"https_proxy": "{url}", "no_proxy": "127.0.0.10"}, True),
    "nothing": ({"https_proxy": "{url}", "no_proxy": ""}, True),
    "commas": ({"https_proxy": "{url}", "no_proxy": ",,"}, True),
    "a blank": ({"https_proxy": "{url}", "no_proxy": " , "}, True),
    "its end within a part": ({"https_proxy": "{url}", "no_proxy": "7.0.0.1"}, True),
    "a bare network": ({"https_proxy": "{url}", "no_proxy": "127.0.0.0"}, True),
    "a network of no bits": ({"https_proxy": "{url}", "no_proxy": "127.0.0.0/"}, True),
    "a network of too many bits": ({"https_proxy": "{url}", "no_proxy": "127.0.0.0/33"}, True),
    "a network of a mask": ({"https_proxy": "{url}", "no_proxy": "127.0.0.0/255.0.0.0"}, True),
    "the whole world": ({"https_proxy": "{url}", "no_proxy": "1.2.3.4/0"}, False),
    "a wildcard": ({"https_proxy": "{url}", "no_proxy": "127.*"}, True),
    "a star": ({"https_proxy": "{url}", "no_proxy": "*"}, True),
    "with its port": ({"https_proxy": "{url}", "no_proxy": "127.0.0.1:443"}, True),
    "grpc's own list": ({"https_proxy": "{url}", "no_grpc_proxy": "127.0.0.1"}, False),
    "grpc's own list before": ({"https_proxy": "{url}", "no_grpc_proxy": "x", "no_proxy": "127.0.0.1"}, True),
    "grpc's own list is empty": ({"https_proxy": "{url}", "no_grpc_proxy": "", "no_proxy": "127.0.0.1"}, True),
    "capitals list": ({"https_proxy": "{url}", "NO_PROXY": "127.0.0.1"}, True),
    "by address": (
        {"GRPC_ADDRESS_HTTP_PROXY": "{bare}", "GRPC_ADDRESS_HTTP_PROXY_ENABLED_ADDRESSES": "127.0.0.0/8"},
        False,
    ),
}
ALL = {name for variables, _ in ENVIRONMENTS.values() for name in variables}


@pytest.mark.parametrize("what", ENVIRONMENTS)
def test_the_proxy_that_is_named_is_the_one_that_grpc_takes(
    what: str, between: WebProxy, foreign: str, files: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables, taken = ENVIRONMENTS[what]
    for name in ALL:
        monkeypatch.delenv(name, raising=False)
    texts = {
        "url": f"http://{between.address}",
        "named": f"http://me%40home:{PASSWORD}@{between.address}",
        "bare": between.address,
    }
    environment = {name: value.format(**texts) for name, value in variables.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    endpoint = Endpoint(foreign, files.ca.read_bytes())
    with Client(endpoint) as client, pytest.raises(UsageError) as caught:
        client.enroll(b"token", b"")  # what is there is something else
    assert caught.value.code == "not-a-coordinator"
    assert (b"CONNECT " in between.seen) == taken
    assert str(endpoint.proxy()) == (between.address if taken else "None")
    assert (f"{foreign} (through the proxy {between.address})" in str(caught.value)) == taken
    assert PASSWORD not in told(caught.value) + repr(endpoint.proxy()) + repr(caught.value.facts)
    assert (b"Proxy-Authorization:" in between.seen) == (what == "a user")


DIRECT = {
    "localhost": (
        "localhost",
        ".localhost",
        "host",
        "ocalhost",
        "LOCALHOST",
        "localhost.",
        "*.localhost",
        "localhost:9",
    ),
    "a.example.org": (
        "example.org",
        ".example.org",
        "..example.org",
        "le.org",
        "org",
        "EXAMPLE.ORG",
        "b.a.example.org",
    ),
    "127.0.0.1": ("127.0.0.1/32", "::/0", "0.0.0.0/0", "127.0.0.1/-1", "127.0.0.2/31 ", "127.0.0.1/8/3"),
    "[::1]": ("::1", "[::1]", "::/0", "::2/127", "::1/128", "0.0.0.0/0", ":1"),
}


@pytest.mark.parametrize(("host", "entry"), [(host, entry) for host, entries in DIRECT.items() for entry in entries])
def test_who_needs_no_proxy_is_who_grpc_says(
    host: str, entry: str, between: WebProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ALL:
        monkeypatch.delenv(name, raising=False)
    between.answer = 503
    monkeypatch.setenv("https_proxy", f"http://{between.address}")
    monkeypatch.setenv("no_proxy", entry)
    credentials = grpc.ssl_channel_credentials()
    with grpc.secure_channel(f"dns:///{host}:9", credentials) as channel, suppress(grpc.RpcError):
        channel.unary_unary("/a/b")(b"", timeout=LONG_S)
    assert (b"CONNECT " in between.seen) == (proxy_for(Address.parse(f"{host}:9"), os.environ) is not None)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://proxy.example", "proxy.example", 443),
        ("http://[::1]:3128", "::1", 3128),
        ("http://[::1]", "::1", 443),
        ("http://me:a@b@proxy:80/path", "proxy", 80),
    ],
)
def test_a_proxy_is_read_from_its_url(url: str, host: str, port: int) -> None:
    proxy = proxy_for(Address("swipes.example.org", 8443), {"https_proxy": url})
    assert proxy
    assert (proxy.host, proxy.port) == (host, port)


@pytest.mark.parametrize(
    "url", ["", "http://", "http://:80", "http://proxy:x", "http://proxy:²", "proxy:80", "HTTP://proxy"]
)
def test_what_is_no_proxy_is_none(url: str) -> None:
    assert proxy_for(Address("swipes.example.org", 8443), {"https_proxy": url}) is None


@pytest.mark.parametrize("status", [403, 404, 405, 407])
def test_a_proxy_that_lets_nothing_through_is_told_at_once(
    status: int, foreign: str, files: Certificates, tmp_path: Path
) -> None:
    token = str(Token(b"sixteen secrets!", bytes(32)))
    with web_proxy(status) as proxy:
        url = f"http://me:{PASSWORD}@{proxy.address}"
        done = swipefl(tmp_path, "enroll", foreign, "--ca", str(files.ca), SWIPEFL_TOKEN=token, https_proxy=url)
    refuses = f"swipefl: the proxy {proxy.address} lets nothing through to {foreign} (HTTP status {status}); "
    assert (done.code, done.err.startswith(refuses), PASSWORD in done.err) == (2, True, False), done.err


def test_a_proxy_that_is_away_or_cannot_now_is_named_and_may_come_back(
    foreign: str, files: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_proxy(503) as busy:
        for at in (busy.address, "127.0.0.1:1"):
            monkeypatch.setenv("https_proxy", f"http://me:{PASSWORD}@{at}")
            endpoint = Endpoint(foreign, files.ca.read_bytes())
            with Client(endpoint, deadline_s=0.5) as client, pytest.raises(CoordinatorUnreachable) as caught:
                client.check_in(0, "")
            assert f"the coordinator at {foreign} (through the proxy {at}) did not answer" in str(caught.value)
            assert PASSWORD not in told(caught.value)


def test_a_certificate_is_looked_at_through_the_proxy(
    between: WebProxy, foreign: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{between.address}")
    endpoint = Endpoint(foreign, certificates(tmp_path).ca.read_bytes())
    with Client(endpoint) as client, pytest.raises(UsageError) as caught:
        client.enroll(b"token of nobody!", b"")
    begins = f"the certificate of {foreign} (through the proxy {between.address}) comes from another authority "
    assert (caught.value.code, str(caught.value).startswith(begins)) == ("other-authority", True)
    assert b"token of nobody!" not in between.seen

"""Nothing but lines of JSON on standard error, also where gRPC, at either end, has something to say."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from tests.support.certificates import certificates
from tests.support.command import environment, swipefl
from tests.support.coordinator import coordinator
from tests.support.strangers import grpc_server, speaking, web_page

JSON = {"SWIPEFL_LOG": "json"}
TALKATIVE = """
import asyncio, logging, pathlib, structlog, sys, warnings
from swipefl.settings.logs import configure_logging
configure_logging(as_json=True)
warnings.warn("of some library")
try:
    raise ValueError("two\\nlines")
except ValueError:
    logging.getLogger("grpc._server").exception("Exception calling application: %s", "two\\nlines")
class Odd:
    def __str__(self):
        raise RuntimeError("of a part")
for given in ("%d of %s", "one"), ("%s of a library", Odd()), ("nothing", "too many"):
    logging.getLogger("grpc").warning(*given)
logging.getLogger("grpc").log(35, "of a level between")
structlog.get_logger().info("a fact", number=float("nan"), name="half\\udcff", where=pathlib.Path("home"))
loop = asyncio.new_event_loop()
loop.call_exception_handler({"message": "of asyncio"})
"""


def lines(text: str) -> list[dict[str, object]]:
    """Standard error as JSON; fails where a line is none."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_device_whose_handshakes_fail_writes_json_alone(tmp_path: Path) -> None:
    ours, others = certificates(tmp_path / "ours"), certificates(tmp_path / "others")
    token = "swipefl_" + "A" * 64
    with grpc_server(ours) as tls, speaking(web_page) as page:
        for words in ((tls, "--ca", str(others.ca)), (tls,), (page,), (page, "--ca", str(ours.ca)), ("nowhere",)):
            done = swipefl(tmp_path / "home", "enroll", *words, SWIPEFL_TOKEN=token, **JSON)
            (line,) = lines(done.err)
            assert (done.code, line["level"], str(line["event"])[:9]) == (2, "error", "swipefl: ")


def test_a_coordinator_that_is_called_by_strangers_writes_json_alone(tmp_path: Path) -> None:
    home = tmp_path / "coordinator"
    home.mkdir()
    (home / "coordinator.toml").write_text('log = "json"\n')
    ours, others = certificates(tmp_path / "ours"), certificates(tmp_path / "others")
    flags = ("--tls-cert", str(ours.certificate), "--tls-key", str(ours.key))
    with coordinator(home, *flags) as serving:
        credentials = grpc.ssl_channel_credentials(others.ca.read_bytes())
        for channel in (grpc.insecure_channel(serving.address), grpc.secure_channel(serving.address, credentials)):
            with channel, pytest.raises(grpc.RpcError):
                channel.unary_unary("/a/b")(b"", timeout=30)
    said = lines(serving.log())
    assert [line["event"] for line in said if line["event"] in ("serving", "stopped")] == ["serving", "stopped"]


def test_what_libraries_log_is_a_line_like_all(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TALKATIVE]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, text=True, check=True)
    warned, called, *odd, fact, asynchronous = lines(done.stderr)
    assert "of some library" in str(warned["event"])
    assert (called["logger"], called["level"], called["error"]) == ("grpc._server", "error", "ValueError")
    assert [(line["event"], line["level"]) for line in odd] == [
        ("a library's message", "warning"),  # where a value begins, what is said ends
        ("a library's message", "warning"),
        ("nothing", "warning"),
        ("of a level between", "warning"),
    ]
    assert (fact["number"], fact["name"], fact["where"]) == (None, "half\ufffd", repr(Path("home")))
    assert (asynchronous["logger"], asynchronous["event"]) == ("asyncio", "of asyncio")


def test_who_wants_to_hear_grpc_hears_it(tmp_path: Path) -> None:
    files = certificates(tmp_path)
    with grpc_server(files) as tls:
        words = ("enroll", tls, "--ca", str(certificates(tmp_path / "others").ca))
        token = "swipefl_" + "A" * 64
        heard = swipefl(tmp_path / "home", *words, SWIPEFL_TOKEN=token, GRPC_VERBOSITY="info")
        silent = swipefl(tmp_path / "home", *words, SWIPEFL_TOKEN=token)
    assert ("ssl_transport_security" in heard.err, silent.err.count("\n")) == (True, 1)

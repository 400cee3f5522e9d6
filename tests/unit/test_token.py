"""A token as it is given: by a flag, a file, standard input or a variable; and that no error and no repr shows it."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from swipefl.errors import UsageError
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.web_proxy import Proxy
from swipefl.federation.protocol.token import Token
from swipefl.hosting import TokensReport
from swipefl.settings.token import given_token
from tests.support.cycles import MEMBER

TOKEN = str(Token(b"sixteen secrets!", bytes(32)))
ONE = {
    "as it is": TOKEN.encode(),
    "a line": f"{TOKEN}\n".encode(),
    "CRLF": f"{TOKEN}\r\n".encode(),
    "CR": f"{TOKEN}\r".encode(),
    "blanks": f"\n \t{TOKEN} \n\n".encode(),
    "a byte order mark": f"\ufeff{TOKEN}\n".encode(),
    "UTF-16": f"{TOKEN}\r\n".encode("utf-16"),
    "UTF-16, the other way round": b"\xfe\xff" + f"{TOKEN}\r\n".encode("utf-16-be"),
}
NONE = {
    "nothing": (b"", "no-token-there"),
    "blank lines": (b" \r\n\n", "no-token-there"),
    "a mark alone": (b"\xef\xbb\xbf\n", "no-token-there"),
    "two": (f"{TOKEN}\n{TOKEN}\n".encode(), "many-tokens"),
    "a token and a word": (f"{TOKEN}\nhello\n".encode(), "many-tokens"),
}


@pytest.mark.parametrize("how", ONE)
def test_a_token_is_read_whatever_ends_its_line(how: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(ONE[how])
    assert given_token(None, file, BytesIO()) == TOKEN
    assert given_token("-", None, BytesIO(ONE[how])) == TOKEN


@pytest.mark.parametrize("how", NONE)
def test_none_and_more_than_one_are_refused(how: str, tmp_path: Path) -> None:
    data, code = NONE[how]
    file = tmp_path / "token"
    file.write_bytes(data)
    for given, source in (((None, file, BytesIO()), str(file)), (("-", None, BytesIO(data)), "standard input")):
        with pytest.raises(UsageError) as caught:
            given_token(*given)
        assert caught.value.code == code
        assert source in str(caught.value)
        assert TOKEN not in str(caught.value) + repr(caught.value.facts)


def test_flags_come_before_the_variable(tmp_path: Path) -> None:
    file, stdin, variable = tmp_path / "token", BytesIO(b"piped"), {"SWIPEFL_TOKEN": " of the environment\n"}
    file.write_text("of the file")
    assert given_token("flag", None, stdin, variable) == "flag"
    assert given_token(None, file, stdin, variable) == "of the file"
    assert given_token(None, None, stdin, variable) == "of the environment"
    assert given_token("-", None, stdin, variable) == "piped"
    for flag, path, variables, code in (
        ("flag", file, {}, "two-tokens"),
        (None, None, {}, "token-missing"),
        (None, None, {"SWIPEFL_TOKEN": " "}, "token-missing"),
        ("", None, variable, "token-missing"),
        (None, tmp_path / "nowhere", variable, "unreadable-token"),
        (None, tmp_path, variable, "unreadable-token"),
    ):
        with pytest.raises(UsageError, check=lambda error, code=code: error.code == code):
            given_token(flag, path, stdin, variables)


def test_a_source_without_an_end_is_not_read_to_it() -> None:
    with Path("/dev/zero").open("rb") as endless:
        assert len(given_token("-", None, endless)) <= 4096
    assert len(given_token(None, Path("/dev/zero"), BytesIO())) <= 4096


@pytest.mark.parametrize("text", ["", "hello", "swipefl_", TOKEN[:-1], TOKEN + "A", TOKEN.upper(), f"{TOKEN} {TOKEN}"])
def test_what_is_no_token_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Token.parse(text)
    assert caught.value.code == "no-token"
    assert not text or text not in str(caught.value).replace("begins with swipefl_", "")


def test_no_repr_shows_a_secret() -> None:
    secret = b"sixteen secrets!"
    things = [
        Token(secret, bytes(32)),
        Endpoint("localhost:1", key=secret),
        replace(MEMBER, credential=secret),
        Proxy("proxy", 1, secret.decode()),
        TokensReport((secret.decode(),)),
    ]
    for thing in things:
        shown = repr(thing)
        assert type(thing).__name__ in shown
        assert secret.decode() not in shown
        assert secret.hex() not in shown

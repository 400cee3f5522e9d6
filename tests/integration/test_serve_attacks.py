"""What pages of elsewhere, other machines and broken programs ask a server, and that they get nothing by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import swipefl
from tests.support.serving import HTTP, Serving, raw, request, serving
from tests.support.swipes import GOOD

JSON = "Content-Type: application/json"
TAKEN = "/api/v1/swipes"
CHUNKED = "Transfer-Encoding: chunked"
FOLLOWED = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")  # a link, a frame or a script's `location`


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One on loopback."""
    with serving(tmp_path_factory.mktemp("near")) as started:
        yield started


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One that other machines can reach, and pages of an origin may ask."""
    flags = ("--host", "0.0.0.0", "--insecure", "--allow-origin", "https://keyboard.example")
    with serving(tmp_path_factory.mktemp("far"), *flags) as started:
        yield Serving(started.home, f"http://127.0.0.1:{started.port}", started.token, started.process)


def asked(serving: Serving, data: bytes, source: str = "127.0.0.1") -> int | None:
    """The status of an answer, None where there is none."""
    with raw(serving, source) as connection:
        connection.say(data)
        answer = connection.answer()
    return answer and answer.status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LocalHost:80", 200),
        ("localhost.", 200),
        ("localhost.:8000", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("127.8.9.10:1", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("[0:0:0:0:0:0:0:1]:8000", 200),
        ("[::ffff:127.0.0.1]", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("evil.localhost", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost..", 421),
        ("0.0.0.0", 421),
        ("0.0.0.0:8000", 421),
        ("[::]:8000", 421),
        ("192.168.1.4", 421),
        ("[fe80::1]", 421),
        ("127.1", 421),
        ("2130706433", 421),
        ("0x7f000001", 421),
        ("0177.0.0.1", 421),
        ("127.0.0.1.", 200),
        ("::1", 400),
        ("[::1", 400),
        ("[::1]x", 400),
        ("[fe80::1%25lo]", 400),
        ("localhost:", 400),
        ("localhost:0", 400),
        ("localhost:65536", 400),
        ("localhost:99999999999", 400),
        ("localhost:-1", 400),
        ("localhost:80:80", 400),
        ("localhost,evil.example", 400),
        ("localhost evil.example", 400),
        ("user@localhost", 400),
        ("user:word@localhost", 400),
        ("localhost/evil", 400),
        ("evil.example#@localhost", 400),
        ("http://localhost", 400),
        ("localhost\tevil", 400),
        ("lоcalhost".encode().decode("latin-1"), 400),
        ("", 400),
    ],
)
def test_a_name_of_elsewhere_that_leads_here_is_answered_by_nobody(near: Serving, host: str, status: int) -> None:
    assert asked(near, request("GET", "/health/live", host=host)) == status


@pytest.mark.parametrize(
    ("host", "status"), [("192.168.1.4", 200), ("[2001:db8::1]:8000", 200), ("evil.example", 421), ("0.0.0.0", 421)]
)
def test_where_others_reach_it_any_address_will_do_and_no_name_but_its_own(
    far: Serving, host: str, status: int
) -> None:
    """No address can be made to lead somewhere else than it does."""
    assert asked(far, request("GET", "/health/live", host=host)) == status


@pytest.mark.parametrize("host", ["keyboard.example", "keyboard.example:443"])
def test_the_name_of_an_origin_that_may_ask_is_no_name_of_this_server(far: Serving, host: str) -> None:
    """Whoever answers for it without TLS, in a strange network, could make it lead here."""
    assert asked(far, request("GET", "/health/live", f"Origin: http://{host}", host=host)) == 421


@pytest.mark.parametrize(
    ("fields", "is_let_in"),
    [
        ((), True),  # no browser
        (("Origin: http://localhost",), True),
        (("Origin: http://localhost:80",), True),
        (("Origin: HTTP://LOCALHOST",), True),
        (("Sec-Fetch-Site: same-origin",), True),
        (("Sec-Fetch-Site: none",), True),
        (("Origin: http://localhost", "Sec-Fetch-Site: same-origin"), True),
        (("Origin: http://localhost:3000",), False),
        (("Origin: https://localhost",), False),
        (("Origin: http://127.0.0.1",), False),
        (("Origin: http://evil.example",), False),
        (("Origin: http://localhost.evil.example",), False),
        (("Origin: null",), False),
        (("Origin: *",), False),
        (("Origin:",), False),
        (("Origin: file://",), False),
        (("Origin: http://localhost@evil.example",), False),
        (("Origin: http://localhost/",), False),
        (("Origin: http://localhost", "Origin: http://evil.example"), False),
        (("Sec-Fetch-Site: cross-site",), False),
        (("Sec-Fetch-Site: same-site",), False),
        (("Sec-Fetch-Site: SAME-ORIGIN-not",), False),
        (("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"), False),
        (("Origin: https://keyboard.example",), False),  # which nobody named here
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT", "INVENTED"])
def test_a_page_of_elsewhere_changes_nothing(
    near: Serving, method: str, fields: tuple[str, ...], is_let_in: bool
) -> None:
    status = asked(near, request(method, "/api/v1/nothing", JSON, *fields, body=b"{}"), "127.0.0.9")
    assert (status in (404, 405)) if is_let_in else status == 403


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/", FOLLOWED, 200),  # a link to the page
        ("/api/v1/keyboards", ("Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"), 200),  # what a person typed
        ("/api/v1/export", ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate"), 200),
        ("/api/v1/export", (*FOLLOWED, "Sec-Fetch-Dest: document", "Sec-Fetch-User: ?1"), 403),
        ("/api/v1/export", (*FOLLOWED, "Sec-Fetch-Dest: iframe"), 403),
        ("/api/v1/export", (*FOLLOWED, "Sec-Fetch-Dest: embed"), 403),
        ("/%61pi/v1/export", (*FOLLOWED, "Sec-Fetch-Dest: document"), 403),
        ("/api/v1/export", ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate"), 403),
        ("/api/v1/pictures/landings.svg", (*FOLLOWED, "Sec-Fetch-Dest: object"), 403),
        ("/api/v1/keyboards", ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"), 403),
        ("/api/v1/keyboards", ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors"), 403),
        ("/api/v1/keyboards", ("Origin: http://evil.example",), 403),
        ("/api/v1/keyboards", ("Origin: http://localhost",), 200),
        ("/api/v1/keyboards", (), 200),
    ],
)
def test_a_page_of_elsewhere_reads_nothing(near: Serving, path: str, fields: tuple[str, ...], status: int) -> None:
    assert asked(near, request("GET", path, *fields)) == status


def test_pages_of_an_origin_that_was_named_may_ask_and_read(far: Serving) -> None:
    origin = {"Origin": "https://keyboard.example"}
    preflight = origin | {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    first = HTTP.options(far.url + "/api/v1/words", headers=preflight)  # which brings no token
    assert first.status_code == 200
    assert first.headers["Access-Control-Allow-Origin"] == "https://keyboard.example"
    near_first = HTTP.options(
        far.url + "/api/v1/words", headers=preflight | {"Access-Control-Request-Private-Network": "true"}
    )
    assert near_first.status_code == 200
    assert near_first.headers["Access-Control-Allow-Private-Network"] == "true"
    answer = HTTP.get(far.url + "/api/v1/keyboards", headers=origin | far.headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://keyboard.example"
    without = HTTP.get(far.url + "/api/v1/keyboards", headers=origin)
    assert without.status_code == 401  # and it may read why
    assert without.headers["Access-Control-Allow-Origin"] == "https://keyboard.example"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    other = HTTP.options(far.url + "/api/v1/words", headers=preflight | {"Origin": "https://keyboard.example.evil"})
    assert other.status_code == 403
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(
    "origin", ["*", "null", "", "keyboard.example", "https://", "https://a/b", "ftp://a", "https://*.a"]
)
def test_only_an_origin_can_be_named(tmp_path: Path, origin: str) -> None:
    done = swipefl(tmp_path, "serve", "--port", "0", "--allow-origin", origin)
    assert done.code == 2
    assert "origin" in done.err


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer {less}",
        "Bearer {token}x",
        "Bearer {token} {token}",
        "Bearer {swapped}",
        "Basic {token}",
        "{token}",
        "bearer{token}",
        "Bearer \xff",
        "Bearer {token}, Bearer {token}",
    ],
)
def test_nothing_is_told_without_the_token(far: Serving, shown: str) -> None:
    assert far.token
    field = "Authorization: " + shown.format(token=far.token, less=far.token[:-1], swapped=far.token.swapcase())
    for path in ("/api/v1/stats", "/metrics", "/api/v1/openapi.json", "/api/v1/nothing", "/nothing"):
        with raw(far) as connection:
            connection.say(request("GET", path, field))
            answer = connection.answer()
        assert answer
        assert (answer.status, answer.code) == (401, "no-token-shown")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_two_tokens_are_none(far: Serving) -> None:
    fields = (f"Authorization: Bearer {far.token}", "Authorization: Bearer other")
    assert asked(far, request("GET", "/api/v1/stats", *fields)) == 401
    assert asked(far, request("GET", "/api/v1/stats", *reversed(fields))) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/stats",
        "//api/v1/stats",
        "/./api/v1/stats",
        "/x/../api/v1/stats",
        "/%61pi/v1/stats",
        "/api%2fv1%2fstats",
        "/api/v1/stats/",
        "/api/v1/stats?token={token}",
        "/api/v1/stats;/index.html",
        "/api/v1/stats#/index.html",
        "/index.html/../api/v1/stats",
        "/health/live/../../api/v1/stats",
        "/health/live/",
        "/METRICS",
        "/metrics/",
    ],
)
def test_no_way_of_writing_a_path_leads_around_the_token(far: Serving, path: str) -> None:
    with raw(far) as connection:
        connection.say(request("GET", path.format(token=far.token)))
        answer = connection.answer()
    assert answer is None or answer.status in (400, 401)


def test_whoever_shows_the_token_is_let_in(far: Serving) -> None:
    for field in (f"Authorization: Bearer {far.token}", f"AUTHORIZATION: bearer  {far.token} "):
        assert asked(far, request("GET", "/api/v1/keyboards", field)) == 200
    for path in ("/", "/index.html", "/health/live", "/health/ready"):
        assert asked(far, request("GET", path)) == 200
        assert asked(far, request("POST", path, body=b"{}")) == 401


@pytest.mark.parametrize(
    "path",
    [
        "/../app.py",
        "/%2e%2e/app.py",
        "/..%2fapp.py",
        "/..%5capp.py",
        "/.%2e/.%2e/app.py",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/page/../../app.py",
        "/index.html%00.py",
        "/%00",
        "/%ff%fe",
        "/" + "a" * 5000,
        "/" + "a/" * 2000,
        "/C:/windows/win.ini",
        "/__pycache__",
        "/.git/config",
    ],
)
def test_nothing_but_the_page_is_read_from_the_disk(near: Serving, path: str) -> None:
    assert asked(near, request("GET", path)) == 404


BROKEN = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "an old request without a host": b"GET / HTTP/1.0\r\n\r\n",
    "another's address": request("GET", "http://evil.example/"),
    "its own, as a proxy is asked": request("GET", "http://localhost/"),
    "no slash": request("GET", "index.html"),
    "the server itself": request("OPTIONS", "*"),
    "a tunnel": request("CONNECT", "localhost:22"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9": request("GET", "/", version="9.9"),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "noise": b"\x00\xff\xfe\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a control character": request("GET", "/", "X: a\x00b"),
    "a bare letter above ASCII": "GET /é HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    "a field without a colon": request("GET", "/", "nothing"),
    "a blank before the colon": request("POST", TAKEN, "Transfer-Encoding : chunked"),
    "two lengths": request("POST", TAKEN, "Content-Length: 2", "Content-Length: 3"),
    "a length with a sign": request("POST", TAKEN, "Content-Length: +2"),
    "a length below 0": request("POST", TAKEN, "Content-Length: -1"),
    "a length in hex": request("POST", TAKEN, "Content-Length: 0x2"),
    "a length and an encoding": request("POST", TAKEN, "Content-Length: 5", CHUNKED) + b"0\r\n\r\n",
    "an encoding and a length": request("POST", TAKEN, CHUNKED, "Content-Length: 5") + b"0\r\n\r\n",
    "two encodings": request("POST", TAKEN, CHUNKED, "Transfer-Encoding: identity"),
    "an encoding that is none": request("POST", TAKEN, "Transfer-Encoding: xchunked"),
    "a chunk that is none": request("POST", TAKEN, JSON, CHUNKED) + b"zz\r\n{}\r\n",
    "a long field": request("GET", "/", "X: " + "a" * 100_000),
    "a long path": request("GET", "/" + "a" * 100_000),
    "many fields": request("GET", "/", *["X: a"] * 20_000),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_half_understood_requests_end_the_connection_and_nothing_behind_them_is_a_request(
    near: Serving, data: bytes
) -> None:
    """So nobody can hide one request in another."""
    hidden = request("POST", "/api/v1/hidden", JSON, body=b"{}")
    with raw(near, "127.0.0.7") as connection:
        connection.say(data + hidden)
        answer = connection.answer()
        assert answer is None or answer.status in (400, 431, 501, 505)
        assert connection.answer() is None
    assert asked(near, request("GET", "/health/live")) == 200


def test_what_is_asked_in_one_go_is_answered_in_its_order(near: Serving) -> None:
    with raw(near) as connection:
        paths = ("/health/live", "/nothing", "/health/ready", "/")
        connection.say(b"".join(request("GET", path) for path in paths) + request("GET", "/", host="evil.example"))
        statuses = [answer and answer.status for answer in (connection.answer() for _ in range(5))]
    assert statuses == [200, 404, 200, 200, 421]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 200),
        ("/api/v1/stats", 200),
        ("/api/v1/export", 200),
        ("/api/v1/openapi.json", 200),
        ("/api/v1/predict", 405),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
    ],
)
def test_who_wants_the_head_alone_gets_it(near: Serving, path: str, status: int) -> None:
    answer = HTTP.head(near.url + path)
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["content-type"] == HTTP.get(near.url + path).headers["content-type"]


@pytest.mark.parametrize("said", ["bytes=9-1", "bytes=999999-", "bytes=0-0", "bytes=0-1,5-9", "lines=1-"])
def test_the_pages_files_come_whole(near: Serving, said: str) -> None:
    assert HTTP.get(near.url, headers={"Range": said}).content == HTTP.get(near.url).content


def test_a_websocket_is_no_way_in(near: Serving) -> None:
    fields = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAA", "Sec-WebSocket-Version: 13")
    assert asked(near, request("GET", "/api/v1/nothing", *fields)) == 404


def test_too_much_is_refused_before_it_is_read_and_while_it_is(near: Serving) -> None:
    large = b"[" + b" " * (2 << 20) + b"]"
    told = request("POST", TAKEN, JSON, "Content-Length: 9000000000")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for data in (told, told.replace(b"9", b"99999999999"), request("POST", TAKEN, JSON, body=large)):
        with raw(near, "127.0.0.6") as connection:
            connection.say(data)
            answer = connection.answer()
        assert answer
        assert (answer.status, answer.code) == (413, "too-large")
    with raw(near, "127.0.0.6") as connection:
        connection.say(request("POST", TAKEN, JSON, CHUNKED) + chunk * 40)
        answer = connection.answer()
        assert answer
        assert answer.status == 413
        for _ in range(1000):  # and goes on without end
            connection.say(chunk)
        assert connection.is_hung_up()


def test_who_waits_to_be_told_to_send_is_told_no_and_hung_up_on(near: Serving) -> None:
    """Where the next request begins is then not sure."""
    with raw(near) as connection:
        connection.say(request("POST", TAKEN, JSON, "Expect: 100-continue", "Content-Length: 9000000000"))
        answer = connection.answer()
        assert answer
        assert answer.status == 413
        assert connection.is_hung_up()
    with raw(near) as connection:
        length = f"Content-Length: {len(GOOD[0])}"
        connection.say(request("POST", "/api/v1/predict", JSON, "Expect: 100-continue", length))
        continued = connection.answer()
        assert continued
        assert continued.status == 100
        connection.say(GOOD[0])
        answer = connection.answer()
        assert answer
        assert answer.status == 200


def test_who_asks_too_fast_is_told_when_to_come_back_and_nobody_else_is(near: Serving) -> None:
    def many(source: str, count: int, *fields: str) -> list[int]:
        statuses = []
        with raw(near, source) as connection:
            for _ in range(count):
                connection.say(request("GET", "/nothing", *fields))
                answer = connection.answer()
                assert answer
                statuses.append(answer.status)
                if answer.status == 429:
                    assert int(answer.headers["retry-after"]) >= 1
                    assert answer.code == "too-fast"
                    break
        return statuses

    assert 429 in many("127.0.0.11", 100_000)
    assert many("127.0.0.12", 10) == [404] * 10  # another address
    assert many("127.0.0.11", 10, "Sec-Fetch-Site: same-origin") == [404] * 10  # the page, beside a program
    assert asked(near, request("GET", "/health/live"), "127.0.0.11") == 200


def test_large_bodies_count_as_the_many_requests_that_they_are_the_work_of(near: Serving) -> None:
    large = b'["' + b"x" * 1_700_000 + b'"]'  # read in no time: the slower it is asked, the more it may
    statuses = []
    with raw(near, "127.0.0.13") as connection:
        while 429 not in statuses:
            connection.say(request("POST", TAKEN, JSON, body=large))
            answer = connection.answer()
            assert answer
            statuses.append(answer.status)
            assert len(statuses) < 100
    assert set(statuses) == {422, 429}
    many_names = b"[{" + b",".join(b'"%d":{}' % n for n in range(150_000)) + b"}]"
    assert asked(near, request("POST", TAKEN, JSON, body=many_names), "127.0.0.113") == 400
    assert asked(near, request("POST", "/api/v1/predict", JSON, body=GOOD[0]), "127.0.0.14") == 200


def test_every_answer_says_what_may_belong_to_the_page(near: Serving) -> None:
    asks = ("/", "/nothing", "/api/v1/nothing", "/api/v1/keyboards", "/health/live", "/metrics")
    answers = [HTTP.get(near.url + path) for path in asks]
    answers += [HTTP.get(near.url, headers={"Host": "evil.example"}), HTTP.post(near.url + TAKEN, content=b"x")]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "server" not in answer.headers
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-cache", *["no-store"] * 7]

"""`swipefl serve` as a person starts it: where it listens, whom it tells what, and what it cannot start with."""

import json
import os
import re
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.certificates import certificates
from tests.support.command import AS_ANYONE, environment, swipefl
from tests.support.disk import SmallDisk
from tests.support.serving import HTTP, serving
from tests.support.swipes import GOOD
from tests.support.terminal import CONTROL, swipefl_on_terminal
from tests.support.waiting import LONG_S, wait_until

BRIEF = """
from swipefl.api.running import Running
begin = Running.startup
async def begin_and_end(self, sockets=None):
    await begin(self, sockets)
    self.should_exit = True
Running.startup = begin_and_end
from swipefl.cli.app import main
main()
"""  # serves, and ends as soon as it does
JSON = {"Content-Type": "application/json"}


def test_the_first_line_says_where_and_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "swipefl", "serve", "--port", "0", "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    where = json.loads(process.stdout.readline())
    assert re.fullmatch(r"127\.0\.0\.1:\d+", where["listening"])
    assert where["url"] == f"http://{where['listening']}/"
    assert where["token_file"] is None
    assert HTTP.get(where["url"]).status_code == 200
    assert not home.exists()
    process.terminate()
    out, err = process.communicate(timeout=LONG_S)
    assert (process.returncode, out) == (0, b"")
    assert [event in err.decode() for event in ("serving", "draining", "stopped")] == [True] * 3


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]"])
def test_it_listens_where_it_is_told(tmp_path: Path, host: str) -> None:
    if ":" in host and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with serving(tmp_path, "--host", host) as served:
        assert HTTP.get(served.url + "/health/ready").json() == {"ready": True}


def test_every_address_of_both_kinds_with_two_colons(tmp_path: Path) -> None:
    if not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    with serving(tmp_path, "--host", "::", "--insecure") as served:
        for host in ("127.0.0.1", "[::1]"):
            answer = HTTP.get(f"http://{host}:{served.port}/api/v1/keyboards", headers=served.headers)
            assert answer.status_code == 200


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--host", "0.0.0.0"), "--insecure"),
        (("--host", "192.0.2.7"), "--insecure"),
        (("--host", "::"), "--insecure"),
        (("--host", "192.0.2.7", "--insecure"), "cannot listen on 192.0.2.7"),
        (("--host", "nobody.invalid", "--insecure"), "no such host"),
        (("--host", "http://localhost"), "scheme"),
        (("--host", ""), "no host"),
        (("--host", "1.2.3"), "IPv4"),
        (("--host", "a b"), "blank"),
        (("--port", "70000"), "65535"),
        (("--tls-cert", "/nowhere"), "key"),
        (("--tls-cert", "/nowhere", "--tls-key", "/nowhere"), "cannot read"),
        (("--tls-cert", __file__, "--tls-key", __file__), "no certificate"),
        (("--token-file", f"{__file__}/token"), "cannot keep a token"),
    ],
)
def test_what_it_cannot_listen_with_is_said_at_once(tmp_path: Path, flags: tuple[str, ...], told: str) -> None:
    done = swipefl(tmp_path, "serve", "--port", "0", *flags, before=AS_ANYONE)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        done = swipefl(tmp_path, "serve", "--port", str(served.port))
    assert done.code == 2
    assert f"cannot listen on 127.0.0.1:{served.port}: it is taken" in done.err
    assert "--port 0" in done.err


def test_without_its_extra_it_says_what_to_install(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['uvicorn'] = None; from swipefl.cli.app import main; main()"
    command = [sys.executable, "-c", hidden, "serve"]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, timeout=LONG_S, check=False)
    assert done.returncode == 2
    assert f"{sys.executable} -m pip install fastapi segno uvicorn`".encode() in done.stderr


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    flags = ("--host", "0.0.0.0", "--insecure")
    with serving(tmp_path, *flags) as served:
        first = served.token
        file = tmp_path / "serve.token"
        assert first
        assert len(first) >= 43
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert first not in served.log()
    with serving(tmp_path, *flags) as served:
        assert served.token == first
    for mode in (0o644, 0o640, 0o604, 0o620):
        file.chmod(mode)
        done = swipefl(tmp_path, "serve", "--port", "0", *flags)
        assert done.code == 2
        assert "others can read the token" in done.err
        assert first not in done.err
    file.chmod(0o600)
    for text in ("", "short", "has a blank in the middle of it", "ü" * 30, "a" * 600):
        file.write_text(text)
        assert swipefl(tmp_path, "serve", "--port", "0", *flags).code == 2


def test_what_others_can_change_is_no_place_for_a_token(tmp_path: Path) -> None:
    pipe, shared = tmp_path / "pipe", tmp_path / "shared"
    os.mkfifo(pipe, 0o600)
    shared.mkdir()
    shared.chmod(0o777)
    for file, told in ((pipe, "no file"), (shared / "token", "in the place of")):
        done = swipefl(tmp_path / "home", "serve", "--port", "0", "--token-file", str(file))
        assert done.code == 2
        assert told in done.err
    shared.chmod(0o1777)  # where nobody renames what is another's
    with serving(tmp_path / "home", "--token-file", str(shared / "token")) as served:
        assert HTTP.get(served.url, headers=served.headers).status_code == 200


OPENS = """#!/bin/sh
while read -r line; do echo "$line"; done < "$1" > "$SEEN.content"
ls -l "$1" > "$SEEN.mode"
echo "$@" > "$SEEN.new"
mv "$SEEN.new" "$SEEN"
"""  # stands for a person's browser


def with_browser(folder: Path, seen: Path) -> dict[str, str]:
    """The variables of somebody whose browser writes down in a file what it is to open."""
    opener = folder / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(OPENS)
    opener.chmod(0o755)
    return {"PATH": f"{opener.parent}:{os.environ['PATH']}", "SEEN": str(seen)}


def test_the_browser_is_opened_and_the_token_is_not_where_others_see_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    extra = with_browser(tmp_path, seen)
    with serving(tmp_path / "home", "--open", **extra) as served:
        wait_until(seen.exists)
        assert seen.read_text().strip() == served.url + "/"
    seen.unlink()
    with serving(tmp_path / "home", "--open", "--host", "0.0.0.0", "--insecure", **extra) as served:
        wait_until(seen.exists)
        assert served.token
        assert served.token not in seen.read_text()
        assert f"#token={served.token}" in (tmp_path / "seen.content").read_text()
        assert (tmp_path / "seen.mode").read_text().startswith("-rw-------")
        assert (tmp_path / "home" / "serve.html").exists()
    assert not (tmp_path / "home" / "serve.html").exists()


def test_practise_opens_the_page_where_one_practises(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    extra = with_browser(tmp_path, seen)
    command = [sys.executable, "-m", "swipefl", "practise", "--port", "0"]
    with subprocess.Popen(command, env=environment(tmp_path / "home", **extra), stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(seen.exists)
            page, part = seen.read_text().strip().split("#")
            assert part == "practise"
            assert "swipefl" in HTTP.get(page).text
        finally:
            process.terminate()


def test_a_token_of_ones_own_is_asked_for_on_loopback_too(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "token"
    with serving(tmp_path / "home", "--token-file", str(file)) as served:
        assert served.token == file.read_text().strip()
        assert HTTP.get(served.url + "/api/v1/keyboards").status_code == 401
        assert HTTP.get(served.url + "/api/v1/keyboards", headers=served.headers).status_code == 200
        assert HTTP.get(served.url).status_code == 200


def test_tls_with_a_certificate_and_its_names(tmp_path: Path) -> None:
    files = certificates(tmp_path / "tls", "phone.example", ("127.0.0.1",))
    flags = ("--host", "0.0.0.0", "--tls-cert", str(files.certificate), "--tls-key", str(files.key))
    trust = ssl.create_default_context(cafile=str(files.ca))
    with serving(tmp_path / "home", *flags) as served:
        assert served.url.startswith("https://")
        with httpx.Client(
            base_url=f"https://127.0.0.1:{served.port}", verify=trust, headers=served.headers, timeout=LONG_S
        ) as client:
            assert client.get("/api/v1/keyboards").status_code == 200
            assert client.get("/api/v1/keyboards", headers={"Host": "phone.example"}).status_code == 200
            assert client.get("/api/v1/keyboards", headers={"Host": "evil.example"}).status_code == 421
        with socket.create_connection(("127.0.0.1", served.port), LONG_S) as silent:  # and says no hello
            assert silent.recv(1) == b""
        with socket.create_connection(("127.0.0.1", served.port), LONG_S) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" not in plain.recv(100)
    assert served.url == f"https://phone.example:{served.port}"  # which no phone warns of
    assert "Traceback" not in served.log()
    assert "expired" not in served.log()


def test_a_certificate_for_all_names_of_one_kind_that_has_expired(tmp_path: Path) -> None:
    files = certificates(tmp_path / "tls", "*.wild.example", (), days=(-3, -1))
    flags = ("--host", "0.0.0.0", "--tls-cert", str(files.certificate), "--tls-key", str(files.key))
    with serving(tmp_path / "home", *flags) as served:
        with httpx.Client(base_url=f"https://127.0.0.1:{served.port}", verify=False, timeout=LONG_S) as client:
            for host, status in (
                ("a.wild.example", 200),
                ("A.WILD.example:8000", 200),
                ("b.a.wild.example", 421),
                ("wild.example", 421),
                (".wild.example", 421),
                ("a.wild.example.evil.example", 421),
                ("awild.example", 421),
            ):
                assert client.get("/health/live", headers={"Host": host}).status_code == status, host
        assert "*" not in served.url
        assert "the certificate has expired" in served.log()


@pytest.mark.parametrize(
    ("name", "host", "status"),
    [
        ("box.example", "box.example", 200),
        ("*.wild.example", "a.wild.example", 200),
        ("*.wild.example", "a.b.wild.example", 421),
        ("*.wild.example", "wild.example", 421),
    ],
)
def test_the_names_of_a_certificate_are_this_servers(tmp_path: Path, name: str, host: str, status: int) -> None:
    files = certificates(tmp_path / "tls", name, ())
    flags = ("--host", "0.0.0.0", "--tls-cert", str(files.certificate), "--tls-key", str(files.key))
    with serving(tmp_path / "home", *flags) as served:
        assert (served.host == name) is (name == host)  # what its link says
        at = f"https://127.0.0.1:{served.port}/health/live"
        assert httpx.get(at, verify=False, headers={"Host": host}, timeout=LONG_S).status_code == status


def test_on_a_terminal_it_shows_the_link_and_a_code_for_a_phones_camera(tmp_path: Path) -> None:
    flags = ("serve", "--port", "0", "--host", "0.0.0.0", "--insecure")
    wide = swipefl_on_terminal(tmp_path, *flags, run=("-c", BRIEF))
    token = (tmp_path / "serve.token").read_text().strip()
    assert f"#token={token}" in wide.out
    assert "█▀" in wide.out
    narrow = swipefl_on_terminal(tmp_path, *flags, run=("-c", BRIEF), columns=30)
    assert "█" not in narrow.out
    assert token in CONTROL.sub("", narrow.out)
    piped = swipefl_on_terminal(tmp_path, *flags, run=("-c", BRIEF), piped="out")
    assert "serve.token" in piped.out
    assert token not in piped.out + piped.err
    near = swipefl_on_terminal(tmp_path, "serve", "--port", "0", run=("-c", BRIEF))
    assert "http://127.0.0.1:" in near.out
    assert "token" not in near.out


def test_what_the_command_line_changes_is_taken_up_while_it_serves(tmp_path: Path) -> None:
    swipe = json.loads(GOOD[0])

    def words() -> list[str]:
        body = {name: swipe[name] for name in ("coords", "width", "height")} | {"keyboard": "mine"}
        answer = HTTP.post(served.url + "/api/v1/predict", json=body)
        return [each["word"] for each in answer.json().get("candidates", ())]

    with serving(tmp_path) as served:
        assert words() == []
        rows = "qwertyuiop asdfghjkl zxcvbnm"
        assert swipefl(tmp_path, "keyboards", "add", "--name", "mine", "--rows", rows, "--language", "en").code == 0
        wait_until(lambda: words())
        best = words()[0]
        assert swipefl(tmp_path, "words", "hide", best).code == 0
        wait_until(lambda: best not in words())


def test_no_word_and_no_point_is_in_the_log(tmp_path: Path) -> None:
    word, place = "Kwyjibo", "98.76543"
    swipe = json.loads(GOOD[0]) | {"word": word, "gesture_id": word, "before": word}
    swipe["coords"][0]["x"] = float(place)
    bad = [{**swipe, "coords": [{"x": place, "y": word}]}, {**swipe, "word": 5}, {**swipe, "keyboard": word}, word]
    with serving(tmp_path) as served:
        for sent in (swipe, [swipe], *bad, {"gesture_id": word, "delete": True}):
            for path in ("/api/v1/predict", "/api/v1/swipes"):
                HTTP.post(served.url + path, json=sent)
        HTTP.post(served.url + "/api/v1/swipes", content=f'{{"word": "{word}'.encode(), headers=JSON)
        for path in (f"/{word}", f"/api/v1/{word}", f"/api/v1/keyboards/{word}", f"/api/v1/jobs/{word}", f"/?{word}"):
            HTTP.get(served.url + path, headers={"User-Agent": word, "Referer": word})
        HTTP.patch(served.url + "/api/v1/words", json={"add": [word]})
        counted = HTTP.get(served.url + "/metrics").text
    for text in (served.log(), counted):
        assert word not in text
        assert place not in text
    assert "Traceback" not in served.log()


def test_requests_predictions_and_swipes_are_counted(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for _ in range(3):
            HTTP.post(served.url + "/api/v1/predict", content=GOOD[0], headers=JSON)
        HTTP.post(served.url + "/api/v1/swipes", json=[json.loads(line) for line in GOOD[:4]])
        HTTP.post(served.url + "/api/v1/swipes", json=json.loads(GOOD[4]))
        HTTP.get(served.url + "/api/v1/keyboards/qwerty")
        lines = HTTP.get(served.url + "/metrics").text.splitlines()
    assert "swipefl_predictions_total 3.0" in lines
    assert "swipefl_stored_swipes_total 5.0" in lines
    assert 'swipefl_requests_total{method="GET",route="/api/v1/keyboards/{name}",status="200"} 1.0' in lines
    assert 'swipefl_request_seconds_count{route="/api/v1/predict"} 3.0' in lines


def test_ready_says_what_is_wrong(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert HTTP.get(served.url + "/health/ready").status_code == 200
        (tmp_path / "swipefl.db").write_bytes(os.urandom(100_000))
        answer = HTTP.get(served.url + "/health/ready")
        assert (answer.status_code, answer.json()["kind"]) == (503, "store")
        assert HTTP.get(served.url + "/health/live").status_code == 200
        assert HTTP.get(served.url + "/api/v1/stats").status_code == 500
        assert HTTP.post(served.url + "/api/v1/predict", content=GOOD[0], headers=JSON).status_code == 200
    assert "store" in served.log().split("serving")[1]  # whoever looks after it hears of it


def test_what_cannot_be_stored_is_not_ready(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "ingest", "-", given=GOOD[0]).code == 0
    with serving(tmp_path, before=AS_ANYONE) as served:
        assert HTTP.get(served.url + "/health/ready").status_code == 200
        (tmp_path / "swipefl.db").chmod(0o400)
        answer = HTTP.get(served.url + "/health/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "read-only")
        assert HTTP.post(served.url + "/api/v1/predict", content=GOOD[0], headers=JSON).status_code == 200


def test_a_home_that_nothing_can_be_predicted_of_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "swipefl.db").write_bytes(os.urandom(100_000))
    done = swipefl(tmp_path, "serve", "--port", "0")
    assert (done.code, done.out) == (5, "")


def test_on_a_full_disk_words_are_found_as_before(disk: SmallDisk) -> None:
    assert disk.swipefl("ingest", "-", given=b"".join(GOOD[:20])).code == 0
    with serving(disk.folder / "home", before=disk.inside) as served:
        disk.fill()
        for line in GOOD[:5]:
            assert HTTP.post(served.url + "/api/v1/predict", content=line, headers=JSON).status_code == 200
        full = HTTP.post(served.url + "/api/v1/swipes", content=GOOD[30], headers=JSON)
        assert (full.status_code, full.json()["code"]) == (507, "disk-full")
        disk.free()
        assert HTTP.post(served.url + "/api/v1/swipes", content=GOOD[30], headers=JSON).status_code == 202


def test_a_server_that_begins_on_a_full_disk_reads_all_and_goes_on_when_it_is_not_full(disk: SmallDisk) -> None:
    assert disk.swipefl("ingest", "-", given=b"".join(GOOD[:20])).code == 0
    disk.fill()
    with serving(disk.folder / "home", before=disk.inside) as served, httpx.Client(timeout=LONG_S) as client:
        api = served.url + "/api/v1/"

        def best() -> str:
            return str(client.post(api + "predict", content=GOOD[0], headers=JSON).json()["candidates"][0]["word"])

        first = best()
        for path in ("stats", "words", "keyboards", "export", "models"):
            assert client.get(api + path).status_code == 200
        for path, body in (("swipes", GOOD[30]), ("forget", b'{"everything": true}')):
            answer = client.post(api + path, content=body, headers=JSON)
            assert (answer.status_code, answer.json()["code"]) == (507, "disk-full")
        ready = client.get(served.url + "/health/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "disk-full")
        disk.free()
        assert client.get(served.url + "/health/ready").status_code == 200
        assert client.post(api + "swipes", content=GOOD[30], headers=JSON).status_code == 202
        assert disk.swipefl("words", "hide", first).code == 0
        wait_until(lambda: best() != first)  # what another program changes


def test_a_home_that_cannot_be_made_is_not_ready(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with serving(tmp_path / "log", "--home", str(closed / "a" / "home"), before=AS_ANYONE) as served:
        answer = HTTP.get(served.url + "/health/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "read-only")


def test_where_the_token_is_is_told_so_that_it_is_found_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BRIEF, "serve", "--port", "0", "--json", "--token-file", "token"]
    done = subprocess.run(command, env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout)["token_file"] == str(tmp_path / "token")

"""Small files that unpack to much, and long ones of anything: memory stays flat, and what stands behind them lands."""

import gzip
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swipefl.gesture.formats.lines import MOST_LINE
from tests.support import recorders
from tests.support.command import measured
from tests.support.keyboards import row
from tests.support.logs import trace
from tests.support.swipes import GOOD, gesture, lines

MOST_MB = 500
MOST_OF_A_DOCUMENT_MB = 150  # of which 8 MB are looked at
TOUCH = b"s %d 370 222 %s 10 10 1 1 0 we 0\n"
LETTERS = [chr(0x4E00 + n) for n in range(5000)]


def filled(begin: bytes, part: bytes, end: bytes, size: int = MOST_LINE - 100) -> bytes:
    """`part` again and again between two ends."""
    return begin + part * ((size - len(begin) - len(end)) // len(part)) + end


def a_line(begin: bytes, part: bytes, end: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([filled(begin, part, end) + b"\n"])


def a_document(begin: bytes, part: bytes, end: bytes, mb: int = 24) -> Callable[[], Iterator[bytes]]:
    """On many lines, and far beyond what a document may have."""

    def blocks() -> Iterator[bytes]:
        yield begin
        for _ in range(mb):
            yield filled(b"", part, b"\n", 1 << 20)
        yield end + b"\n"

    return blocks


def an_endless_touch() -> Iterator[bytes]:
    yield TOUCH % (0, b"touchstart")
    yield from (b"".join(TOUCH % (n * 1000 + k, b"touchmove") for k in range(1000)) for n in range(300))
    yield TOUCH % (300_000, b"touchend")


def keyboards() -> Iterator[bytes]:
    """Each of other keys, and each as large as one may be."""
    for n in range(700):
        board = row(LETTERS[n : n + 200]) | {"name": f"board {n}"}
        yield lines(gesture(keyboard=board, word=LETTERS[n], gesture_id=f"g{n}", width=1000 + n, height=200))


def nothing_but_odd_lines() -> Iterator[bytes]:
    """Rejected ones between ones that are not: no two of them are neighbours."""
    yield from (b'broken\n{"private": 1}\n' * 1000 for _ in range(50))


@dataclass(frozen=True)
class Bomb:
    """What is written into a file, and the reasons for which something of it is rejected."""

    blocks: Callable[[], Iterator[bytes]]
    reasons: set[str]
    good: bytes = GOOD[0]


BOMBS: dict[str, Bomb] = {
    "empty objects": Bomb(a_line(b"[", b"{},", b"{}]"), set()),
    "objects of objects": Bomb(a_line(b"[", b'{"":{}},', b"{}]"), {"long-document"}),
    "lists of objects": Bomb(a_line(b'{"coords": [', b"[{}],", b"[]]}"), {"long-document"}),
    "keys": Bomb(a_line(b'{"coords": {', b'"":{},', b'"a":1}}'), {"long-document"}),
    "brackets": Bomb(a_line(b"", b"[", b""), {"long-document"}),
    "coordinates in coordinates": Bomb(a_line(b'{"coords": [', b"[", b""), {"long-document"}),
    "points": Bomb(a_line(b'{"coords": [', b'{"x":1,"y":1,"t":0},', b'{}], "width": 9, "height": 9}'), {"no-points"}),
    "a number": Bomb(a_line(b'{"coords": [{"t": 0, "y": 1, "x": ', b"9", b"}]}"), {"broken-json"}),
    "a word": Bomb(a_line(lines(gesture())[:-2] + b', "word": "', "é".encode(), b'"}'), {"long-word"}),
    "an id": Bomb(a_line(GOOD[1][:-2] + b', "user": "', b"x", b'"}'), set()),
    "keys of a keyboard": Bomb(
        a_line(b'{"keyboard": {"width": 1, "height": 1, "keys": [', b'{"letter":"a"},', b"{}]}}"), {"long-document"}
    ),
    "a keyboard's name": Bomb(
        a_line(json.dumps({"keyboard": row("ab")})[:-2].encode() + b', "name": "', b"x", b'"}}'), {"unknown-keyboard"}
    ),
    "a grid": Bomb(
        a_line(b'{"curve": {"x":[1,2],"y":[1,2],"t":[1,2],"grid":{"width":1,"height":1,"keys":[', b"{},", b"{}]}}}"),
        {"long-document"},
    ),
    "zeros": Bomb(lambda: (b"\0" * (1 << 20) for _ in range(200)), {"long-line"}, b"\n" + GOOD[0]),
    "lines of nothing": Bomb(lambda: iter([b"\n" * 200_000]), set()),
    "lines of anything": Bomb(nothing_but_odd_lines, {"broken-json"}),
    "a touch without end": Bomb(an_endless_touch, {"many-points"}, trace(0)),
    "keyboards": Bomb(keyboards, {"many-keyboards"}),
}
DOCUMENTS: dict[str, Callable[[], Iterator[bytes]]] = {
    "empty objects": a_document(b"[", b"{},", b"{}]"),
    "objects of objects": a_document(b"[", b'{"":{}},', b"{}]"),
    "points": a_document(b'{"we": [\n', b'{"x":1,"y":1,"t":0},', b"{}]}"),
    "brackets": a_document(b"", b"[", b""),
}


def written(path: Path, blocks: Iterator[bytes]) -> Path:
    """The file, packed where its name says so."""
    with gzip.open(path, "wb", 1) if path.suffix == ".gz" else path.open("wb") as file:
        for block in blocks:
            file.write(block)
    return path


def parts(*some: Any) -> Iterator[bytes]:
    for part in some:
        yield from [part] if isinstance(part, bytes) else part


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_memory_is_flat_and_what_stands_behind_is_read(tmp_path: Path, bomb: Bomb) -> None:
    path = written(tmp_path / "s.jsonl", parts(bomb.blocks(), bomb.good))
    done, peak_mb = measured(tmp_path, "ingest", str(path), "--json", "--rejects", str(tmp_path / "bad"))
    assert (done.code, bomb.reasons <= set(done.json["reasons"])) == (0, True), (done.out, done.err[-500:])
    assert done.json["stored"] >= 1
    assert peak_mb < MOST_MB
    assert len(done.err) < 100_000


@pytest.mark.parametrize("blocks", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_larger_than_a_line_may_be_is_refused_in_flat_memory(
    tmp_path: Path, blocks: Callable[[], Iterator[bytes]]
) -> None:
    """Packed it has a hundred KB; what stands beside it is read."""
    path = written(tmp_path / "s.json.gz", blocks())
    (tmp_path / "t.jsonl").write_bytes(GOOD[0])
    done, peak_mb = measured(tmp_path, "ingest", str(path), str(tmp_path / "t.jsonl"), "--json")
    assert (done.code, done.json["stored"], done.json["rejected"]) == (0, 1, 1), done.err[-500:]
    assert set(done.json["reasons"]) <= {"long-document", "long-line"}
    assert peak_mb < MOST_OF_A_DOCUMENT_MB


PACKED: dict[str, Callable[[], bytes]] = {
    "of many small parts": lambda: gzip.compress(b"") * 100_000 + gzip.compress(GOOD[0]),
    "of a name without end": lambda: gzip.compress(GOOD[0])[:3] + b"\x08" + bytes(6) + b"x" * (1 << 20),
    "of itself": lambda: gzip.compress(gzip.compress(GOOD[0]) + gzip.compress(b"\0" * (50 << 20))),
    "and nothing but zeros behind": lambda: gzip.compress(GOOD[0]) + b"\0" * (1 << 20),
    "that is cut": lambda: gzip.compress(b"".join(GOOD))[:-1000],
}


@pytest.mark.parametrize("content", PACKED.values(), ids=PACKED)
def test_a_gzip_of_any_shape_is_read_in_flat_memory(tmp_path: Path, content: Callable[[], bytes]) -> None:
    (tmp_path / "s.jsonl.gz").write_bytes(content())
    (tmp_path / "t.jsonl").write_bytes(GOOD[1])
    done, peak_mb = measured(tmp_path, "ingest", str(tmp_path / "s.jsonl.gz"), str(tmp_path / "t.jsonl"), "--json")
    assert (done.code, done.json["stored"] >= 1) == (0, True), done.err[-500:]
    assert peak_mb < 150


def of_zeros(archive: zipfile.ZipFile) -> None:
    with archive.open("z.jsonl", "w") as member:
        for _ in range(300):
            member.write(b"\0" * (1 << 20))


def of_a_long_list(archive: zipfile.ZipFile) -> None:
    """As HeliBoard writes ten thousand swipes: a hundred MB, one a line."""
    with archive.open("z.json", "w") as member:
        member.write(b"[\n")
        for n in range(3_000):
            word = ("we", "hello", "coffee")[n % 3]
            member.write(json.dumps(recorders.heliboard(word, uuid=str(n), pad="x" * 30_000)).encode() + b",\n")
        member.write(json.dumps(recorders.heliboard("mango")).encode() + b"\n]")


def of_many_members(archive: zipfile.ZipFile) -> None:
    for n in range(12_000):
        archive.writestr(f"{n}.jsonl", b"")


def of_a_list_without_end(archive: zipfile.ZipFile) -> None:
    with archive.open("z.json", "w") as member:
        member.write(b"[" + json.dumps(recorders.heliboard("we")).encode() + b",")
        for _ in range(100):
            member.write(b'{"a":[' * (1 << 17) + b"\n")


ZIPPED: dict[str, tuple[Callable[[zipfile.ZipFile], None], set[str], int]] = {
    "zeros": (of_zeros, {"zip-bomb", "long-line", "unknown-format"}, 0),
    "a long list": (of_a_long_list, set(), 4),
    "many members": (of_many_members, {"many-members"}, 0),
    "a list without end": (of_a_list_without_end, {"broken-json", "long-document"}, 1),
}


@pytest.mark.parametrize(("fill", "reasons", "stored"), ZIPPED.values(), ids=ZIPPED)
def test_a_zip_of_any_shape_is_read_in_flat_memory(
    tmp_path: Path, fill: Callable[[zipfile.ZipFile], None], reasons: set[str], stored: int
) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        fill(archive)
    (tmp_path / "t.jsonl").write_bytes(GOOD[1])
    done, peak_mb = measured(tmp_path, "ingest", str(tmp_path / "s.zip"), str(tmp_path / "t.jsonl"), "--json")
    assert (done.code, done.json["stored"]) == (0, stored + 1), done.err[-500:]
    assert set(done.json["reasons"]) <= reasons
    assert peak_mb < 170


def test_predictions_on_keyboards_of_all_kinds_are_made_in_flat_memory(tmp_path: Path) -> None:
    """The largest that there may be, and one of another alphabet for each gesture."""
    swipes = [gesture(keyboard=row(["w", "e", *LETTERS[:198]]) | {"language": "en"}, width=1000, height=200)]
    qwerty = "qwertyuiopasdfghjklzxcvbnm"
    swipes += [gesture(keyboard=row([*qwerty, LETTERS[n]]) | {"name": f"b{n}", "language": "en"}) for n in range(40)]
    done, peak_mb = measured(tmp_path, "predict", "--json", "-", input=lines(*swipes))
    assert ["error" in json.loads(line) for line in done.out.splitlines()] == [False] * 41
    assert peak_mb < MOST_MB

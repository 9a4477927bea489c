"""Bodies that are too long, inflate to too much, or come too slowly."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import httpx
import pytest

from assay.serving.access.bodies import Bodies, Bounds
from assay.serving.access.faults import Faults
from assay.serving.access.inflating import STEP, Inflater
from assay.serving.refusals import BadRequest
from tests.serving.access.asked import Answer, Reached, ask
from tests.serving.access.served import PATIENCE, connected, dripped, everything, one_answer, served

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

LIMIT = 1000
TEXT = b"a text" * 100
BOMB = gzip.compress(bytes(50_000_000))


def sent(
    body: Sequence[bytes], *headers: tuple[str, str], limit: int = LIMIT
) -> tuple[Answer, Reached]:
    reached = Reached()
    answer = ask(Faults(Bodies(reached, Bounds(size=limit))), "/", *headers, body=body)
    return answer, reached


def test_a_body_within_the_bound_is_passed_on() -> None:
    for body in ([b""], [TEXT], [TEXT, b"", TEXT[:400]], [bytes(LIMIT)]):
        answer, reached = sent(body)
        assert (answer.status, reached.bodies) == (200, [b"".join(body)])


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 17, "9" * 5000])
def test_a_body_that_says_to_be_too_long_is_413_before_a_byte_is_read(length: str) -> None:
    answer, reached = sent([], ("content-length", length))
    assert answer.status == 413
    assert answer.error == "a body has at most 1,000 bytes, compressed or not"
    assert reached.scopes == []
    assert sent([TEXT], ("content-length", str(LIMIT)))[0].status == 200


# The last one is a digit to Python, not to HTTP.
@pytest.mark.parametrize("lengths", [["-1"], ["1.0"], [""], ["ten"], ["1", "1"], ["\u00b2"]])
def test_a_length_that_is_no_number_is_400(lengths: list[str]) -> None:
    assert sent([b""], *(("content-length", length) for length in lengths))[0].status == 400


def test_a_body_that_turns_out_too_long_is_cut_off_at_the_bound() -> None:
    answer, reached = sent([bytes(LIMIT), b"a", b"never read"])
    assert answer.status == 413
    assert (len(reached.scopes), reached.bodies) == (1, [])


@pytest.mark.parametrize("parts", [1, 7])
@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip", "deflate"])
def test_a_compressed_body_is_passed_on_inflated(name: str, parts: int) -> None:
    compressed = zlib.compress(TEXT) if name == "deflate" else gzip.compress(TEXT)
    size = len(compressed) // parts + 1
    pieces = [compressed[at : at + size] for at in range(0, len(compressed), size)]
    headers = (("Content-Encoding", name), ("content-length", str(len(compressed))), ("x-own", "a"))
    answer, reached = sent([*pieces, b""], *headers)
    assert (answer.status, reached.bodies) == (200, [TEXT])
    # What is passed on is no longer so long, nor compressed.
    assert reached.scopes[0]["headers"] == [(b"x-own", b"a")]


def test_a_large_compressed_body_is_passed_on_in_bounded_steps() -> None:
    content = bytes(range(256)) * 4096
    answer, reached = sent([gzip.compress(content)], ("content-encoding", "gzip"), limit=2**21)
    assert reached.bodies == [content]
    assert answer.status == 200
    inflater = Inflater("gzip")
    inflater.feed(BOMB)
    assert {len(inflater.step()) for _ in range(100)} == {STEP}


def test_several_gzip_members_are_one_body() -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    for body in ([members], [members[:30], members[30:]], [bytes([one]) for one in members]):
        answer, reached = sent(body, ("content-encoding", "gzip"))
        assert (answer.status, reached.bodies) == (200, [b"one two"])


@pytest.mark.parametrize(
    ("name", "bomb"),
    [
        ("gzip", BOMB),
        ("deflate", zlib.compress(bytes(50_000_000))),
        ("gzip", b"".join(gzip.compress(bytes(500)) for _ in range(1000))),
    ],
    ids=["gzip", "deflate", "members"],
)
def test_a_decompression_bomb_is_413_at_the_bound(name: str, bomb: bytes) -> None:
    answer, reached = sent([bomb], ("content-encoding", name), limit=100_000)
    assert answer.status == 413
    assert reached.bodies == []


@pytest.mark.parametrize("name", ["gzip", "deflate"])
@pytest.mark.parametrize("damage", ["cut", "altered", "more", "other", "empty"])
def test_a_damaged_compressed_body_is_400(name: str, damage: str) -> None:
    whole = gzip.compress(TEXT) if name == "gzip" else zlib.compress(TEXT)
    body = {
        "cut": whole[:-5],
        "altered": whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:],
        "more": whole + b"more",
        "other": TEXT,
        "empty": b"",
    }[damage]
    answer, reached = sent([body], ("content-encoding", name))
    assert (answer.status, reached.bodies) == (400, [])


@pytest.mark.parametrize(
    "names", [["br"], ["zstd"], ["gzip, gzip"], ["gzip", "gzip"], ["identity, gzip"], [""]]
)
def test_another_encoding_is_415_and_says_which_are_read(names: list[str]) -> None:
    answer, reached = sent([TEXT], *(("content-encoding", name) for name in names))
    assert (answer.status, reached.scopes) == (415, [])
    assert answer.headers["accept-encoding"] == "gzip, deflate"


def test_identity_is_no_encoding() -> None:
    answer, reached = sent([TEXT], ("content-encoding", "identity"))
    assert (answer.status, reached.bodies) == (200, [TEXT])


def test_behind_the_end_of_a_body_nothing_is_read() -> None:
    inflater = Inflater("gzip")
    inflater.feed(gzip.compress(b""))
    assert inflater.step() == b""
    inflater.require_whole()
    with pytest.raises(BadRequest, match="ends too early"):
        Inflater("gzip").require_whole()


HASTY = Bounds(size=LIMIT, pause=0.3, whole=0.6)
POST = b"POST / HTTP/1.1\r\nhost: a\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(Faults(Bodies(Reached(), HASTY)), lifespan="off") as found:
        yield found


@pytest.fixture
def client(port: int) -> Iterator[socket.socket]:
    with connected(port) as found:
        yield found


def refused(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


@pytest.mark.parametrize("begun", [b"", b"1", b"12345"])
def test_a_body_that_stops_is_408_and_the_connection_ends(
    client: socket.socket, begun: bytes
) -> None:
    client.sendall(POST + b"content-length: 9\r\n\r\n" + begun)
    answer = everything(client)
    assert refused(answer) == (
        408,
        "the body must come within 0.6 seconds, without a pause of 0.3",
    )
    assert b"connection: close" in answer


def test_a_chunk_that_stops_is_408(client: socket.socket) -> None:
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n5\r\nabc")
    assert refused(everything(client))[0] == 408


def test_a_body_that_drips_is_408(client: socket.socket) -> None:
    """Each byte comes in time; the last one does not."""
    client.sendall(POST + b"content-length: 900\r\n\r\n")
    assert refused(dripped(client, b"a" * 900))[0] == 408


def test_a_chunked_body_without_end_is_413(client: socket.socket) -> None:
    client.sendall(POST + b"transfer-encoding: chunked\r\n\r\n")
    for _ in range(200):
        client.sendall(b"a\r\n0123456789\r\n")
    assert refused(one_answer(client))[0] == 413
    assert everything(client) == b""


def test_a_quick_client_is_not_hurried(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        for body in (b"", TEXT, gzip.compress(TEXT)):
            headers = {"content-encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
            answer = client.post("/", content=body, headers=headers)
            assert answer.content == (TEXT if body else b"")


def test_a_length_beyond_the_bound_is_refused_while_nothing_was_sent(
    client: socket.socket,
) -> None:
    client.sendall(POST + b"content-length: 1000000000000\r\n\r\n")
    assert refused(one_answer(client))[0] == 413

"""Clients that are slow, half-open, or send what never ends, against a real server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from assay.serving.access.connections import NO_UPGRADE, Connection
from assay.serving.access.faults import Faults
from assay.serving.access.headers import HEADERS
from assay.serving.refusals import TooLarge
from tests.serving.access.served import PATIENCE, connected, dripped, everything, one_answer, served

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    from assay.asgi import Receive, Scope, Send

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
CHUNKED = b"POST /waits HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"


class Hasty(Connection):
    """Waits for a moment only."""

    head_seconds = 0.3
    rest_seconds = 0.3
    write_seconds = 0.3

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.scope and self.scope["path"] == "/large":
            LOST.append(self)


class Thorough(Connection):
    """Reads the rest of what is refused, however slow the machine is."""

    rest_seconds = PATIENCE


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/refused":
        raise TooLarge("too large")
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            ENDED.append(scope["path"])
            return
        body += message["body"]
        more = message["more_body"]
    if scope["path"] == "/large":
        await large(send)
        return
    body = body or b"empty"
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def large(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(LARGE // 2**20):
        await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})


LARGE = 200 * 2**20
ENDED: list[str] = []
LOST: list[Hasty] = []


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(Faults(application), Hasty, loop=request.param, lifespan="off") as found:
        yield found


@pytest.fixture
def client(port: int) -> Iterator[socket.socket]:
    with connected(port) as found:
        yield found


def wait_for(happened: Sequence[object]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened and time.monotonic() < until:
        time.sleep(0.01)


def refused(answer: bytes) -> tuple[int, str]:
    """Return the status and the sentence of a refusal, all of whose headers are checked."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines)
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"connection"] == b"close"
    assert all(headers[name] == value for name, value in HEADERS)
    return int(status.split()[1]), json.loads(body)["error"]


def test_a_client_that_only_connects_is_cut_off(client: socket.socket) -> None:
    assert everything(client) == b""


@pytest.mark.parametrize("begun", [b"G", GET[:-2], b"POST / HTTP/1.1\r\nhost: a\r\nx-slow: a"])
def test_a_client_that_stops_within_a_head_is_cut_off(client: socket.socket, begun: bytes) -> None:
    client.sendall(begun)
    status, sentence = refused(everything(client))
    assert (status, sentence) == (408, "the head of a request must come within 0.3 seconds")


def test_a_head_that_comes_letter_by_letter_is_cut_off(client: socket.socket) -> None:
    head = b"GET / HTTP/1.1\r\nx-slow: " + b"a" * 1000
    assert refused(dripped(client, head))[0] == 408


def test_blank_lines_are_no_life_sign(client: socket.socket) -> None:
    client.sendall(GET)
    assert one_answer(client).endswith(b"empty")
    client.settimeout(0.05)
    with pytest.raises((BrokenPipeError, ConnectionResetError, StopIteration)):
        for _ in range(400):
            client.sendall(b"\r\n")
            try:
                if client.recv(65536) == b"":
                    raise StopIteration
            except TimeoutError:
                continue


def test_a_head_within_a_second_request_is_timed_too(client: socket.socket) -> None:
    client.sendall(GET)
    assert one_answer(client).endswith(b"empty")
    client.sendall(GET[:9])
    assert refused(everything(client))[0] == 408


def test_a_quick_client_keeps_its_connection(client: socket.socket) -> None:
    for _ in range(3):
        client.sendall(GET)
        assert one_answer(client).endswith(b"empty")
        # Longer than a head may take: between two requests another clock runs.
        time.sleep(0.4)


@pytest.mark.parametrize(
    "endless",
    [
        b"GET / HTTP/1.1\r\n" + b"x-a: b\r\n" * 10_000,
        b"GET / HTTP/1.1\r\nx-long: " + b"a" * 600_000,
        b"GET /" + b"a" * 100_000,
        CHUNKED + b"1\r\na\r\n0\r\n" + b"x: b\r\n" * 20_000,
        CHUNKED + b"1\r\na\r\n0\r\nx: " + b"b" * 600_000,
        CHUNKED + b"1;" + b"b" * 600_000,
    ],
    ids=["headers", "header", "path", "trailers", "trailer", "extension"],
)
def test_a_head_without_end_is_refused(client: socket.socket, endless: bytes) -> None:
    client.sendall(endless)
    status, sentence = refused(everything(client))
    assert (status, sentence) == (431, "the head of a request has at most 65,536 bytes")


def test_what_is_no_http_is_refused_with_the_same_form(client: socket.socket) -> None:
    client.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
    assert refused(everything(client)) == (400, "Invalid HTTP request received.")


@pytest.mark.parametrize(
    "ambiguous",
    [
        b"content-length: 3\r\ntransfer-encoding: chunked",
        b"content-length: 3\r\ncontent-length: 4",
        b"content-length: -3",
        b"transfer-encoding: chunked, identity",
    ],
)
def test_a_body_of_two_lengths_is_refused(client: socket.socket, ambiguous: bytes) -> None:
    client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\n" + ambiguous + b"\r\n\r\n0\r\n\r\n")
    assert refused(everything(client))[0] == 400


def test_a_broken_body_is_refused_while_the_application_waits(client: socket.socket) -> None:
    ENDED.clear()
    client.sendall(CHUNKED + b"1\r\na\r\n")
    time.sleep(0.1)
    client.sendall(b"no size\r\n")
    assert refused(everything(client))[0] == 400
    wait_for(ENDED)
    assert ENDED == ["/waits"]


def test_the_rest_of_a_refused_body_does_not_hold_the_connection(client: socket.socket) -> None:
    client.sendall(b"POST /refused HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
    assert b"413" in one_answer(client)
    client.sendall(b"a little of it")
    assert everything(client) == b""


def test_a_client_that_still_sends_gets_its_refusal() -> None:
    """A connection that is closed under a sending client takes the answer with it."""
    with (
        served(Faults(application), Thorough, lifespan="off") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        for _ in range(3):
            answer = client.post("/refused", content=bytes(30_000_000))
            assert (answer.status_code, answer.json()) == (413, {"error": "too large"})
            assert client.post("/", content=b"next").content == b"next"


def test_a_refused_body_that_was_waited_with_ends_the_connection(client: socket.socket) -> None:
    """What the client sends next would be taken for the body that it keeps."""
    waiting = b"host: a\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n"
    client.sendall(b"POST /refused HTTP/1.1\r\n" + waiting)
    answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer


def test_a_client_that_takes_no_answer_is_cut_off(port: int) -> None:
    LOST.clear()
    with connected(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n")
        wait_for(LOST)
        # What was on its way is still there; then the connection is over.
        assert len(everything(client)) < LARGE


@pytest.mark.parametrize("body", [b"", b"GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"])
@pytest.mark.parametrize("wanted", [b"websocket", b"h2c"])
def test_an_upgrade_is_refused_and_its_body_is_no_request(
    client: socket.socket, wanted: bytes, body: bytes
) -> None:
    upgrade = b"connection: Upgrade\r\nupgrade: %s\r\n" % wanted
    length = b"content-length: %d\r\n\r\n" % len(body)
    client.sendall(b"POST / HTTP/1.1\r\nhost: a\r\n" + upgrade + length)
    client.sendall(body)
    status, sentence = refused(everything(client))
    assert (status, sentence) == (400, NO_UPGRADE)


def test_a_tunnel_is_refused(client: socket.socket) -> None:
    client.sendall(b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n" + GET)
    assert refused(everything(client))[0] == 400

"""A real server in this process, and a client that is nothing but a socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

from assay.serving.access.connections import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.asgi import Application

PATIENCE = 20  # seconds after which a test fails that waits for the server


@contextlib.contextmanager
def served(
    application: Application, kind: type[Connection] = Connection, **more: Any
) -> Iterator[int]:
    """Serve an application until the block ends; yield the port."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=kind, ws="none", log_config=None, timeout_graceful_shutdown=1, **more
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            until = time.monotonic() + PATIENCE
            while not server.started and time.monotonic() < until:
                time.sleep(0.01)
            assert server.started
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def connected(port: int) -> socket.socket:
    """Return a connection to a served application."""
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def dripped(client: socket.socket, request: bytes) -> bytes:
    """Send a request byte by byte until an answer comes; return that, or nothing."""
    client.settimeout(0.05)
    for place in range(len(request)):
        client.sendall(request[place : place + 1])
        try:
            return client.recv(65536)
        except TimeoutError:
            continue
    return b""


def everything(client: socket.socket) -> bytes:
    """Return what the server sends until it closes the connection; fail if it never does."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            found += part
    return found


def one_answer(client: socket.socket) -> bytes:
    """Return the next whole answer, which says how long it is."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = client.recv(65536)
        assert part, found
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        part = client.recv(65536)
        assert part, found
        body += part
    return head + b"\r\n\r\n" + body

"""One process that listens: uvicorn with the limits, the signals and the TLS that serving wants.

Reads the files of the certificate and of its key, if there are any. Writes nothing. Ends within
:data:`GRACE` seconds of SIGTERM or SIGINT: requests that are under way are answered, new ones are
not taken.
"""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Seconds for requests that are under way, once the server is asked to end.
GRACE = 9
# Seconds that an idle connection is kept for the client's next request.
KEEP_ALIVE = 15
BACKLOG = 2048
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Address:
    """Where the server listens.

    Attributes:
        host: a name or an address of this machine.
        port: of TCP.
        certificate, key: PEM files of TLS: both, or neither.
        names: further names by which clients call it.

    """

    host: str = "127.0.0.1"
    port: int = 8800
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()

    @property
    def scheme(self) -> Literal["http", "https"]:
        """How clients ask."""
        return "https" if self.certificate else "http"

    @property
    def url(self) -> str:
        """What a client on this machine calls."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def listening(self) -> socket.socket:
        """Return a socket that listens: from now on clients wait instead of being refused.

        Raises:
            UsageError: it is in use, or not one of this machine.

        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        found = socket.socket(family)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((self.host, self.port))
            found.listen(BACKLOG)
        except OSError as problem:
            found.close()
            raise UsageError(
                f"{self.host}:{self.port} can't be listened on: {problem.strerror or problem}",
                expected="a free port of an address of this machine",
                cure="name another one: --port 8801",
            ) from problem
        return found


def serve(application: Any, address: Address, say: Callable[[], object] = lambda: None) -> None:
    """Listen until a signal ends the process; ``say`` is called once clients may come.

    Raises:
        UsageError: the address can't be listened on, or the certificate can't be read.

    """
    import uvicorn

    from assay.serving.access.connections import Connection

    listening = address.listening()
    try:
        config = uvicorn.Config(
            application,
            log_level="warning",
            lifespan="on",
            workers=1,
            http=Connection,
            ws="none",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
        )
        config.load()
    except OSError as problem:
        listening.close()
        raise UsageError(
            f"the certificate can't be used: {problem}",
            expected="PEM files: --certificate FILE --key FILE",
            cure="check the two files",
        ) from problem

    class Server(uvicorn.Server):
        """Ends of itself: uvicorn would send the signal again, which loses what logs hold."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Let SIGTERM and SIGINT ask for the end."""
            before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    say()
    Server(config).run(sockets=[listening])

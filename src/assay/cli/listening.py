"""The options of every command that listens: address, names, TLS.

Reads and writes nothing.
"""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def listening(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options; the command gets one :class:`assay.serving.server.Address`, ``address``.

    ``port``: of the address where none is named.
    """
    options = (
        click.option(
            "--host", default="127.0.0.1", show_default=True, help="The address to listen on."
        ),
        click.option("--port", default=port, show_default=True, type=click.IntRange(1, 65535)),
        click.option(
            "--host-name", "names", multiple=True, help="A further name that clients call it by."
        ),
        click.option(
            "--certificate", type=click.Path(path_type=Path), help="PEM file: serve by TLS."
        ),
        click.option(
            "--key", type=click.Path(path_type=Path), help="PEM file of the certificate's key."
        ),
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_address(
            *,
            host: str,
            port: int,
            names: tuple[str, ...],
            certificate: Path | None,
            key: Path | None,
            **rest: Any,
        ) -> None:
            if bool(certificate) != bool(key):
                raise UsageError(
                    "TLS needs both a certificate and its key",
                    expected="--certificate FILE --key FILE",
                )
            from assay.serving.server import Address

            command(address=Address(host, port, certificate, key, names), **rest)

        found: Callable[..., None] = with_address
        for option in reversed(options):
            found = option(found)
        return found

    return decorate

"""At which address the server may listen, and by which names it may be asked.

Reads nothing but what it is told. Writes nothing.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from assay.errors import UsageError
from assay.origins import Names

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMES = ("http", "https")
# With these, ``Host`` bears no port.
THEIR_PORTS = (80, 443)


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's own; of names, ``localhost`` alone is."""
    if host.lower() == "localhost":  # RFC 6761, 6.3
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe(host: str, *, tokens: bool, tls: bool) -> str | None:
    """Refuse to let other machines in without a token; return what a user should know, if any.

    Raises:
        UsageError: they would get in.

    """
    if is_loopback(host):
        return None
    if not tokens:
        raise UsageError(
            f"{host or 'every address of this machine'} is open to other machines, and no client "
            "has a token",
            expected="a token for each client, or an address of the loopback",
            cure="assay tokens add NAME, or --host 127.0.0.1",
        )
    if not tls:
        return (
            f"on {host} tokens and texts travel unencrypted: give a certificate, or let a proxy "
            "that has one stand in front"
        )
    return None


def names(host: str, port: int, more: Iterable[str] = ()) -> Names:
    """Return the names by which a server on ``host`` and ``port`` may be asked.

    ``more`` are a user's own: with a port, exactly that; without, with the server's port or none,
    as a proxy in front passes it on. A server on every address of the machine that was given none
    may be asked by any: it wants tokens, which no foreign page has.
    """
    more = tuple(more)
    if not (more or is_loopback(host) or _is_one_address(host)):
        return Names(None, SCHEMES)
    known = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    given = {f"{name}:{port}" for name in (*known, *more)} | set(more)
    return Names(given | (known if port in THEIR_PORTS else set()), SCHEMES)


def _is_one_address(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return bool(host)

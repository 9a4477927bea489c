"""Which client sends a request: its bearer token, and how often it may show it.

An ASGI application around another one. Reads a request's headers, its address, and the tokens.
Writes into the request's scope who sends it. Raises refusals, which
:class:`assay.serving.access.faults.Faults` turns into answers; never reads a body, never logs.

Wrong tokens are limited by address: from one address, so many are looked at in a minute, then 429.
Guesses at the secret of one token are counted apart, and past the limit none is looked at, be it
right or wrong. So nobody tries secrets at speed; and who sends nonsense locks out none of the
clients that share the address (behind a proxy: all), unless it knows the id of their token.
"""

from __future__ import annotations

import functools
import ipaddress
import logging
import time
from typing import TYPE_CHECKING

from assay.asgi import values
from assay.errors import RecordRefused
from assay.serving.access import tokens
from assay.serving.access.callers import KEY, LOCAL, UNKNOWN, Caller
from assay.serving.access.rates import Buckets, Rate
from assay.serving.refusals import NotReady, TooMany, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assay.asgi import Application, Receive, Scope, Send
    from assay.serving.access.store import TokenStore
    from assay.serving.access.tokens import Token

# What a probe asks: it has no token, and learns nothing but whether the server is up.
HEALTH = ("/v2/health/live", "/v2/health/ready")

FAILURES = Rate(per_minute=30, burst=10)
# Addresses whose failures, and tokens whose requests are counted: about 200 bytes each.
ADDRESSES, CALLERS = 10_000, 10_000

log = logging.getLogger("assay.serving")


class Access:
    """Lets through who shows a token that is known, good, and not shown too often.

    Routes ask :func:`assay.serving.access.callers.caller_of` which models and acts are theirs.
    """

    def __init__(
        self,
        application: Application,
        store: TokenStore | None,
        open_paths: Iterable[str] = HEALTH,
        failures: Rate = FAILURES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard ``application`` with the tokens of ``store``.

        Without a store every client may do all: for the loopback alone, see
        :func:`assay.serving.access.exposure.require_safe`. A GET of ``open_paths`` needs no token.
        """
        self._application, self._store = application, store
        self._open, self._limit = frozenset(open_paths), failures
        self._failures = Buckets(ADDRESSES, clock)
        self._uses = Buckets(CALLERS, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who sends a request, and pass it on.

        Raises:
            Unauthorized: no token, or an unknown, revoked or expired one.
            TooMany: too many wrong ones from this address, or too many requests with this one.
            NotReady: the file of tokens is broken.

        """
        if scope["type"] == "http":
            scope.setdefault("state", {})[KEY] = self._caller(scope)
        await self._application(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller:
        if self._store is None:
            return LOCAL
        if scope["method"] == "GET" and scope["path"] in self._open:
            return UNKNOWN
        token = self._token(self._store, _shown(scope), _address(scope))
        if wait := self._uses.take(token.id, token.rate):
            raise TooMany(
                f"this token is good for {token.rate.per_minute:g} requests a minute, "
                f"{token.rate.burst} at once",
                wait,
            )
        return Caller.of(token)

    def _token(self, store: TokenStore, shown: str, address: str) -> Token:
        """Return the token that was shown; count it as a failure of its address if it is none."""
        id_, secret = tokens.parts(shown) or ("", "")
        known = _find(store, id_)
        failing = f"{address} {id_}" if known else address
        if known:
            self._require_patience(self._failures.wait(failing, self._limit))
        if known and known.matches(secret):
            if known.has_expired():
                raise Unauthorized("this token has expired")
            return known
        self._require_patience(self._failures.take(failing, self._limit))
        if not shown:
            raise Unauthorized("this server wants a token: Authorization: Bearer assay_…")
        raise Unauthorized("this token is unknown, or was revoked")

    def _require_patience(self, wait: float) -> None:
        if wait:
            raise TooMany("too many wrong tokens came from this address", wait)


def _shown(scope: Scope) -> str:
    """Return the token that a request bears; "": none, or several."""
    given = values(scope, b"authorization")
    scheme, _, shown = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return shown.strip() if scheme.lower() == "bearer" else ""


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return _network(client[0]) if client else ""


@functools.lru_cache(maxsize=1024)
def _network(client: str) -> str:
    """Return what one client has of addresses: IPv4's one, IPv6's 2**64 (RFC 6177)."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def _find(store: TokenStore, id_: str) -> Token | None:
    try:
        return store.find(id_) if id_ else None
    except RecordRefused as problem:
        log.error("%s", problem)
        raise NotReady("the server cannot read its list of tokens") from None

"""What every request passes before an application's routes, in one order for all of our servers.

Reads the tokens and whether there are any. Writes what its parts write. From the outside in: a
request is audited, gets its security headers, and has its refusals turned into answers; host and
origin, then the token, then the size of the body are checked; what is left reaches the routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.progress import say
from assay.serving.access import exposure, store
from assay.serving.access.audit import Audit
from assay.serving.access.audited import Audited
from assay.serving.access.authorization import Access
from assay.serving.access.bodies import Bodies
from assay.serving.access.faults import Faults
from assay.serving.access.headers import SecurityHeaders
from assay.serving.access.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.asgi import Application
    from assay.origins import Names
    from assay.serving.access.bodies import Bounds
    from assay.serving.access.store import TokenStore
    from assay.serving.server import Address


@dataclass(frozen=True)
class Guard:
    """Who may ask a server.

    Attributes:
        names: by which the server may be asked.
        audit: the record of calls.
        store: the tokens; None: every client on this machine may do all.

    """

    names: Names
    audit: Audit
    store: TokenStore | None = None


def guard_of(address: Address) -> Guard:
    """Return who may ask a server at an address, by the tokens there are; say what is unsafe.

    Raises:
        UsageError: other machines would get in without a token.
        RecordRefused: the file of tokens is none.

    """
    # Tokens that have all expired still guard; but they let nobody in from outside.
    tokens, good = bool(store.read()), not store.TokenStore().is_empty()
    secure = address.certificate is not None
    if warning := exposure.require_safe(address.host, tokens=good, tls=secure):
        say(f"note: {warning}")
    names = exposure.names(address.host, address.port, address.names)
    return Guard(names, Audit(), store.TokenStore() if tokens else None)


def guarded(
    routes: Application, guard: Guard, bounds: Bounds, open_paths: Iterable[str]
) -> Application:
    """Return an application whose routes are reached by what passes all checks.

    Args:
        routes: the application to guard; it raises its refusals.
        guard: who may ask it.
        bounds: of bodies.
        open_paths: those that any client may get without a token.

    """
    found: Application = Bodies(routes, bounds)
    found = Access(found, guard.store, open_paths)
    found = Origins(found, guard.names)
    found = Faults(found)
    found = SecurityHeaders(found)
    return Audited(found, guard.audit)

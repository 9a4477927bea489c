"""Which requests ask by another name, or come from a page of another site.

Reads a request's headers. Writes nothing.

A page of another site can send requests to a port of this machine with the user's browser. Two
headers give it away, which no page can change: ``Origin`` says which site a request comes from, and
``Host`` which name was asked for, when that site's name was made to lead here ("DNS rebinding").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.asgi import values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.asgi import Scope


class Names:
    """The names that a service answers at, as ``Host`` has them: with a port, where one is due."""

    def __init__(self, hosts: Iterable[str] | None, schemes: Iterable[str] = ("http",)) -> None:
        """Answer at ``hosts``, and to pages that were loaded from there with ``schemes``.

        None: at whatever name leads here. That is for services that want a credential: no page of
        a name that was made to lead here has it.
        """
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._schemes = tuple(schemes)

    def refusal(self, scope: Scope) -> str | None:
        """Return why a request is refused; None: it comes from where it may."""
        hosts = [host.lower() for host in values(scope, b"host")]
        if len(hosts) != 1 or not (self._hosts is None or hosts[0] in self._hosts):
            known = " and ".join(sorted(self._hosts)) if self._hosts else "one name"
            return f"this service answers at {known} alone"
        # Most requests come from no page.
        origins = values(scope, b"origin")
        if origins and not self._origins(hosts).issuperset(origin.lower() for origin in origins):
            return "this service takes no requests from pages of other sites"
        return None

    def _origins(self, asked: list[str]) -> set[str]:
        hosts = asked if self._hosts is None else self._hosts
        return {f"{scheme}://{host}" for scheme in self._schemes for host in hosts}

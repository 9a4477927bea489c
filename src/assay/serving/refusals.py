"""What the server answers to a request that it can't or won't fulfil.

Reads and writes nothing. Each is raised where it is found, and becomes a status and the body
``{"error": sentence}``, as the Open Inference Protocol has it.
"""

from __future__ import annotations

import math
from typing import ClassVar


class Refusal(Exception):
    """A request that is refused; its text is a sentence for whoever sent it."""

    status: ClassVar[int] = 400

    @property
    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        return {}


class BadRequest(Refusal):
    """A request that says something impossible: shape, type, framing, JSON."""


class Unauthorized(Refusal):
    """No token, or none that is known, or one that has expired."""

    status = 401

    @property
    def headers(self) -> dict[str, str]:
        """Say which kind of credential is wanted (RFC 6750)."""
        return {"www-authenticate": "Bearer"}


class Forbidden(Refusal):
    """A known client that may not do this; a foreign host or origin."""

    status = 403


class NotFound(Refusal):
    """A model, version or path that is not there."""

    status = 404


class Conflict(Refusal):
    """What was asked no longer fits what is there: it was changed or taken in between."""

    status = 409


class TooSlow(Refusal):
    """A client that did not send its request in time."""

    status = 408

    @property
    def headers(self) -> dict[str, str]:
        """Say that the connection ends with the answer (RFC 9110, 15.5.9)."""
        return {"connection": "close"}


class TooLarge(Refusal):
    """A body, a text or a number of rows over a bound."""

    status = 413


class UnsupportedEncoding(Refusal):
    """A body that is compressed in a way that the server does not read."""

    status = 415

    @property
    def headers(self) -> dict[str, str]:
        """Say which ways it reads (RFC 9110, 15.5.16)."""
        return {"accept-encoding": "gzip, deflate"}


class TooMany(Refusal):
    """More requests than the server can answer in time, or than this client may send."""

    status = 429

    def __init__(self, sentence: str, retry_after: float) -> None:
        """Take the sentence, and after how many seconds another try makes sense."""
        super().__init__(sentence)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Say when to try again, in whole seconds (RFC 9110, 10.2.3)."""
        return {"retry-after": str(max(1, math.ceil(self.retry_after)))}


class NotReady(Refusal):
    """The server is starting, or about to end."""

    status = 503

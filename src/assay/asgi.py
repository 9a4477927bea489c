"""What ASGI applications pass to each other: types, and the headers of a request.

Reads what it is given. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def values(scope: Scope, name: bytes) -> list[str]:
    """Return each value that a request has for a header; servers pass names in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]

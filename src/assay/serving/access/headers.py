"""What every answer tells a browser: guess nothing, run nothing, frame nothing, keep nothing.

An ASGI application around another one. Reads the headers of an answer. Writes those that it lacks;
what a route says itself stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.asgi import Application, Message, Receive, Scope, Send

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class SecurityHeaders:
    """Adds to each answer the headers that it lacks."""

    def __init__(self, application: Application) -> None:
        """Add to the answers of ``application``."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                known = {name.lower() for name, _ in own}
                own += [header for header in HEADERS if header[0] not in known]
                message = {**message, "headers": own}
            await send(message)

        await self._application(scope, receive, complete if scope["type"] == "http" else send)

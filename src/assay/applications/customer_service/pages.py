"""The page and its files: a fixed list, read once, each with the headers that keep it harmless.

Reads the folder ``page`` of this package. Writes nothing. No other file can be asked for.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

from assay.serving.refusals import NotFound

if TYPE_CHECKING:
    from starlette.requests import Request

PAGE = "index.html"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
# Beside those that every answer of the server has.
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-cache",
}


def page_file(name: str, request: Request) -> Response:
    """Return a file of the page, or that the browser's copy is good (304).

    Raises:
        NotFound: the page has no such file.

    """
    files = _files()
    if name not in files:
        raise NotFound("the page has no such file")
    content = files[name]
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**HEADERS, "etag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=KINDS[name[name.rindex(".") :]])


def paths() -> tuple[str, ...]:
    """Return the addresses of the page and of its files, which hold nothing of anybody's."""
    return ("/service", "/service/", *(f"/service/static/{name}" for name in sorted(_files())))


@functools.cache
def _files() -> dict[str, bytes]:
    folder = resources.files("assay.applications.customer_service") / "page"
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.name.endswith(tuple(KINDS))
    }

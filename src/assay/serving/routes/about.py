"""Pages about the server: its API, as a document and as a page, and its metrics.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

from assay.serving.protocol import docs_page, openapi
from assay.serving.routes.context import context_of
from assay.serving.watching.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from starlette.requests import Request


async def docs(_request: Request) -> Response:
    """Show the API to people."""
    return Response(docs_page.page(), headers=docs_page.headers())


async def document(_request: Request) -> Response:
    """Give the API to programs, as OpenAPI 3.1."""
    return Response(orjson.dumps(openapi.document()), media_type="application/json")


async def metrics(request: Request) -> Response:
    """Give the metrics to Prometheus."""
    return Response(context_of(request).metrics.text(), media_type=CONTENT_TYPE)

"""The ASGI application of one customer service: its routes, and what a request passes before them.

Reads and writes what its parts do: tokens, the audit log. The checks are those of the models'
server (:mod:`assay.serving.access.guarded`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from assay.applications.customer_service import asked, pages
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guarded
from assay.serving.routed import Routed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from assay.asgi import Application
    from assay.serving.access.guarded import Guard
    from assay.serving.routed import Life

HOME = "/"


def application(routes: Sequence[BaseRoute], guard: Guard, life: Life | None = None) -> Application:
    """Return the application.

    Args:
        routes: of the service.
        guard: who may ask.
        life: entered when the server starts, left when it ends.

    """
    open_paths = (HOME, *pages.paths())
    served = Routed([Route(HOME, _home), *routes], life)
    return guarded(served, guard, Bounds(asked.BODY), open_paths)


async def _home(_request: Request) -> Response:
    return RedirectResponse("/service/")

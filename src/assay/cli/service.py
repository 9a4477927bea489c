"""``assay service``: a customer service in the browser, made of released models.

Reads the service's file and what it names. Writes the conversations, and what agents correct into
``data/inbox``. Listens on this machine alone: whoever can reach the page is taken for an agent.
"""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import cores
from assay.cli import as_json
from assay.cli.answer import give
from assay.errors import UsageError
from assay.paths import require_project
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette

    from assay.applications.customer_service.hosting import Hosted

EXAMPLE = Path("examples/customer_service/service.yaml")
PORT = 8810


@click.command(name="service")
@click.argument("file", type=click.Path(path_type=Path), default=EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@as_json
def command(file: Path, host: str, port: int, json_: bool) -> None:
    """Talk to customers at /service/, as FILE says; without FILE, for the example company."""
    from assay.applications.customer_service.hosting import open_service
    from assay.services.guard import Guard
    from assay.serving import server

    require_project()
    address = server.Address(host, port)
    if not address.is_loopback:
        raise UsageError(
            f"{host} can be reached by other machines, and no token would be asked for",
            expected="an address of this machine alone, such as 127.0.0.1",
            cure="leave --host out",
        )
    hosted = open_service(file, threads=cores.usable())
    for note in hosted.dialogue.notes:
        say(note)
    names = (address.url.partition("//")[2], f"localhost:{port}")
    server.serve(Guard(application(hosted, address.url, json_=json_), names), address)


def application(hosted: Hosted, url: str, *, json_: bool) -> Starlette:
    """Return the application of one customer service, which says where it is when it listens."""
    from starlette.applications import Starlette
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        about, place = hosted.about, f"{url}/service/"
        answer = {
            "address": place,
            "company": about.company,
            "languages": list(about.languages),
            "models": {part.model: part.version for part in about.models},
        }
        give(answer, [f"{about.company}, {' and '.join(about.languages)}: {place}"], json_=json_)
        sys.stdout.flush()
        yield
        hosted.close()

    home = Route("/", lambda _: RedirectResponse("/service/"))
    # Who reaches the loopback is this machine's user.
    return Starlette(routes=[home, *hosted.routes(is_agent=lambda _: True)], lifespan=lifespan)

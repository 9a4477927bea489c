"""``assay service``: a customer service in the browser, made of released models.

Reads the service's file and what it names, and the clients' tokens. Writes the conversations, what
agents correct into ``data/inbox``, and the audit log. Where no client has a token it listens on
this machine alone, and whoever can reach the page is taken for an agent.
"""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay import cores
from assay.cli import as_json
from assay.cli.answer import give
from assay.cli.listening import listening
from assay.paths import require_project
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from assay.applications.customer_service.hosting import Hosted
    from assay.serving.server import Address

EXAMPLE = Path("examples/customer_service/service.yaml")


@click.command(name="service")
@click.argument("file", type=click.Path(path_type=Path), default=EXAMPLE)
@listening(port=8810)
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundles, not the champions.")
@as_json
def command(
    file: Path,
    address: Address,
    workspace: bool,
    json_: bool,
) -> None:
    """Talk to customers at /service/, as FILE says; without FILE, for the example company."""
    require_project()
    from assay.applications.customer_service.application import application
    from assay.applications.customer_service.hosting import open_service
    from assay.serving.access.guarded import guard_of
    from assay.serving.server import serve

    guard = guard_of(address)
    hosted = open_service(file, threads=cores.usable(), workspace=workspace)
    for note in hosted.now.notes:
        say(f"note: {note}")
    life = partial(_living, hosted, f"{address.url}/service/", json_)
    serve(application(hosted.routes(), guard, life), address)


@asynccontextmanager
async def _living(hosted: Hosted, place: str, json_: bool, _: object) -> AsyncIterator[None]:
    """Say where the service is, once it starts; follow the ledger; close it when it ends."""
    about = hosted.now.about
    answer = {
        "address": place,
        "company": about.company,
        "languages": list(about.languages),
        "models": hosted.now.versions,
    }
    give(answer, [f"{about.company}, {' and '.join(about.languages)}: {place}"], json_=json_)
    sys.stdout.flush()
    async with hosted.living():
        yield

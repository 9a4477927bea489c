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
from assay.errors import UsageError
from assay.paths import require_project
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from assay.applications.customer_service.hosting import Hosted

EXAMPLE = Path("examples/customer_service/service.yaml")
PORT = 8810


@click.command(name="service")
@click.argument("file", type=click.Path(path_type=Path), default=EXAMPLE)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host-name", "names", multiple=True, help="A further name that clients call it by.")
@click.option("--certificate", type=click.Path(path_type=Path), help="PEM file: serve by TLS.")
@click.option("--key", type=click.Path(path_type=Path), help="PEM file of the certificate's key.")
@click.option("--workspace", is_flag=True, help="Ask the workspace's bundles, not the champions.")
@as_json
def command(
    file: Path,
    host: str,
    port: int,
    names: tuple[str, ...],
    certificate: Path | None,
    key: Path | None,
    workspace: bool,
    json_: bool,
) -> None:
    """Talk to customers at /service/, as FILE says; without FILE, for the example company."""
    require_project()
    if bool(certificate) != bool(key):
        raise UsageError(
            "TLS needs both a certificate and its key", expected="--certificate FILE --key FILE"
        )
    from assay.applications.customer_service.application import application
    from assay.applications.customer_service.hosting import open_service
    from assay.serving.access import exposure, store
    from assay.serving.access.audit import Audit
    from assay.serving.server import Address, serve

    address = Address(host, port, certificate, key)
    # Tokens that have all expired still guard; but they let nobody in from outside.
    tokens, good = bool(store.read()), not store.TokenStore().is_empty()
    if warning := exposure.require_safe(host, tokens=good, tls=certificate is not None):
        say(f"note: {warning}")
    hosted = open_service(file, threads=cores.usable(), workspace=workspace)
    for note in hosted.notes:
        say(f"note: {note}")
    serve(
        application(
            hosted.routes(),
            exposure.names(host, port, names),
            audit=Audit(),
            store=store.TokenStore() if tokens else None,
            life=partial(_living, hosted, f"{address.url}/service/", json_),
        ),
        address,
    )


@asynccontextmanager
async def _living(hosted: Hosted, place: str, json_: bool, _: object) -> AsyncIterator[None]:
    """Say where the service is, once it starts; close it when it ends."""
    about = hosted.about
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

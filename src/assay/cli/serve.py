"""``assay serve``: the champions over HTTP, until the process is told to end.

Reads the ledger, releases, tokens and the files of TLS. Writes the logs below ``.assay/serving/``
and the access log to standard error. What is served, and how, is in :mod:`assay.serving`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assay import cores
from assay.cli import as_json
from assay.cli.answer import give
from assay.cli.listening import listening
from assay.errors import NoRelease, UsageError
from assay.paths import require_project

if TYPE_CHECKING:
    from assay.serving.server import Address


@click.command(name="serve")
@click.argument("models", nargs=-1)
@listening(port=8800)
@click.option(
    "--seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="After which a request is refused that was not answered.",
)
@click.option(
    "--queue",
    default=2048,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows that wait at most, of each model.",
)
@click.option(
    "--body",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="Megabytes that a request's body has at most.",
)
@click.option(
    "--log-predictions",
    "share",
    default=0.0,
    type=click.FloatRange(0, 1),
    help="The share of rows to keep, masked, for `assay drift`. None are kept by default.",
)
@click.option(
    "--shadow",
    "shadows",
    multiple=True,
    metavar="MODEL=VERSION",
    help="A challenger that answers a champion's traffic unseen: a release, or `workspace`.",
)
@click.option(
    "--traces", metavar="URL", help="A collector (OTLP over HTTP) that gets a span of each request."
)
@click.option("--access-log/--no-access-log", default=True, help="A line a request on stderr.")
@click.option(
    "--workspace",
    is_flag=True,
    help="Serve what was built last where a model has no champion: on this machine alone.",
)
@as_json
def command(
    models: tuple[str, ...],
    address: Address,
    seconds: float,
    queue: int,
    body: int,
    share: float,
    shadows: tuple[str, ...],
    traces: str | None,
    access_log: bool,
    workspace: bool,
    json_: bool,
) -> None:
    """Serve the champions of MODELS, by default of all, over HTTP."""
    require_project()
    from assay.serving.options import Options
    from assay.serving.running import run

    options = Options(
        models=_named(models, workspace),
        address=address,
        threads=cores.usable(),
        seconds=seconds,
        queue=queue,
        body=body * 2**20,
        share=share,
        shadows=dict(map(_shadow, shadows)),
        access_log=access_log,
        traces=traces,
        workspace=workspace,
    )
    if json_:
        give({"url": options.address.url, "models": options.models}, [], json_=True)
    run(options)


def _shadow(words: str) -> tuple[str, int | None]:
    """Return a model and the version of its challenger, None for the workspace's bundle."""
    name, _, version = words.partition("=")
    if name and version == "workspace":
        return name, None
    if name and version.isdecimal():
        return name, int(version)
    raise UsageError(
        f"--shadow {words} names no challenger",
        expected="a model and a release's version, or workspace",
        cure="for instance: --shadow opinions=workspace",
    )


def _named(models: tuple[str, ...], workspace: bool) -> tuple[str, ...]:
    """Return the models to serve, each of which exists.

    Raises:
        NoRelease: none was named, and none has a champion.
        UnknownModel: one of them is none of ``params.yaml``.

    """
    from assay.serving import sources

    if models:
        return tuple(dict.fromkeys(models))
    if found := sources.released():
        return tuple(found)
    if workspace and (built := sources.built()):
        return tuple(built)
    raise NoRelease(
        "no model has a champion yet, and only releases are served",
        expected="a version that the gate let through",
        cure="assay promote MODEL; or try what was built on this machine: assay serve --workspace",
    )

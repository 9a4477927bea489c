"""``assay tokens add|list|revoke``: which clients the server lets in.

Reads and writes what :mod:`assay.serving.access.store` does, and writes to standard output: a token
once, when it is made, and never again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.errors import UsageError
from assay.paths import require_project
from assay.progress import say

if TYPE_CHECKING:
    from assay.serving.access.tokens import Token

ALL, NEVER = "all", "never"
SCOPES = ("infer", "admin")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
AGE = re.compile(r"([1-9][0-9]{0,4})([hdw])")
HOURS = {"h": 1, "d": 24, "w": 168}
# What may come at once after a pause: as many as in this time.
BURST_SECONDS = 10


@click.group(name="tokens")
def command() -> None:
    """Say which clients the server lets in; it sees a change at the next request.

    Each of these answers for a program with --json.
    """


@command.command()
@click.argument("name")
@click.option("--models", default=ALL, help="Names with commas between them; if not given, all.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("infer",),
    show_default=True,
    help="What it is for: asking models, or loading and unloading them; may be given twice.",
)
@click.option(
    "--rate", type=click.IntRange(min=1), default=600, show_default=True, help="Requests a minute."
)
@click.option(
    "--burst",
    type=click.IntRange(min=1),
    help="At once after a pause; if not given, of 10 seconds.",
)
@click.option(
    "--expires", default="90d", show_default=True, help="After how long: 12h, 90d, 52w, or never."
)
@as_json
def add(
    name: str,
    models: str,
    scopes: tuple[str, ...],
    rate: int,
    burst: int | None,
    expires: str,
    json_: bool,
) -> None:
    """Make a token for the client NAME, and print it: this once."""
    require_project()
    from assay.serving.access import store, tokens
    from assay.serving.access.rates import Rate

    kept, token = tokens.issue(
        _name(name),
        scopes=tuple(scope for scope in tokens.SCOPES if scope in scopes),
        models=_models(models),
        rate=Rate(per_minute=rate, burst=burst or max(1, rate * BURST_SECONDS // 60)),
        expires=_expiry(expires),
    )
    store.add(kept)
    if not json_:
        say(f"{_told(kept)}\nthe token is shown this once: whoever has it is {name}")
    give({**_answer(kept), "token": token}, [token], json_=json_)


@command.command(name="list")
@as_json
def list_(json_: bool) -> None:
    """Show every client: what it may do, how often, and until when."""
    require_project()
    from assay.serving.access import store

    known = store.read()
    lines = (
        columns([_row(token) for token in known])
        if known
        else [
            "no client has a token: the server answers this machine alone",
            "next: assay tokens add NAME",
        ]
    )
    give({"tokens": [_answer(token) for token in known]}, lines, json_=json_)


@command.command()
@click.argument("name")
@as_json
def revoke(name: str, json_: bool) -> None:
    """Let the client NAME in no longer."""
    require_project()
    from assay.serving.access import store

    revoked = store.revoke(name)
    lines = [f"{name}: the token is revoked, from the next request on"]
    give({"revoked": _answer(revoked)}, lines, json_=json_)


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a client",
            expected="1 to 64 letters, digits and . _ @ -, a letter or digit first",
            cure="choose another name: the audit log shows it at each call",
        )
    return name


def _models(text: str) -> tuple[str, ...] | None:
    """Return the names of ``--models``; None: all.

    Raises:
        UnknownModel: params.yaml has none of that name.

    """
    if text == ALL:
        return None
    from assay.tasks import registry

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        registry.load_model(name)
    return names


def _expiry(text: str) -> datetime | None:
    if text == NEVER:
        return None
    found = AGE.fullmatch(text)
    if not found:
        raise UsageError(
            f"--expires {text!r} is no length of time",
            expected="a number of hours, days or weeks (12h, 90d, 52w), or never",
            cure="--expires 90d",
        )
    now = datetime.now(UTC).replace(microsecond=0)
    return now + timedelta(hours=int(found[1]) * HOURS[found[2]])


def _answer(token: Token) -> dict[str, Any]:
    """Return what a program gets to see of a token: nothing that it is known by but its id."""
    shown = token.model_dump(mode="json", exclude={"salt", "digest"})
    return {**shown, "expired": token.has_expired()}


def _row(token: Token) -> list[str]:
    return [
        token.name,
        "+".join(token.scopes),
        ALL if token.models is None else ",".join(token.models),
        f"{token.rate.per_minute:g} a minute",
        _until(token),
    ]


def _told(token: Token) -> str:
    name, scopes, models, rate, until = _row(token)
    return f"{name}: {scopes}, models: {models}, {rate} ({token.rate.burst} at once), {until}"


def _until(token: Token) -> str:
    if token.expires is None:
        return "does not expire"
    return f"{'expired' if token.has_expired() else 'until'} {token.expires:%Y-%m-%d %H:%M} UTC"

"""``assay doctor``: what is installed, reachable and wrong, and the cure.

Reads what :mod:`assay.cli.checks` does. Writes to standard output alone; with ``--fix`` also the
key that releases are signed with.
"""

from __future__ import annotations

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.progress import say

MARKS = {"ok": "ok", "note": "note", "wrong": "WRONG"}


@click.command(name="doctor")
@click.option(
    "--fix", is_flag=True, help="Make what is missing: the key that releases are signed with."
)
@as_json
def command(fix: bool, json_: bool) -> None:
    """Check the installation, the project and what it reaches; exit 1 if something is wrong."""
    from assay.cli import checks

    if fix:
        _make_key()

    findings = checks.check()
    rows = [[MARKS[f.state], f.subject, f.found] for f in findings]
    cures = [f"  {f.subject}: {f.cure}" for f in findings if f.cure and f.state != "ok"]
    answer = {"findings": [vars(f) for f in findings]}
    give(answer, [*columns(rows), *(["", "cures:", *cures] if cures else [])], json_=json_)
    if any(f.state == "wrong" for f in findings):
        raise click.exceptions.Exit(1)


def _make_key() -> None:
    """Make the key, unless it is there; say what belongs into git."""
    from assay.gateways import signing
    from assay.paths import require_project

    require_project()
    if not signing.has_key():
        public = signing.make_key()
        say(f"made {signing.private_key()} (keep it secret, and keep a copy) and {public}")
        say(f"now: git add {public} && git commit: whose key is there is trusted")

"""``assay doctor``: what is installed, reachable and wrong, and the cure.

Reads what :mod:`assay.cli.checks` does. Writes to standard output alone.
"""

from __future__ import annotations

import click

from assay.cli import as_json
from assay.cli.answer import columns, give

MARKS = {"ok": "ok", "note": "note", "wrong": "WRONG"}


@click.command(name="doctor")
@as_json
def command(json_: bool) -> None:
    """Check the installation, the project and what it reaches; exit 1 if something is wrong."""
    from assay.cli import checks

    findings = checks.check()
    rows = [[MARKS[f.state], f.subject, f.found] for f in findings]
    cures = [f"  {f.subject}: {f.cure}" for f in findings if f.cure and f.state != "ok"]
    answer = {"findings": [vars(f) for f in findings]}
    give(answer, [*columns(rows), *(["", "cures:", *cures] if cures else [])], json_=json_)
    if any(f.state == "wrong" for f in findings):
        raise click.exceptions.Exit(1)

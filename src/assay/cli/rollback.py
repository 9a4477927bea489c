"""``assay rollback MODEL [--to VERSION]``: make an earlier release champion again.

Writes what :mod:`assay.release.rollback` does, and to standard output.
"""

from __future__ import annotations

import sys

import click

from assay.cli import as_json
from assay.cli.answer import give
from assay.paths import require_project
from assay.progress import say


@click.command(name="rollback")
@click.argument("model")
@click.option("--to", type=click.IntRange(min=1), help="The release; if not given, the one before.")
@click.option("--reason", default="", help="Why: it stands in the ledger.")
@as_json
def command(model: str, to: int | None, reason: str, json_: bool) -> None:
    """Move MODEL's champion to an earlier release, and say what changed."""
    require_project()
    from assay.release import aliases, ledger
    from assay.release.rollback import rollback
    from assay.tasks import registry

    registry.load_model(model)
    done = rollback(model, to, reason)
    answer = {
        "model": model,
        "champion": done.version,
        "before": done.replaced,
        "changes": list(done.changes),
    }
    first = f"{model}: release {done.version} is champion (release {done.replaced} before)"
    give(answer, [first, *(f"  {line}" for line in done.changes)], json_=json_)
    # The champion has moved: predict answers from it while MLflow is still loaded.
    sys.stdout.flush()
    if note := aliases.update(model, ledger.read()):
        say(note)

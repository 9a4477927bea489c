"""``assay track MODEL``: log a built model to MLflow now, or fail.

Writes to the tracking store alone.
"""

from __future__ import annotations

import click

from assay.cli import as_json
from assay.cli.answer import give
from assay.paths import require_project


@click.command(name="track")
@click.argument("model")
@as_json
def command(model: str, json_: bool) -> None:
    """Log MODEL's figures, pictures and bundle to MLflow; what is there stays as it is."""
    require_project()
    from assay.release import aliases, ledger
    from assay.release.register import register

    done = register(model)
    known = ledger.read()
    told = (aliases.register_again(model, known), aliases.update(model, known, again=True))
    notes = [*done.notes, *(note for note in told if note)]
    answer = {
        "model": model,
        "mlflow_run": done.run_id,
        "url": done.run_url,
        "version": done.version,
        "notes": notes,
    }
    lines = [f"{model} is version {done.version} in MLflow"]
    give(answer, [*lines, *([done.run_url] if done.run_url else []), *notes], json_=json_)

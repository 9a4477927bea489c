"""``assay new``: add a model of your own, from a file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import artifacts
from assay.cli import as_json
from assay.cli.answer import give
from assay.progress import say
from assay.settings import adding, reading

if TYPE_CHECKING:
    from assay.settings.schema import Model

TASKS = ("text-classification",)


@click.command(name="new")
@click.argument("name")
@click.option("--task", type=click.Choice(TASKS), required=True, help="What the model does.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="CSV, TSV, JSON Lines or Parquet, also gzipped; UTF-8 or GB18030.",
)
@click.option("--text", required=True, help="The column that holds the texts.")
@click.option("--label", required=True, help="The column that holds the classes.")
@as_json
def command(name: str, task: str, data: Path, text: str, label: str, json_: bool) -> None:
    """Add the model NAME to params.yaml; `assay run NAME` then builds it with no further edit.

    The file is copied into data/inbox/NAME/ and versioned by DVC; drop more files there later.
    """
    artifacts.require_project()
    adding.check_name(artifacts.PARAMS, name)
    from assay.gateways import tables
    from assay.tasks import protocol

    table = tables.read_table(data)
    settings, notes = protocol.founds(task).propose(table, text, label)
    target = artifacts.Artifacts(name).inbox / data.name
    _take_in(data, target)
    adding.add(artifacts.PARAMS, name, settings)
    notes += _version(target)
    give(
        _answer(name, settings, len(table), notes),
        _lines(name, settings, target, notes),
        json_=json_,
    )


def _take_in(data: Path, target: Path) -> None:
    with artifacts.replacing(target) as beside:
        shutil.copyfile(data, beside)
    (target.parent / ".gitkeep").touch()


def _version(target: Path) -> list[str]:
    from assay.errors import AssayError
    from assay.gateways import versioning

    try:
        versioning.track(target)
    except AssayError as problem:
        say(str(problem))
        return [f"not versioned yet: dvc add {target}"]
    return []


def _answer(name: str, settings: Model, rows: int, notes: list[str]) -> dict[str, Any]:
    return {
        "model": name,
        "rows": rows,
        "labels": list(settings.labels),
        "epochs": settings.train.epochs,
        "notes": notes,
        "next": f"assay run {name}",
    }


def _lines(name: str, settings: Model, target: Path, notes: list[str]) -> list[str]:
    known = reading.load_model(artifacts.PARAMS, name)
    shown = ", ".join(known.labels[:8]) + (" …" if len(known.labels) > 8 else "")
    return [
        f"{name}: {len(known.labels)} classes ({shown}), {settings.train.epochs} epochs at most",
        f"the data is in {target}; the settings are in {artifacts.PARAMS}",
        *(f"note: {note}" for note in notes),
        f"next: assay run {name}",
    ]

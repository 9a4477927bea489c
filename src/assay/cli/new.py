"""``assay new``: add a model of your own, from a file or an example."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import artifacts
from assay.cli import as_json
from assay.cli.answer import give
from assay.errors import UsageError
from assay.progress import say
from assay.settings import adding, reading

if TYPE_CHECKING:
    from assay.settings.schema import Model

TASKS = ("text-classification", "image-classification")


@click.command(name="new")
@click.argument("name")
@click.option("--task", type=click.Choice(TASKS), help="What the model does.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="CSV, TSV, JSON Lines or Parquet, also gzipped; UTF-8 or GB18030. For images also a "
    "folder of class folders, or one that holds a table and the images it lists.",
)
@click.option("--text", help="The column that holds the texts.")
@click.option("--image", help="The column that holds images or their paths, if not `image`.")
@click.option("--label", help="The column that holds the classes (for images: if not `label`).")
@click.option(
    "--from",
    "example",
    type=click.Path(path_type=Path),
    help="Take the settings of an example instead, e.g. examples/cifar10.yaml.",
)
@as_json
def command(name: str, example: Path | None, json_: bool, **given: Any) -> None:
    """Add the model NAME to params.yaml; `assay run NAME` then builds it with no further edit.

    The file or folder is copied into data/inbox/NAME/ and versioned by DVC; drop more there later.
    """
    artifacts.require_project()
    adding.check_name(artifacts.PARAMS, name)
    _require(given, example)
    if example is not None:
        _from_example(name, example, json_=json_)
    else:
        _from_data(name, **given, json_=json_)


def _require(given: dict[str, Any], example: Path | None) -> None:
    """Refuse options that are missing, or that an example leaves no room for."""
    if example is not None:
        if named := [f"--{option}" for option, value in given.items() if value is not None]:
            raise UsageError(
                f"--from and {', '.join(named)} were given",
                expected="--from EXAMPLE alone: it holds all settings",
                cure=f"leave out {', '.join(named)}; afterwards, change params.yaml as you like",
            )
        return
    if missing := [f"--{option}" for option in ("task", "data") if given[option] is None]:
        raise UsageError(
            f"{', '.join(missing)} is missing",
            expected="--task and --data, with --text and --label for texts; or --from EXAMPLE "
            "alone",
            cure="name them; `assay new --help` says what each is",
        )


def _from_example(name: str, example: Path, *, json_: bool) -> None:
    settings = adding.add_example(artifacts.PARAMS, name, example)
    inbox = artifacts.Artifacts(name).inbox
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / ".gitkeep").touch()
    source = settings.ingest.source
    origin = f"the data comes from {source}, and from files" if source else "put files"
    place = f"{origin} in {inbox}"
    give(_answer(name, settings, None, []), _lines(name, place, []), json_=json_)


def _from_data(name: str, task: str, data: Path, *, json_: bool, **columns: str | None) -> None:
    from assay.tasks import protocol

    named = {house: column for house, column in columns.items() if column is not None}
    proposal = protocol.founds(task).propose(data, named)
    target = artifacts.Artifacts(name).inbox / data.resolve().name
    _take_in(data, target)
    adding.add(artifacts.PARAMS, name, proposal.settings)
    notes = [*proposal.notes, *_version(target)]
    give(
        _answer(name, proposal.settings, proposal.rows, notes),
        _lines(name, f"the data is in {target}", notes),
        json_=json_,
    )


def _take_in(data: Path, target: Path) -> None:
    if target.resolve().is_relative_to(data.resolve()):
        raise UsageError(
            f"{data} holds this project, or is its inbox",
            expected="a file or folder outside, which is copied in",
            cure=f"keep your data in a folder of its own; it is copied to {target.parent}/",
        )
    with artifacts.replacing(target) as beside:
        if data.is_dir():
            shutil.copytree(data, beside, ignore=shutil.ignore_patterns(".*"))
        else:
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


def _answer(name: str, settings: Model, rows: int | None, notes: list[str]) -> dict[str, Any]:
    return {
        "model": name,
        "rows": rows,
        "labels": list(settings.labels),
        "epochs": settings.train.epochs,
        "notes": notes,
        "next": f"assay run {name}",
    }


def _lines(name: str, place: str, notes: list[str]) -> list[str]:
    known = reading.load_model(artifacts.PARAMS, name)
    shown = ", ".join(known.labels[:8]) + (" …" if len(known.labels) > 8 else "")
    return [
        f"{name}: {len(known.labels)} classes ({shown}), {known.train.epochs} epochs at most",
        f"{place}; the settings are in {artifacts.PARAMS}",
        *(f"note: {note}" for note in notes),
        f"next: assay run {name}",
    ]

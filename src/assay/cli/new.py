"""``assay new``: add a model of your own, from a file or an example.

Reads the user's data or example. Writes ``params.yaml``, ``prefect.yaml`` and
``data/inbox/<model>/``.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import give
from assay.errors import SourceRefused, UsageError
from assay.files import replacing
from assay.paths import PARAMS, ModelPaths, require_project
from assay.progress import say
from assay.settings import adding, deploying
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.settings.schema import Model


@dataclass(frozen=True)
class Added:
    """A model that stands in params.yaml now; ``place`` says where its data is."""

    name: str
    settings: Model
    place: str
    rows: int | None = None
    notes: tuple[str, ...] = ()


def _columns(function: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each column that a task asks for."""
    for column in reversed(registry.columns()):
        function = click.option(f"--{column.name}", help=column.help)(function)
    return function


@click.command(name="new")
@click.argument("name")
@click.option("--task", type=click.Choice(list(registry.BY_NAME)), help="What the model does.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="CSV, TSV, JSON Lines or Parquet, also gzipped; UTF-8 or GB18030. For images also a "
    "folder of class folders, or one that holds a table and the images it lists.",
)
@_columns
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
    prefect.yaml gets a deployment for it, whose schedule is off.
    """
    require_project()
    adding.check_name(PARAMS, name)
    _require(given, example)
    deploying.check(deploying.DEPLOYMENTS, name)
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
    settings = adding.add_example(PARAMS, name, example, registry.KINDS)
    inbox = ModelPaths(name).inbox
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / ".gitkeep").touch()
    source = settings.ingest.source
    origin = f"the data comes from {source}, and from files" if source else "put files"
    place = f"{origin} in {inbox}"
    _give(Added(name, settings, place), json_=json_)


def _from_data(name: str, task: str, data: Path, *, json_: bool, **columns: str | None) -> None:
    named = {ours: theirs for ours, theirs in columns.items() if theirs is not None}
    proposal = registry.BY_NAME[task].propose(data, named)
    # The name as given: what a link leads to may have none that tells the kind of file.
    target = ModelPaths(name).inbox / Path(os.path.abspath(data)).name  # noqa: PTH100
    _take_in(data, target)
    adding.add(PARAMS, name, proposal.settings, registry.KINDS)
    notes = (*proposal.notes, *_version(target))
    place = f"the data is in {target}"
    _give(Added(name, proposal.settings, place, proposal.rows, notes), json_=json_)


def _take_in(data: Path, target: Path) -> None:
    from assay.gateways import versioning

    if target.resolve().is_relative_to(data.resolve()):
        raise UsageError(
            f"{data} holds this project, or is its inbox",
            expected="a file or folder outside, which is copied in",
            cure=f"keep your data in a folder of its own; it is copied to {target.parent}/",
        )
    versioning.require_short(target)
    try:
        with replacing(target) as beside:
            _copy(data, beside)
    except OSError as problem:
        raise SourceRefused(
            f"{problem.filename or data} could not be copied: {problem.strerror or problem}",
            expected="files that you may read, under names and paths that this disk can hold",
            cure="mend its permissions, shorten its name, or take it away",
        ) from problem
    (target.parent / ".gitkeep").touch()


def _copy(data: Path, target: Path) -> None:
    """Copy a file, or what ``ingest`` reads of a folder, links as what they lead to."""
    from assay.gateways.sources import inbox

    if not data.is_dir():
        shutil.copyfile(data, target)
        return
    target.mkdir()
    for file in inbox.files(data):
        copy = target / file.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _version(target: Path) -> list[str]:
    from assay.errors import AssayError
    from assay.gateways import versioning

    try:
        versioning.track(target)
    except AssayError as problem:
        say(str(problem))
        return [f"not versioned yet: dvc add {target}"]
    return []


def _give(added: Added, *, json_: bool) -> None:
    deployment = deploying.add(deploying.DEPLOYMENTS, added.name)
    give(_answer(added, deployment), _lines(added, deployment), json_=json_)


def _answer(added: Added, deployment: str | None) -> dict[str, Any]:
    settings = added.settings
    return {
        "model": added.name,
        "rows": added.rows,
        **settings.model_dump(include={"data", "task", "labels"}, mode="json"),
        "epochs": settings.train.epochs,
        "notes": list(added.notes),
        "deployment": deployment and f"retrain/{deployment}",
        "next": f"assay run {added.name}",
    }


def _lines(added: Added, deployment: str | None) -> list[str]:
    return [
        f"{added.name}: {added.settings.summary}, {added.settings.train.epochs} epochs at most",
        f"{added.place}; the settings are in {PARAMS}",
        _scheduled(deployment),
        *(f"note: {note}" for note in added.notes),
        f"next: assay run {added.name}",
    ]


def _scheduled(deployment: str | None) -> str:
    path = deploying.DEPLOYMENTS
    if deployment is None:
        return f"there is no {path} here: no deployment was written"
    return f"{path} has its deployment; to run it by schedule, set active: true there, then make up"

"""Make a model's run in MLflow complete, and register its ONNX model: ``assay track MODEL``.

Reads ``params.yaml``, ``dvc.lock``, git's commit, and what the stages wrote. Writes to the
tracking store alone, there nothing twice, and nothing that is not what the stages wrote;
:mod:`assay.release.sharing` says what of the rows it gets to see.
"""

from __future__ import annotations

import csv
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay import records
from assay.bundle import manifest
from assay.errors import MissingFile, StoreFailed
from assay.files import sha256, write_json
from assay.gateways import tracking, versioning
from assay.paths import SPLITS, ModelPaths
from assay.processor import processor_class
from assay.records import Evaluation
from assay.release import sharing
from assay.release.soundness import require_sound
from assay.reporting.markdown import escaped
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assay.settings.schema import Model

CONTEXTS = {"train": "training", "validation": "validation", "test": "testing"}
PAGE = "see it: make ui"
LABEL = 60  # letters of one, in a description


@dataclass(frozen=True)
class Registration:
    """What MLflow holds of a model now; None for what could not be logged."""

    run_id: str | None
    run_url: str | None
    version: int | None
    notes: tuple[str, ...]


def register(model: str) -> Registration:
    """Log all that is known of a built model, and register its bundle unless it is registered.

    One at a time in a project: of two calls the second finds what the first registered.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        MissingFile: the model was not built yet.
        InputRefused, BundleRefused: an output is not what its stage wrote; nothing was logged.
        StoreFailed: the tracking store cannot be reached, or refused something.

    """
    files = ModelPaths(model)
    settings = registry.load_model(model)
    texts = sharing.texts_of(registry.load_tracking())
    _require_built(files)
    with versioning.alone(f"register {model}"):
        require_sound(files)
        with tracking.failures():
            return _log(settings, files, texts)


def register_if_reachable(model: str) -> Registration:
    """Do as :func:`register`, but let no store stop what was built: a note says what is missing.

    Raises:
        AssayError: as :func:`register`, without ``StoreFailed``.

    """
    try:
        return register(model)
    except StoreFailed as problem:
        notes = (f"not in MLflow: {problem.found}", f"log it later: assay track {model}")
        return Registration(None, None, None, notes)


def _log(settings: Model, files: ModelPaths, texts: sharing.Texts) -> Registration:
    weights, bundle = sha256(files.checkpoint), sha256(files.bundle)
    evaluation = records.read(files.metrics, Evaluation)
    record = tracking.Record.of(files.model, weights)
    kept = record.add_params(settings.model_dump(by_alias=True))
    record.add_tags(
        {
            "assay.bundle": bundle,
            "assay.data": sha256(files.split("train")),
            "assay.processor": processor_class(),
            **_commit(record.known_tags),
        }
    )
    record.add_metrics(tracking.reported_metrics(files))
    record.add_curve(_curve(files.curve))
    record.add_datasets([_dataset(files, split) for split in SPLITS])
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        shared = sharing.shared(files, texts, evaluation, scratch)
        if shared.note:
            record.add_note(shared.note)
        record.add_files(shared.files | _sources(settings, files, scratch))
    tags = {"assay.bundle": bundle, "assay.weights": weights}
    version = record.add_model(files.bundle, _headline(evaluation, weights), tags)
    record.describe_model(
        f"{settings.kind}{_of(manifest.read(files.bundle).labels)}. Built and measured by Assay; "
        "every version names the weights and the bundle it holds by their SHA-256."
    )
    return Registration(record.run_id, record.url, version, _notes(record.url, kept, texts))


def _require_built(files: ModelPaths) -> None:
    splits = (files.split(name) for name in SPLITS)
    needed = (*splits, files.checkpoint, files.bundle, files.metrics, files.parity)
    missing = [path.as_posix() for path in needed if not path.exists()]
    if missing:
        raise MissingFile(
            f"{files.model} is not built: {', '.join(missing)} is missing",
            expected="the outputs of every stage",
            cure=f"assay run {files.model}",
        )


def _commit(known: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of git's commit.

    A run keeps the commit that it was first logged from: what is checked out by the time of a
    later call may have nothing to do with it. Only a dirty commit gives way to the clean one that
    holds it.
    """
    commit, dirty = versioning.commit(), versioning.dirty()
    if commit is None or ("assay.commit" in known and (known["assay.dirty"] == "false" or dirty)):
        return {}
    return {
        "assay.commit": commit,
        "assay.dirty": str(dirty).lower(),
        "mlflow.source.git.commit": commit,
    }


def _curve(path: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield (step, figures) of a training curve; a cell without a number is left out."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            step = int(float(row.pop("step")))
            cells = {name: _number(cell) for name, cell in row.items()}
            yield step, {name: value for name, value in cells.items() if value is not None}


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _dataset(files: ModelPaths, split: str) -> tracking.Dataset:
    """Describe a split's table from its footer: no row is read."""
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    path = files.split(split)
    table = pq.ParquetFile(path)
    tests = {"long": kinds.is_integer, "double": kinds.is_floating, "binary": _is_binary}
    columns = {
        field.name: next((name for name, test in tests.items() if test(field.type)), "string")
        for field in table.schema_arrow
    }
    return tracking.Dataset(
        name=f"{files.model} {split}",
        path=path,
        sha256=sha256(path),
        rows=table.metadata.num_rows,
        columns=columns,
        context=CONTEXTS[split],
    )


def _is_binary(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_binary(kind) or kinds.is_large_binary(kind))


def _sources(settings: Model, files: ModelPaths, scratch: Path) -> dict[str, Path]:
    """Write what the model was made from as files to upload: settings, and DVC's lock entries."""
    contents = {
        "settings.json": settings.model_dump(by_alias=True, mode="json"),
        "dvc_lock.json": versioning.lock_entries(files.model),
    }
    for name, content in contents.items():
        write_json(scratch / name, content)
    return {name: scratch / name for name in contents}


def _headline(evaluation: Evaluation, weights: str) -> str:
    shown = [
        f"{metric.title} {metric.value:.4f}"
        for metric in evaluation.metrics
        if metric.decisive and metric.value is not None
    ]
    return ", ".join([f"weights {weights[:7]}", *shown])


def _of(labels: tuple[str, ...]) -> str:
    """Return the labels, which are data: MLflow shows a description as Markdown."""
    return f": {', '.join(escaped(label, LABEL) for label in labels)}" if labels else ""


def _notes(url: str | None, kept: tuple[str, ...], texts: sharing.Texts) -> tuple[str, ...]:
    notes = [f"see it: {url}" if url else PAGE]
    if texts != "all":
        notes.append(f"of the rows that reports show, MLflow got: {texts} (tracking.texts)")
    if kept:
        notes.append(
            "the run keeps the values it was trained with of "
            f"{', '.join(kept)}; today's are in its settings.json"
        )
    return tuple(notes)

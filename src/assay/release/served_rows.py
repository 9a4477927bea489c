"""What the rows that the champion was asked say about it: drift, and quality without labels.

Reads the champion's bundle, what it answered on its test split and the raw table, out of DVC's
cache, and the rows that the server kept. Writes nothing. Texts are masked on both sides, since the
server kept them so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.bundle import manifest
from assay.errors import InputRefused, MissingFile, UsageError
from assay.gateways import versioning
from assay.monitoring import drift, logged, measures, quality
from assay.monitoring.drift import Drift  # noqa: TC001 (built at run time)
from assay.monitoring.quality import Quality  # noqa: TC001 (built at run time)
from assay.paths import ModelPaths, ReleasePaths
from assay.personal import masked
from assay.records import Record
from assay.release import champion, ledger
from assay.release.drifting import some
from assay.tasks import registry
from assay.tasks.task import PredictingTask

if TYPE_CHECKING:
    from pathlib import Path

    from assay.monitoring.measures import Measures
    from assay.release.certificate import Certificate
    from assay.settings.schema import Model

# Rows that are read at most: the newest.
MOST_READ = 100_000


class ServedRows(Record):
    """What was found.

    Attributes:
        model: its name.
        version: of the champion, which answered them.
        rows: that it answered, of those that the server kept.
        days: in which it did.
        drift: against its test split.
        quality: None of too few rows.

    """

    model: str
    version: int
    rows: int
    days: float
    drift: Drift
    quality: Quality | None


def measure(model: str, *, days: float) -> ServedRows:
    """Hold the rows of the last days against the champion's test split.

    Raises:
        UnknownModel, SettingsError: as :func:`assay.tasks.registry.load_model`.
        UsageError: the model gives no labels.
        NoRelease: it has no champion.
        MissingFile: the server kept no row.
        InputRefused: DVC lost what the champion answered on its test split; a file that the server
            wrote cannot be read.
        LedgerRefused, SignatureRefused, BundleRefused: what is there does not hold.

    """
    settings = registry.load_model(model)
    if not isinstance(registry.task_of(settings), PredictingTask):
        raise UsageError(
            f"{model} is a model of {settings.kind}: it answers with no label",
            expected="a classifier, whose answers the server can keep",
            cure="name another model of params.yaml",
        )
    version = champion.require_version(ledger.read(), model)
    stated = champion.require_intact(model, version)
    current = _current(model, version, days)
    reference, raw = _tested(stated), _raw(stated)
    labels = manifest.read_alone(ReleasePaths(model, version).bundle).labels
    right = logged.are_right(reference)
    found, known = (logged.probabilities(table, labels) for table in (current, reference))
    return ServedRows(
        model=model,
        version=version,
        rows=len(current),
        days=days,
        drift=_drift(settings, stated, raw, some(reference), some(current)),
        quality=quality.estimate(known, right, found),
    )


def _drift(
    settings: Model,
    stated: Certificate,
    raw: pd.DataFrame,
    reference: pd.DataFrame,
    current: pd.DataFrame,
) -> Drift:
    bundle = ReleasePaths(stated.model, stated.version).bundle
    labels = manifest.read_alone(bundle).labels
    asked = logged.inputs(current)

    def measured(rows: pd.DataFrame, inputs: pd.DataFrame) -> Measures:
        """Return measures of the outputs as they were answered, and of the inputs."""
        answered = measures.outputs(logged.probabilities(rows, labels), labels)
        # Of images the server keeps no picture: their outputs are all there is.
        if not set(asked.columns) <= set(raw.columns):
            return answered
        return {**registry.task_of(settings).observe(settings, bundle, inputs), **answered}

    tested = raw.set_index(raw["id"].astype(str)).loc[reference["id"].astype(str).tolist()]
    return drift.compare(
        measured(reference, _masked(tested.reset_index(drop=True))),
        measured(current, asked),
        error=settings.retrain.drift_error,
        ticks_a_year=settings.retrain.ticks_a_year,
    )


def _current(model: str, version: int, days: float) -> pd.DataFrame:
    folder = ModelPaths(model).served_predictions
    found = logged.read(folder, str(version), days=days, most=MOST_READ)
    if found.empty:
        raise MissingFile(
            f"{folder} holds no row that release {version} of {model} answered in the last "
            f"{days:g} days",
            expected="rows that `assay serve` kept, which it does when it is asked to",
            cure=f"assay serve {model} --log-predictions 0.1, or look at more --days",
        )
    return found


def _tested(stated: Certificate) -> pd.DataFrame:
    """Return what a release answered on its test split."""
    return _recorded(stated, ModelPaths(stated.model).predictions)


def _raw(stated: Certificate) -> pd.DataFrame:
    """Return the raw table that a release was made from: a split's cells were cleaned."""
    return _recorded(stated, ModelPaths(stated.model).raw)


def _recorded(stated: Certificate, path: Path) -> pd.DataFrame:
    digest = versioning.outputs_in(stated.lock).get(path.as_posix())
    kept = versioning.object_of(digest) if digest else None
    if kept is None:
        raise InputRefused(
            f"DVC no longer has {path} as it was for release {stated.version}",
            expected="it in DVC's cache or remote",
            cure="dvc pull, where a remote has it",
        )
    return pd.read_parquet(kept)


def _masked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a raw table whose texts are as the server would have kept them."""
    texts = {
        name: column.map(_shown)
        for name, column in table.items()
        if pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column)
    }
    return table.assign(**{str(name): column for name, column in texts.items()})


def _shown(cell: Any) -> Any:
    return masked(cell) if isinstance(cell, str) else cell

"""What every classifier's block holds: labels, and the bounds on them. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from assay.settings.block import Share
from assay.settings.labels import cleaned
from assay.settings.schema import Export, Ingest, Model, Validate

SHOWN = 8


class ClassificationIngest(Ingest):
    """Where the rows come from, and which column holds their labels."""

    label: str = "label"


class ClassificationValidate(Validate):
    """The bounds on labels that a suite names as ``$name``."""

    min_rows_per_class: Annotated[int, Field(ge=10, le=10**9)] = 10
    max_class_share: Share = 0.9
    max_conflict_share: Share = 0.05


class ClassificationExport(Export):
    """What is served: int8 within a bound on validation macro F1, maybe with fp32; calibrated.

    ``false_alarm``: the share of inputs in scope that may be called out of scope; None: no
    threshold.
    """

    max_f1_drop: Share = 0.005
    fallback: bool = False
    calibration: Literal["temperature", "none"] = "temperature"
    false_alarm: Annotated[float, Field(gt=0, le=0.5)] | None = 0.05


class ClassificationModel(Model):
    """One model that puts rows into classes."""

    task: Literal["classification"]
    labels: tuple[str, ...]
    ingest: ClassificationIngest = ClassificationIngest()
    validation: ClassificationValidate = Field(default=ClassificationValidate(), alias="validate")
    export: ClassificationExport = ClassificationExport()

    @field_validator("labels", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        # YAML reads 0, 1 and yes as numbers and truth values; labels are text everywhere.
        return tuple(cleaned(str(label)) for label in value)

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) != len(labels) or len(labels) < 2:
            raise ValueError("at least two classes, each named once")
        if not all(labels):
            raise ValueError("a name for each class, none of them blank")
        return labels

    @property
    def summary(self) -> str:
        """The classes, of many the first few."""
        shown = ", ".join(self.labels[:SHOWN]) + (" …" if len(self.labels) > SHOWN else "")
        return f"{len(self.labels)} classes ({shown})"

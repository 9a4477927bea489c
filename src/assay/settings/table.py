"""What a model's block holds because its data is a table of features. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from assay.settings.block import Share
from assay.settings.schema import Count, Ingest, Split, Validate

# Cells that stand for a missing value, in whatever capitals.
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
# The column by which our own tables name their rows.
RESERVED = "id"


class TableIngest(Ingest):
    """Which columns are features; every other column is left out."""

    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING

    @field_validator("numbers", "categories", "missing", mode="before")
    @classmethod
    def _as_tuples(cls, value: object) -> object:
        return tuple(map(str, value)) if isinstance(value, list) else value

    @field_validator("missing")
    @classmethod
    def _in_small_letters(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word.strip().casefold() for word in words)

    @model_validator(mode="after")
    def _features_differ(self) -> TableIngest:
        features = [*self.numbers, *self.categories]
        if not features or len(set(features)) != len(features):
            raise ValueError("at least one column in numbers or categories, each named once")
        if RESERVED in (*features, *self.slices):
            raise ValueError(f"another name for the column {RESERVED!r}, which names rows here")
        return self


class TableValidate(Validate):
    """The bounds on columns that a suite names as ``$name``."""

    max_missing_share: Share = 0.3
    max_wrong_type_share: Share = 0.0
    max_extreme_share: Share = 0.01
    max_categories: Count = 1000
    # Of a single column: the share of rows whose label it tells.
    max_single_column_accuracy: Annotated[float, Field(gt=0.5, le=1)] = 0.99


class TableSplit(Split):
    """How rows are assigned to train, validation and test: by the hash of their features."""

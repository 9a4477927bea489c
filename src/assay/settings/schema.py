"""What every model's block in ``params.yaml`` holds, whatever its data and task: strict, frozen.

Reads and writes nothing. ``text``, ``image``, ``table`` and ``classification`` beside this module
add what one modality or one objective needs; a task's own ``settings`` module joins them. The
user's words on each key stand beside it in ``params.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]

# A name reaches shell commands, file names and DVC's templates unquoted.
MODEL_NAME = r"^[a-z][a-z0-9_-]{0,62}$"


class Block(BaseModel):
    """A block of settings: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Ingest(Block):
    """Where the rows come from."""

    source: str | None = None
    slices: tuple[str, ...] = ()
    limit: Annotated[int, Field(ge=10)] | None = None

    @field_validator("slices", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class Validate(Block):
    """The bounds that the suite names as ``$name``."""

    min_rows: Positive = 100
    max_duplicate_share: Share = 0.2


class Split(Block):
    """How rows are assigned to train, validation and test."""

    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    test: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    seed: int = 13


class Optimisation(Block):
    """How a network learns: all that the training loop reads, and what it starts from."""

    checkpoint: str | None = None
    epochs: Positive = 2
    batch_size: Positive = 32
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.01
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    clip_norm: Annotated[float, Field(ge=0)] = 1.0
    patience: Positive = 2
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    checkpoint_every: Positive = 200
    seed: int = 13
    threads: Positive = 2


class Export(Block):
    """Which precision is served."""

    precision: Literal["auto", "fp32", "int8"] = "auto"
    threads: Positive = 2


class Evaluate(Block):
    """How the bundle is measured."""

    bootstrap: Annotated[int, Field(ge=100)] = 1000
    worst: Positive = 50
    seed: int = 13
    threads: Positive = 2


class Model(Block):
    """One model: what a user owns and retrains. Each task narrows its blocks."""

    data: str
    task: str
    ingest: Ingest = Ingest()
    # Not `validate`: pydantic's own models have a method of that name.
    validation: Validate = Field(default=Validate(), alias="validate")
    split: Split = Split()
    train: Optimisation = Optimisation()
    export: Export = Export()
    evaluate: Evaluate = Evaluate()

    @property
    def kind(self) -> str:
        """The task's name as Hugging Face has it, e.g. ``text-classification``."""
        return f"{self.data}-{self.task}"

    @property
    def summary(self) -> str:
        """What the model learns, in a few words."""
        return self.kind

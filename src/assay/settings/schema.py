"""What ``params.yaml`` holds of every model, whatever its data and task: strict, frozen.

Reads and writes nothing. ``text``, ``image``, ``table`` and ``classification`` beside this module
add what one modality or one objective needs; a task's own ``settings`` module joins them. The
user's words on each key stand beside it in ``params.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from assay.settings.block import Block, Share
from assay.settings.limits import DEFAULT, Limits
from assay.settings.release import Gate, Retrain

# No number is without bounds: what is far outside them is a slip of the hand.
Count = Annotated[int, Field(ge=1, le=10**9)]
Epochs = Annotated[int, Field(ge=1, le=10_000)]
BatchSize = Annotated[int, Field(ge=1, le=2**20)]
Threads = Annotated[int, Field(ge=1, le=1024)]
ClipNorm = Annotated[float, Field(ge=0, le=1e6)]
# What both numpy and torch take.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
# Of all rows, that validation and test may take from the train split.
MOST_HELD_OUT = 0.5

# A name reaches shell commands, file names and DVC's templates unquoted.
MODEL_NAME = r"^[a-z][a-z0-9_-]{0,62}$"


class Tracking(Block):
    """What a tracking server gets to hold, of every model.

    Attributes:
        texts: of the rows that reports show: ``none``, ``masked`` (personal data, as far as
            :mod:`assay.personal` finds it) or ``all``, as the reports are written. None: ``all``
            where the store is on this machine, ``masked`` elsewhere.

    """

    texts: Literal["none", "masked", "all"] | None = None


class Ingest(Block):
    """Where the rows come from."""

    source: str | None = None
    slices: tuple[str, ...] = ()
    limit: Annotated[int, Field(ge=10, le=10**9)] | None = None
    limits: Limits = DEFAULT

    @field_validator("slices", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class Validate(Block):
    """The bounds that the suite names as ``$name``."""

    min_rows: Count = 100
    max_duplicate_share: Share = 0.2


class Split(Block):
    """How rows are assigned to train, validation and test."""

    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    test: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    seed: Seed = 13

    @model_validator(mode="after")
    def _enough_is_left(self) -> Self:
        held_out = self.validation + self.test
        if held_out > MOST_HELD_OUT + 1e-9:
            raise ValueError(
                f"validation and test of {MOST_HELD_OUT} together at most: {held_out:g} would "
                f"leave {1 - held_out:.2g} of the rows to learn from"
            )
        return self


class Optimisation(Block):
    """How a network learns: all that the training loop reads, and what it starts from."""

    checkpoint: str | None = None
    epochs: Epochs = 2
    batch_size: BatchSize = 32
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.01
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    clip_norm: ClipNorm = 1.0
    patience: Epochs = 2
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    checkpoint_every: Count = 200
    seed: Seed = 13
    threads: Threads = 2


class Export(Block):
    """Which precision is served."""

    precision: Literal["auto", "fp32", "int8"] = "auto"
    threads: Threads = 2


class Evaluate(Block):
    """How the bundle is measured."""

    bootstrap: Annotated[int, Field(ge=100, le=1_000_000)] = 1000
    worst: Annotated[int, Field(ge=1, le=100_000)] = 50
    seed: Seed = 13
    threads: Threads = 2


class Model(Block):
    """One model: what a user owns and retrains. Each task narrows its blocks."""

    data: str
    task: str
    # The classes of a classifier; every other model has none.
    labels: tuple[str, ...] = ()
    ingest: Ingest = Ingest()
    # Not `validate`: pydantic's own models have a method of that name.
    validation: Validate = Field(default=Validate(), alias="validate")
    split: Split = Split()
    train: Optimisation = Optimisation()
    export: Export = Export()
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    retrain: Retrain = Retrain()

    @property
    def kind(self) -> str:
        """The task's name as Hugging Face has it, e.g. ``text-classification``."""
        return f"{self.data}-{self.task}"

    @property
    def learns_from(self) -> tuple[str, ...]:
        """Other models whose checkpoint and train split this one's training reads."""
        return ()

    @property
    def summary(self) -> str:
        """What the model learns, in a few words."""
        return self.kind

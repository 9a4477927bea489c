"""What every model that generates holds in its block: no labels. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from assay.settings.block import Share
from assay.settings.schema import Count, Evaluate, Export, Model


class GenerationExport(Export):
    """Which precision of a language model is served.

    Attributes:
        max_bits_rise: share by which int8 may raise the validation bits per byte.
        fallback: whether the bundle holds fp32 beside int8.

    """

    max_bits_rise: Share = 0.005
    fallback: bool = False


class GenerationEvaluate(Evaluate):
    """How a language model is measured: baseline, and what it generates.

    Attributes:
        baseline_order: tokens of the longest n-grams of the baseline.
        samples: how many texts are generated for the figures on them.
        sample_tokens: of each.
        copied_length: characters in a row that stand in a train text, from which on a generated
            text counts as copied.

    """

    baseline_order: Annotated[int, Field(ge=1, le=12)] = 6
    samples: Annotated[int, Field(ge=2, le=100_000)] = 200
    sample_tokens: Count = 200
    copied_length: Annotated[int, Field(ge=5, le=100_000)] = 50


class GenerationModel(Model):
    """One model that generates more of what it learned from."""

    task: Literal["generation"]

    @field_validator("labels")
    @classmethod
    def _none(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if labels:
            raise ValueError("none: a model that generates has no classes")
        return labels

    @field_validator("labels", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

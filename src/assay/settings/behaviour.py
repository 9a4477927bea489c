"""What a model must do, whatever its figures: ``expectations/<model>.behaviour.yaml``.

Reads that file. Writes nothing, and asks no model: whoever checks it knows labels and transforms.
The kinds are those of CheckList (Ribeiro et al., ACL 2020).
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from assay.settings import reading
from assay.settings.block import Block, Share
from assay.settings.labels import cleaned

if TYPE_CHECKING:
    from pathlib import Path

HOLDS = "a mapping with any of must_pass, invariance, transforms, direction; or no such file"
MOST_VARIANTS = 100
PLACE = re.compile(r"\{(\w+)\}")


def _as_label(value: object) -> object:
    # YAML reads 0 and 1 as numbers; labels are text everywhere.
    return cleaned(str(value)) if isinstance(value, str | int | float) else value


def _as_word(value: object) -> object:
    return str(value) if type(value) in (int, float) else value


def _input(value: Any) -> Any:
    """Return an input as it is given to a model: a text, or a table's row by its columns."""
    cells = value.values() if isinstance(value, dict) else [value] if isinstance(value, str) else []
    known = all(cell is None or isinstance(cell, str | int | float) for cell in cells)
    if not cells or not known:
        raise ValueError("a text in quotes, or a row of a table: {column: value}")
    return value


Label = Annotated[str, Field(min_length=1), BeforeValidator(_as_label)]
Input = Annotated[Any, AfterValidator(_input)]
Word = Annotated[str, Field(min_length=1), BeforeValidator(_as_word)]
# YAML gives lists; strict pydantic takes no list for a tuple.
Words = Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]
Variants = Annotated[tuple[Input, ...], Field(strict=False, min_length=2)]


class MustPass(Block):
    """An input that must get this label."""

    input: Input
    label: Label


class Invariance(Block):
    """Inputs that must all get one label: listed, or a template and what is filled in.

    Attributes:
        variants: the inputs, or None.
        template: a text with places such as ``{name}``, or None.
        fill: the words for each place, in all combinations: at most :data:`MOST_VARIANTS`.

    """

    variants: Variants | None = None
    template: str | None = None
    fill: dict[str, Words] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_two(self) -> Invariance:
        if (self.variants is None) == (self.template is None):
            raise ValueError("either `variants`, or `template` with `fill`")
        if set(PLACE.findall(self.template or "")) != set(self.fill):
            raise ValueError("`fill` for each place of `template`, such as {name}, and no other")
        if (
            self.template is not None
            and not 2 <= math.prod(map(len, self.fill.values())) <= MOST_VARIANTS
        ):
            raise ValueError(f"a template that gives 2 to {MOST_VARIANTS} texts")
        return self

    def inputs(self) -> list[Any]:
        """Return the variants, those of a template in the order of its words."""
        if self.template is None:
            return list(self.variants or ())
        every = itertools.product(*self.fill.values())
        return [_filled(self.template, dict(zip(self.fill, words, strict=True))) for words in every]


def _filled(template: str, words: dict[str, str]) -> str:
    return PLACE.sub(lambda place: words[place[1]], template)


class Transform(Block):
    """A change of rows of the test split that must leave their class alone.

    Attributes:
        name: of the transform, one that the model's modality has.
        rows: how many to change; those on which the change has no effect are not counted.
        least: the share of them that must keep its class.

    """

    name: str
    rows: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    least: Share = 0.95


class Direction(Block):
    """A change of an input that must move the probability of a label.

    Attributes:
        before: the input, ``from`` in the file.
        after: the changed input, ``to`` in the file.
        label: whose probability moves.
        change: which way.
        least: by how much, a difference of probabilities.

    """

    before: Input = Field(alias="from")
    after: Input = Field(alias="to")
    label: Label
    change: Literal["rises", "falls"] = "rises"
    least: Annotated[float, Field(gt=0, le=1)] = 0.05


class Behaviour(Block):
    """All that one model must do; an empty one requires nothing."""

    must_pass: Annotated[tuple[MustPass, ...], Field(strict=False)] = ()
    invariance: Annotated[tuple[Invariance, ...], Field(strict=False)] = ()
    transforms: Annotated[tuple[Transform, ...], Field(strict=False)] = ()
    direction: Annotated[tuple[Direction, ...], Field(strict=False)] = ()


def read(path: Path) -> Behaviour:
    """Read and check the file; a missing one requires nothing.

    Raises:
        SettingsError: no YAML, an unknown key (the nearest is named), an impossible value.

    """
    return reading.load_one(path, Behaviour, HOLDS) if path.exists() else Behaviour()

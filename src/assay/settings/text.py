"""What a model's block holds because its data is text. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.settings.block import Share
from assay.settings.schema import Count, Ingest, Split, Validate


class TextIngest(Ingest):
    """Where the texts come from."""

    text: str = "text"


class TextValidate(Validate):
    """The bounds on texts that a suite names as ``$name``."""

    max_dropped_share: Share = 0.02
    max_unknown_share: Share = 0.05
    max_median_length: Count = 2000


class TextSplit(Split):
    """How texts are assigned to train, validation and test."""

    near_duplicate: Annotated[float, Field(ge=0.5, le=1)] = 0.8

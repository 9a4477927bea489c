"""How large a user's table may be before it is refused. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MIB = 2**20


class Limits(BaseModel):
    """The bounds of one table file, ``ingest.limits`` of a model; each has an end of its own.

    ``table_bytes`` counts the file as it is read: after decompression, and of Parquet after
    decoding. ``cell_characters`` bounds one text (bytes of a Parquet column have their own bound).
    ``row_characters`` bounds the cells of a row together, and one line of CSV or JSON Lines as it
    is written. ``cells`` bounds rows times columns: a short line still fills every column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    table_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * MIB)] = 512 * MIB
    cell_characters: Annotated[int, Field(ge=1, le=16 * MIB)] = 100_000
    row_characters: Annotated[int, Field(ge=1, le=256 * MIB)] = 1_000_000
    columns: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    cells: Annotated[int, Field(ge=1, le=10_000_000_000)] = 100_000_000


# What holds where no model says otherwise.
DEFAULT = Limits()

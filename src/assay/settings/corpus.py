"""What a model's block holds because it learns from whole documents. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.settings.block import Share
from assay.settings.limits import MIB, Limits
from assay.settings.schema import Count, Validate
from assay.settings.text import TextIngest


class CorpusLimits(Limits):
    """The bounds of one file: as for tables, but that one text may be a book."""

    cell_characters: Annotated[int, Field(ge=1, le=16 * MIB)] = 16 * MIB
    row_characters: Annotated[int, Field(ge=1, le=256 * MIB)] = 32 * MIB


class CorpusIngest(TextIngest):
    """Where the documents come from.

    Attributes:
        separator: what stands between the documents of a plain text file, e.g. ``"\\n\\n\\n"`` or
            ``<|endoftext|>``. None: each file is one document.

    """

    limits: CorpusLimits = CorpusLimits()
    separator: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class CorpusValidate(Validate):
    """The bounds on documents that a suite names as ``$name``.

    Attributes:
        min_rows: documents; each of the three splits needs one.
        min_characters: of all documents that are kept, together.
        max_repeated_share: of a document's lines, and of its n-grams, that stood in it before; the
            mean over documents.
        max_boilerplate_share: of a document's lines that stand in many others; the mean.
        max_personal_share: of documents with personal data. A language model can repeat what it
            read once, to anybody: more than the odd address must be let in by whoever answers for
            it, not by a default.

    """

    min_rows: Count = 3
    min_characters: Count = 10_000
    max_dropped_share: Share = 0.02
    max_unknown_share: Share = 0.05
    max_repeated_share: Share = 0.2
    max_boilerplate_share: Share = 0.1
    max_personal_share: Share = 0.05

"""The source and the inbox become one table of documents, nothing left out.

Reads the named source, and of the inbox every table with a column of texts and every plain text
file, in subfolders too. Writes one Parquet file: ``id``, ``text`` (a whole document, its line
breaks and case as they are), the source's own columns (``given``, where it comes with a test
split), those of the tables, and ``file``, where a document was a plain text file or a part of one.
Drops nothing: ``documents`` counts the defects, ``split`` drops what can't be learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import sources, tables
from assay.gateways.sources import inbox as inboxes
from assay.gateways.sources import plain_text
from assay.modalities.text.ingest import TEXT, chosen, write

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.corpus import CorpusIngest

FILE = "file"


def ingest(settings: CorpusIngest, inbox: Path, target: Path) -> dict[str, int]:
    """Write all documents to ``target``; return the number of documents by where they came from.

    The source's documents stand first, then those of the inbox's files by name.

    Raises:
        SourceRefused: no documents at all or nothing but blank ones; a file can't be read, is no
            text or larger than ``settings.limits``; a table lacks the column.

    """
    parts: dict[str, pd.DataFrame] = {}
    if settings.source:
        parts[settings.source] = sources.corpus(settings.source)
    for file in inboxes.files(inbox):
        parts[str(file.relative_to(inbox))] = _read(file, settings, inbox)
    if not parts:
        raise inboxes.hidden_alone(inbox) or SourceRefused(
            f"there is nothing to learn from: ingest.source is null and {inbox}/ holds no file",
            expected=f"text files, or tables with the column {settings.text!r}, in {inbox}/",
            cure=f"copy your files there: cp YOUR.txt {inbox}/",
        )
    if not any(part[TEXT].str.strip().fillna("").any() for part in parts.values()):
        raise SourceRefused(
            "the corpus is empty: nothing but space in " + ", ".join(parts),
            expected="documents with text in them",
            cure=f"check what the files in {inbox}/ hold",
        )
    return write(parts, [TEXT], settings.limit, target)


def _read(file: Path, settings: CorpusIngest, inbox: Path) -> pd.DataFrame:
    if plain_text.is_plain_text(file):
        return _documents(file, settings, inbox)
    if not file.name.lower().removesuffix(".gz").endswith(tables.READABLE):
        raise SourceRefused(
            f"{file} ends in {file.suffix or 'nothing'}",
            expected=" ".join((*plain_text.READABLE, *tables.READABLE)) + ", each also with .gz",
            cure="save it as plain text in UTF-8, or take it away",
        )
    table = tables.read_table(file, settings.limits)
    return chosen(file, table, {TEXT: settings.text}, settings.slices)


def _documents(file: Path, settings: CorpusIngest, inbox: Path) -> pd.DataFrame:
    text = plain_text.read(file, settings.limits)
    texts = plain_text.documents(text, settings.separator)
    most = settings.limits.cell_characters
    for number, one in enumerate(texts, start=1):
        if len(one) > most:
            raise SourceRefused(
                f"document {number:,} of {file} holds {len(one):,} characters",
                expected=f"{most:,} at most, by ingest.limits.cell_characters",
                cure="set ingest.separator in params.yaml to what stands between the documents of "
                "a file, bring shorter files, or raise the limit",
            )
    name = file.relative_to(inbox).as_posix()
    return pd.DataFrame({TEXT: texts, FILE: name}, columns=[TEXT, FILE], dtype="str")

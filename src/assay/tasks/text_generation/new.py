"""Fit a new language model's settings to a user's documents.

Reads the documents. Writes nothing. Chooses only what the data decide: the tokenizer, how large the
network is, and how long to train.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import DataRefused
from assay.gateways.sources import plain_text
from assay.modalities.text.corpus import ingest
from assay.settings.corpus import CorpusIngest
from assay.tasks.task import Proposal
from assay.tasks.text_generation.settings import TextGenerationModel, TextGenerationTrain

if TYPE_CHECKING:
    from collections.abc import Mapping

# What may stand between the documents of one text, tried in this order.
SEPARATORS = {
    "<|endoftext|>": "<|endoftext|>",
    "\n\n\n": "two blank lines",
    "\n\n": "blank lines",
    "\n": "line breaks",
}
FEWEST_DOCUMENTS = 20
# In characters. Small corpora get characters and small networks, which overfit less and are done
# sooner.
SMALL, LARGE = 300_000, 5_000_000
# Characters that a training of some minutes on two cores passes over.
BUDGET = 10_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 2, 20


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[TextGenerationModel]:
    """Return settings for a table or folder of documents, or a file of plain text.

    Raises:
        UsageError: the column of texts is missing; the nearest is named.
        MissingFile, SourceRefused: there is no such file, or ``ingest`` would refuse it.
        DataRefused: it is one document, and nothing is known that divides it.

    """
    reading = CorpusIngest(text=columns.get("text", "text"))
    texts = _read(data, reading)
    notes: list[str] = []
    if len(texts) == 1:
        reading, notes = _separated(data, reading, texts[0])
        texts = plain_text.documents(texts[0], reading.separator)
    size = sum(map(len, texts))
    train = TextGenerationTrain(
        tokenizer="characters" if size < SMALL else "bpe",
        layers=4 if size < LARGE else 6,
        epochs=int(min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(BUDGET / max(size, 1))))),
    )
    settings = TextGenerationModel(data="text", task="generation", ingest=reading, train=train)
    return Proposal(settings, len(texts), notes)


def _separated(data: Path, reading: CorpusIngest, text: str) -> tuple[CorpusIngest, list[str]]:
    """Return settings that make many documents of one text, and what the user is told.

    Raises:
        DataRefused: nothing is known that divides it.

    """
    # A separator divides plain text files alone.
    files = data.rglob("*") if data.is_dir() else [data]
    separators = SEPARATORS if any(map(plain_text.is_plain_text, files)) else {}
    for separator, name in separators.items():
        if len(plain_text.documents(text, separator)) > FEWEST_DOCUMENTS:
            note = f"{data.name} is one text: its documents are taken to be separated by {name}"
            return reading.model_copy(update={"separator": separator}), [
                f"{note}; ingest.separator in params.yaml says by what"
            ]
    raise DataRefused(
        f"{data} holds one document only",
        expected="many documents: a table with a row each, a folder with a file each, or a text in "
        "which blank lines stand between them",
        cure="divide it; a test split must hold documents that no other split has",
    )


def _read(data: Path, reading: CorpusIngest) -> list[str]:
    """Return the documents as ``ingest`` would read them."""
    with tempfile.TemporaryDirectory() as folder:
        inbox, target = Path(folder, "inbox"), Path(folder, "raw.parquet")
        inbox.mkdir()
        (inbox / data.name).symlink_to(data.resolve())
        ingest(reading, inbox, target)
        texts: list[str] = pd.read_parquet(target, columns=["text"])["text"].fillna("").tolist()
    return texts

"""Fit a new language model's settings to a user's documents.

Reads the documents. Writes nothing. Chooses only what the data decide: the tokenizer, how large the
network is, and how long to train.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from assay.modalities.text.corpus import ingest
from assay.settings.corpus import CorpusIngest
from assay.tasks.task import Proposal
from assay.tasks.text_generation.settings import TextGenerationModel, TextGenerationTrain

if TYPE_CHECKING:
    from collections.abc import Mapping

# A character has about so many bits a weight should learn from: small corpora get small networks,
# which overfit less and are done sooner.
SMALL, LARGE = 300_000, 5_000_000
# Characters that a training of some minutes on two cores passes over.
BUDGET = 10_000_000
FEWEST_EPOCHS, MOST_EPOCHS = 2, 20


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[TextGenerationModel]:
    """Return settings for a table or folder of documents, or a file of plain text.

    Raises:
        UsageError: the column of texts is missing; the nearest is named.
        MissingFile, SourceRefused: there is no such file, or ``ingest`` would refuse it.

    """
    reading = CorpusIngest(text=columns.get("text", "text"))
    texts = _read(data, reading)
    size = sum(map(len, texts))
    train = TextGenerationTrain(
        tokenizer="characters" if size < SMALL else "bpe",
        layers=4 if size < LARGE else 6,
        epochs=int(min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(BUDGET / max(size, 1))))),
    )
    settings = TextGenerationModel(data="text", task="generation", ingest=reading, train=train)
    return Proposal(settings, len(texts), [])


def _read(data: Path, reading: CorpusIngest) -> list[str]:
    """Return the documents as ``ingest`` would read them."""
    with tempfile.TemporaryDirectory() as folder:
        inbox, target = Path(folder, "inbox"), Path(folder, "raw.parquet")
        inbox.mkdir()
        (inbox / data.name).symlink_to(data.resolve())
        ingest(reading, inbox, target)
        texts: list[str] = pd.read_parquet(target, columns=["text"])["text"].fillna("").tolist()
    return texts

"""Measure documents for drift: what each costs the model, and how long it is.

Reads a bundle. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.modalities.text.ingest import TEXT
from assay.tasks.text_generation import scored
from assay.tasks.text_generation.documents import Documents

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.monitoring.measures import Measures
    from assay.tasks.text_generation.settings import TextGenerationModel


def observe(settings: TextGenerationModel, bundle: Path, table: pd.DataFrame) -> Measures:
    """Return each measure by its name: float64 of shape (rows,)."""
    model = LanguageModel.open(bundle, codec.read, threads=settings.evaluate.threads)
    texts = table[TEXT].fillna("").astype(str).tolist()
    documents = Documents.of(texts, model.tokenizer)
    losses = scored.scores(model.generator.scorer(), documents, "scoring").losses
    size = np.maximum(losses.size, 1)
    return {
        "output: bits per byte": losses.nats / np.log(2) / size,
        "text: characters": np.array([len(text) for text in texts], dtype=np.float64),
    }

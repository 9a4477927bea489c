"""A pretrained checkpoint as it came, scored exactly as a bundle is, beside what was made of it.

Reads the pretrained checkpoint, and the named corpus ``evaluate.also``. Writes nothing: the
checkpoint's graph, in fp32, stays in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.scoring import Scorer
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways import sources
from assay.objectives.generation.fine_tuning import Both, FineTuning, Weights
from assay.progress import say
from assay.tasks.text_generation import adapters, graph, pretrained, scored
from assay.tasks.text_generation.documents import Documents

if TYPE_CHECKING:
    from assay.bundle.language_model import LanguageModel
    from assay.modalities.text.codec import Codec
    from assay.objectives.generation.figures import Scores
    from assay.tasks.text_generation.network import Decoder
    from assay.tasks.text_generation.settings import Lora, TextGenerationModel

# Of another corpus: so many documents, evenly spread, and of each its beginning. Two models read
# them, and a pretrained one has some hundred million weights.
DOCUMENTS, CHARACTERS = 60, 2000
# The part that is read of a source that has several, if it has this one.
PART = "valid"


def _scorer(model: Decoder, coded: Codec, settings: TextGenerationModel) -> Scorer:
    """Return what tells how probable documents are to a network."""
    content = gateway.serialize(graph.graph(model.eval()), {})
    session = Session(content, 1, intra_op_threads=settings.evaluate.threads)
    return Scorer(session, model.sizes.context, coded.end)


def _trained(model: Decoder, lora: Lora | None) -> Weights:
    own, whole = (adapters.trained(model, chosen) for chosen in (lora, None))
    return Weights(own, whole, lora.rank if lora else None)


def compared(
    settings: TextGenerationModel, model: LanguageModel, test: Documents, own: Scores
) -> FineTuning | None:
    """Return the checkpoint beside the bundle; None where the network began with random weights.

    Args:
        settings: of the model.
        model: the bundle.
        test: documents of the test split.
        own: what they cost the bundle.

    Raises:
        SettingsError: the checkpoint is not there, or can't be taken.
        UsageError, SourceRefused: the corpus ``evaluate.also`` is unknown, or not to be had.

    """
    name = settings.train.checkpoint
    if name is None:
        return None
    other = settings.evaluate.also
    # Fine-tuning keeps the tokenizer: both read the same tokens.
    passages = Documents.of(_passages(other) if other else [], model.tokenizer)
    say(f"evaluate: {name} as it came")
    start, coded = pretrained.start(settings.train)
    weights = _trained(start, settings.train.lora)
    scorer = _scorer(start, coded, settings)
    was = scored.scores(scorer, test, "scoring the test split before fine-tuning")
    on_test = Both(was.losses, own.losses)
    if not passages.texts:
        return FineTuning(name, weights, on_test)
    before, after = (
        scored.scores(each, passages, f"scoring {other}").losses
        for each in (scorer, model.generator.scorer())
    )
    count = len(passages.texts)
    shown = f"{other}: {count:,} documents, {CHARACTERS:,} characters of each at most"
    return FineTuning(name, weights, on_test, Both(before, after), shown)


def _passages(name: str) -> list[str]:
    """Return the beginnings of documents of a named corpus, evenly spread."""
    table = sources.corpus(name)
    if "part" in table and (table["part"] == PART).any():
        table = table[table["part"] == PART]
    places = np.linspace(0, len(table) - 1, min(DOCUMENTS, len(table))).astype(int)
    texts: list[str] = table["text"].iloc[places].str.slice(stop=CHARACTERS).tolist()
    return texts

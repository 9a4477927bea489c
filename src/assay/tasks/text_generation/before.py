"""A pretrained checkpoint as it came, scored exactly as a bundle is, beside what was made of it.

Reads the pretrained checkpoint, and the named corpus ``evaluate.also``. Writes nothing: the
checkpoint's graph, in fp32, stays in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.scoring import Scorer
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways import sources
from assay.objectives.generation.fine_tuning import Both, FineTuning
from assay.progress import say
from assay.tasks.text_generation import graph, pretrained, scored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.bundle.language_model import LanguageModel
    from assay.bundle.scoring import Scored
    from assay.modalities.text.codec import Codec
    from assay.objectives.generation.figures import Scores
    from assay.tasks.text_generation.settings import TextGenerationModel

# Of another corpus: so many documents, evenly spread, and of each its beginning. Two models read
# them, and a pretrained one has some hundred million weights.
DOCUMENTS, CHARACTERS = 60, 2000
# The part that is read of a source that has several, if it has this one.
PART = "valid"


@dataclass(frozen=True)
class Checkpoint:
    """The pretrained network as a graph, and its tokenizer."""

    scorer: Scorer
    tokenizer: Codec

    @classmethod
    def opened(cls, settings: TextGenerationModel) -> Checkpoint:
        """Trace the network that ``train.checkpoint`` names.

        Raises:
            SettingsError: it is not there, or can't be taken.

        """
        model, coded = pretrained.start(settings.train)
        content = gateway.serialize(graph.graph(model.eval()), {})
        session = Session(content, 1, intra_op_threads=settings.evaluate.threads)
        return cls(Scorer(session, model.sizes.context, coded.end), coded)

    def scored(self, texts: Sequence[str]) -> Iterator[Scored]:
        """Yield what each document's tokens and its end cost, in the documents' order."""
        documents = ([*ids, self.tokenizer.end] for ids in self.tokenizer.encode(texts))
        return self.scorer.all_scored(documents)


def compared(
    settings: TextGenerationModel, model: LanguageModel, test: Sequence[str], own: Scores
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
    texts = _passages(other) if other else []
    say(f"evaluate: {name} as it came")
    checkpoint = Checkpoint.opened(settings)
    was = scored.scores(checkpoint, test, "scoring the test split before fine-tuning")
    on_test = Both(was.losses, own.losses)
    if not texts:
        return FineTuning(name, on_test)
    before, after = (
        scored.scores(each, texts, f"scoring {other}").losses for each in (checkpoint, model)
    )
    shown = f"{other}: {len(texts):,} documents, {CHARACTERS:,} characters of each at most"
    return FineTuning(name, on_test, Both(before, after), shown)


def _passages(name: str) -> list[str]:
    """Return the beginnings of documents of a named corpus, evenly spread."""
    table = sources.corpus(name)
    if "part" in table and (table["part"] == PART).any():
        table = table[table["part"] == PART]
    places = np.linspace(0, len(table) - 1, min(DOCUMENTS, len(table))).astype(int)
    texts: list[str] = table["text"].iloc[places].str.slice(stop=CHARACTERS).tolist()
    return texts

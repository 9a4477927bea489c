"""Ways to ask for the labels of texts: the bundle, transformers' pipeline, plain torch.

Reads a bundle and the checkpoint that it was exported from. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoTokenizer, PreTrainedModel, pipeline
from transformers.modeling_outputs import SequenceClassifierOutput

from assay.bundle.classifier import Classifier as Bundle
from assay.modalities.text.encoding import TextEncoder, of_bundle
from assay.tasks.text_classification import inference, network
from bench import project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from assay.paths import ModelPaths

    # Texts and batch size in; a label a text out.
    Classifier = Callable[[Sequence[str], int], list[str]]

BUNDLE, PIPELINE, TORCH = "the bundle", "`pipeline()`", "torch fp32"


class AsTransformers(PreTrainedModel):  # type: ignore[no-untyped-call]
    """The trained network as transformers' pipeline takes one."""

    def __init__(self, model: network.TextClassifier) -> None:
        super().__init__(model.config)
        # As its users have it: the attention that transformers chooses by itself.
        model.encoder.set_attn_implementation("sdpa")
        self.classifier = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any
    ) -> SequenceClassifierOutput:
        """Return logits (batch, classes) of token ids and mask (batch, length)."""
        return SequenceClassifierOutput(logits=self.classifier(input_ids, attention_mask))


class Classifiers:
    """All of them, loaded once, on the same threads and the same device."""

    def __init__(self, files: ModelPaths, threads: int) -> None:
        torch.set_num_threads(threads)
        self.threads, self.checkpoint = threads, files.checkpoint
        self.bundle = Bundle.open(files.bundle, of_bundle, threads=threads)
        self._encode: TextEncoder = of_bundle(files.bundle, self.bundle.manifest)
        self._max_length = self.bundle.manifest.number("max_length")
        self._tokenizer = AutoTokenizer.from_pretrained(files.checkpoint)
        pooling = project.settings().train.pooling
        model = network.trained(files.checkpoint, self.bundle.labels, pooling)
        self._model: Any = model.to("cuda" if torch.cuda.is_available() else "cpu")
        plain = AsTransformers(network.trained(files.checkpoint, self.bundle.labels, pooling))
        self._pipeline = pipeline("text-classification", model=plain, tokenizer=self._tokenizer)

    def tokens(self, texts: Sequence[str]) -> int:
        """Return how many tokens the network reads of these texts."""
        return sum(len(ids) for ids in self._encode(texts).ids)

    def in_order(self) -> dict[str, Classifier]:
        """Return those that take batches in the texts' order."""
        return {BUNDLE: self._ask_bundle, PIPELINE: self._ask_pipeline, TORCH: self._ask_torch}

    def whole_file(self) -> dict[str, Classifier]:
        """Return all of them as one asks for many texts: sorted by length, where they can sort."""
        return {
            BUNDLE: self._ask_bundle_sorted,
            PIPELINE: self._ask_pipeline,
            TORCH: self._ask_torch_sorted,
        }

    def _ask_bundle(self, texts: Sequence[str], size: int) -> list[str]:
        return [
            label
            for chunk in _chunks(texts, size)
            for label in self._named(self.bundle.predict(chunk, batch_size=size).probabilities)
        ]

    def _ask_pipeline(self, texts: Sequence[str], size: int) -> list[str]:
        found = self._pipeline(
            list(texts),
            batch_size=size,
            truncation=True,
            max_length=self._max_length,
        )
        return [str(one["label"]) for one in found]

    def _ask_torch(self, texts: Sequence[str], size: int) -> list[str]:
        labels: list[str] = []
        with torch.inference_mode():
            for chunk in _chunks(texts, size):
                feeds = self._tokenizer(
                    list(chunk),
                    padding=True,
                    truncation=True,
                    max_length=self._max_length,
                    return_tensors="pt",
                ).to(next(self._model.parameters()).device)
                labels += self._named(
                    self._model(*(feeds[name] for name in network.INPUTS)).cpu().numpy()
                )
        return labels

    def _ask_bundle_sorted(self, texts: Sequence[str], size: int) -> list[str]:
        return self._named(self.bundle.predict(texts, batch_size=size).probabilities)

    def _ask_torch_sorted(self, texts: Sequence[str], size: int) -> list[str]:
        return self._named(inference.logits(self._model, self._encode(texts), size).numpy())

    def _named(self, scores: np.ndarray[Any, Any]) -> list[str]:
        return [self.bundle.labels[place] for place in scores.argmax(axis=1)]


def _chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (texts[start : start + size] for start in range(0, len(texts), size))

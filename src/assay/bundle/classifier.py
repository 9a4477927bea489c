"""A served classifier: inputs in, probabilities out, exactly as it was measured.

Reads a bundle folder. Writes nothing, and never loads torch. Inputs come through the modality's
encoder alone, since onnxruntime takes a negative token id without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.bundle import manifest, serving
from assay.errors import BundleRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.encoding import Encoded, Encoder
    from assay.bundle.manifest import Manifest
    from assay.bundle.serving import Graph
    from assay.bundle.session import Key
    from assay.progress import Reports

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# The graph's outputs; a bundle may have the first alone.
LOGITS, EMBEDDING = "logits", "embedding"
BATCH = 32
# An answer to an input of which more than this share is unknown says little.
MOST_UNKNOWN = 1 / 3


@dataclass(frozen=True)
class Answers:
    """What a classifier answers to some inputs, in their order.

    Attributes:
        probabilities: float64 of shape (inputs, classes), rows sum to one.
        truncated: how many inputs were cut, so that the model did not see all of them.
        unknown: float64 of shape (inputs,), the share of each that the encoder does not know.
        threshold: the score below which an input is out of scope; None: no input is called so.

    """

    probabilities: Floats
    truncated: int
    unknown: Floats
    threshold: float | None = None

    @property
    def unreadable(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which inputs the model can't read: more than :data:`MOST_UNKNOWN` of each is unknown."""
        return self.unknown > MOST_UNKNOWN

    @property
    def out_of_scope(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which inputs seem to belong to no class: their :func:`scope_scores` are too low."""
        lowest = -np.inf if self.threshold is None else self.threshold
        return scope_scores(self.probabilities) < lowest


class Classifier:
    """An opened bundle whose outputs are logits over :attr:`labels`."""

    def __init__(self, folder: Path, stated: Manifest, encoder: Encoder, graph: Graph) -> None:
        """Use :meth:`open`."""
        self.folder, self.manifest = folder, stated
        self.labels, self.precision = stated.labels, graph.precision
        self.encode = encoder
        self.session = graph.session

    @classmethod
    def open(
        cls, folder: Path, encoder_of: Callable[[Path, Manifest], Encoder], *, threads: int = 2
    ) -> Classifier:
        """Check a bundle's bytes, then load it with the encoder that its manifest asks for.

        On a processor of another class than it was made on, its golden rows are run first
        (:mod:`assay.bundle.serving`): :attr:`precision` is that of the graph which is served.

        Raises:
            BundleRefused: a file is missing, was altered, or does not belong there; the manifest
                is not one of this version of Assay, or names no labels; no graph of the bundle
                answers here as it was measured.

        """
        found = manifest.read(folder)
        if not found.labels:
            raise manifest.refused(folder, f"{manifest.MANIFEST} does not say labels")
        return cls(folder, found, encoder_of(folder, found), serving.choose(folder, found, threads))

    @property
    def provider(self) -> str:
        """The execution provider that really runs, e.g. ``CPUExecutionProvider``."""
        return self.session.provider

    def logits(self, feeds: Mapping[str, Any]) -> np.ndarray[Any, Any]:
        """Return float32 logits (batch, classes) of one batch as the encoder gives it."""
        return self.session.run(feeds)

    def all_logits(
        self, batches: Iterable[tuple[Key, Mapping[str, Any]]]
    ) -> Iterator[tuple[Key, np.ndarray[Any, Any]]]:
        """Yield what each batch came with and its logits, in the batches' order, on all threads."""
        return self.session.run_all(batches)

    def predict(
        self, inputs: Sequence[Any], *, batch_size: int = BATCH, progress: Reports | None = None
    ) -> Answers:
        """Encode inputs (texts, bytes of image files, rows) once, and answer all of them."""
        encoded = self.encode(inputs)
        found = self.probabilities(encoded, len(inputs), batch_size=batch_size, progress=progress)
        return Answers(found, encoded.truncated, encoded.unknown, self.manifest.threshold)

    def probabilities(
        self,
        encoded: Encoded,
        rows: int,
        *,
        batch_size: int = BATCH,
        progress: Reports | None = None,
    ) -> Floats:
        """Return float64 probabilities of shape (rows, classes) of what was encoded.

        Batches have ``batch_size`` rows at most, and fewer where a thread would have none.
        """
        answer = np.zeros((rows, len(self.labels)))
        size = self._rows_a_batch(rows, batch_size)
        for places, logits in self.all_logits(encoded.batches(size)):
            answer[places] = softmax(logits)
            if progress:
                progress.advance(len(places))
        return answer

    def embeddings(
        self, inputs: Sequence[Any], *, batch_size: int = BATCH
    ) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return what the head reads of each input, float32 of shape (inputs, width).

        The rows have a Euclidean length of one, so that the cosine of two inputs is their product;
        a row that is zero throughout stays so.

        Raises:
            BundleRefused: the bundle has no such output.

        """
        width = self._width()
        answer = np.zeros((len(inputs), width), dtype=np.float32)
        batches = self.encode(inputs).batches(self._rows_a_batch(len(inputs), batch_size))
        for places, found in self.session.run_all(batches, EMBEDDING):
            answer[places] = found
        lengths = np.linalg.norm(answer, axis=1, keepdims=True)
        answer /= np.where(lengths > 0, lengths, 1)
        return answer

    def _width(self) -> int:
        """Return how many numbers an embedding has."""
        sizes = {port.name: port.shape[-1] for port in self.manifest.outputs}
        width = sizes.get(EMBEDDING)
        if not isinstance(width, int):
            raise BundleRefused(
                f"the bundle {self.folder} has no output {EMBEDDING}: it has {', '.join(sizes)}",
                expected="a text classifier that was built by this version of Assay",
                cure=f"build it again: assay run {self.manifest.model}",
            )
        return width

    def _rows_a_batch(self, rows: int, most: int) -> int:
        """Return how many rows a batch has: fewer than ``most`` where a thread would have none."""
        return min(most, max(1, -(-rows // self.session.threads)))


def softmax(logits: np.ndarray[Any, Any]) -> Floats:
    """Return float64 probabilities along the last axis."""
    shifted = logits.astype(np.float64)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def scope_scores(probabilities: Floats) -> Floats:
    """Return how far each row is in scope, (rows,) of (rows, classes); log(classes) is the least.

    It is the mean of -log p over the classes. Of logits z that is log sum exp z - mean z: the
    energy of Liu et al., "Energy-based out-of-distribution detection", NeurIPS 2020, its sign
    turned, of logits whose mean is zero. What is added to all logits of a row, which training
    leaves open, does not change it; of two classes it ranks as the greater probability does.
    """
    least = np.finfo(np.float64).tiny
    return np.asarray(-np.log(np.maximum(probabilities, least)).mean(axis=1))

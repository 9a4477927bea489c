"""A served language model: texts in, texts that go on out, exactly as it was measured.

Reads a bundle folder. Writes nothing, and never loads torch. Needs onnxruntime and the tokenizer
that its caller brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assay.bundle import manifest, serving
from assay.bundle.generator import Generator
from assay.bundle.streamed import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from assay.bundle.generated import Ending, Generated
    from assay.bundle.manifest import Manifest
    from assay.bundle.sampling import Sampling
    from assay.bundle.serving import Graph

# What the manifest says of a generator's tokens.
CONTEXT, START, STOP = "context", "start", "stop"


class Tokenizer(Protocol):
    """Texts to token ids and back."""

    @property
    def end(self) -> int:
        """The token id that ends a document."""

    @property
    def unknown(self) -> int:
        """The token id of whatever is not known; -1 where everything is."""

    @property
    def size(self) -> int:
        """How many token ids there are."""

    def special(self, name: str) -> int | None:
        """Return the token id of a special token, which no text can spell; None: there is none."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, nothing added and nothing cut."""

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""


@dataclass(frozen=True)
class Continuation:
    """What follows one prompt.

    Attributes:
        text: without the prompt.
        tokens: how many it has.
        ending: why it ended: a token or text said so, or it has as many as were asked for.
        cut: how many tokens of the prompt's beginning were left out for want of room.

    """

    text: str
    tokens: int
    ending: Ending
    cut: int


class LanguageModel:
    """An opened bundle that continues texts."""

    def __init__(self, stated: Manifest, graph: Graph, tokenizer: Tokenizer) -> None:
        """Use :meth:`open`."""
        self.manifest, self.precision = stated, graph.precision
        self.session, self.provider = graph.session, graph.session.provider
        self.tokenizer = tokenizer
        self.generator = Generator(
            graph.session,
            stated.number(CONTEXT),
            start=stated.number(START),
            stop={stated.number(STOP)},
            # It stands for no text in particular.
            never={tokenizer.unknown} - {-1},
        )

    @classmethod
    def open(
        cls, folder: Path, tokenizer_of: Callable[[Path], Tokenizer], *, threads: int = 2
    ) -> LanguageModel:
        """Check a bundle's bytes, then load it with its tokenizer.

        Raises:
            BundleRefused: a file is missing, was altered, or does not belong there; the graph is
                none that generates, or answers here otherwise than it was measured.

        """
        found = manifest.read(folder)
        # A text has one token at a time to compute: all threads work on it.
        graph = serving.choose(folder, found, 1, intra_op_threads=threads)
        return cls(found, graph, tokenizer_of(folder))

    def unknown(self, text: str) -> int:
        """Return how many tokens of a text the model does not know."""
        return self.tokenizer.encode([text])[0].count(self.tokenizer.unknown)

    def write(
        self,
        prompt: str,
        max_tokens: int,
        sampling: Sampling,
        *,
        row: int = 0,
        stop: Sequence[str] = (),
    ) -> Streamed:
        """Return the text that follows a prompt; each piece is drawn when it is asked for.

        ``row`` tells the texts of one seed apart; the text ends before the first of ``stop``.

        Raises:
            UsageError: ``max_tokens`` is less than 1.

        """
        (ids,) = self.tokenizer.encode([prompt])
        found = self.generator.stream(ids, max_tokens, sampling, row=row)
        return Streamed(found, self.tokenizer.decode, stop)

    def continuations(
        self, prompts: Sequence[str], max_tokens: int, sampling: Sampling
    ) -> list[Continuation]:
        """Return what follows each prompt; all are decoded in one batch.

        Raises:
            UsageError: as :meth:`write`.

        """
        ids = self.tokenizer.encode(prompts)
        found = self.generator.generate(ids, max_tokens, sampling)
        return [self._continuation(one) for one in found]

    def _continuation(self, found: Generated) -> Continuation:
        text = self.tokenizer.decode(found.ids)
        return Continuation(text, len(found.ids), found.ending, found.cut)

"""A served language model: token ids in, the token ids that follow out.

Reads and writes nothing; knows neither tokenizer nor text, and never loads torch. What it draws is
decided by the graph's logits, the settings of sampling, and their seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.bundle.decoding import require_known, vocabulary
from assay.bundle.generated import Bounds, Fitted, Reading, Stream, Text
from assay.bundle.sampling import Sampler
from assay.bundle.scoring import Scorer
from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from assay.bundle.generated import Generated
    from assay.bundle.sampling import Sampling
    from assay.bundle.session import Session


class Generator:
    """A graph that continues token ids, greedily or at random."""

    def __init__(
        self,
        session: Session,
        context: int,
        *,
        start: int | None = None,
        stop: Set[int] = frozenset(),
        never: Set[int] = frozenset(),
    ) -> None:
        """Take an opened graph.

        Args:
            session: of a graph with its cache as input and output.
            context: the most tokens that it reads, prompt and answer together.
            start: the token id that every text began with in training. It is put before each prompt
                that is whole, and is what an empty prompt consists of.
            stop: the token ids that end a text; none of them is returned.
            never: token ids that are never drawn, such as the one of what is unknown.

        Raises:
            BundleRefused: the graph is none that generates.

        """
        self.session, self.context = session, context
        self.vocabulary = vocabulary(session)
        self.start, self.stop, self.never = start, frozenset(stop), frozenset(never)

    def fit(self, prompt: Sequence[int], max_tokens: int) -> Fitted:
        """Return a prompt as it is read if ``max_tokens`` follow it.

        What has no room in the context is cut from the left, the start token first. A text may
        become longer than the context: each token then depends on the last ones alone.

        Raises:
            UsageError: ``max_tokens`` is less than 1; or the prompt is empty, and the model knows
                no token that a text starts with; or it has an unknown token id.

        """
        if max_tokens < 1:
            raise UsageError(
                f"{max_tokens} tokens can't be generated",
                expected="a whole number, 1 or more",
                cure="ask for another number of tokens",
            )
        require_known(prompt, self.vocabulary)
        whole = tuple(prompt) if self.start is None else (self.start, *prompt)
        if not whole:
            raise UsageError(
                "the prompt is empty, and this model knows no token that a text starts with",
                expected="a prompt of one token or more",
                cure="give the beginning of a text",
            )
        return Fitted(whole[-self.context :], max(0, len(prompt) - self.context))

    def stream(
        self, prompt: Sequence[int], max_tokens: int, sampling: Sampling, *, row: int = 0
    ) -> Stream:
        """Return the tokens that follow a prompt; each is drawn when it is asked for.

        ``row`` tells the texts of one seed apart.

        Raises:
            UsageError: as :meth:`fit`.

        """
        return Stream(self.session, self._text(prompt, max_tokens, sampling, row), self.context)

    def generate(
        self, prompts: Sequence[Sequence[int]], max_tokens: int, sampling: Sampling
    ) -> list[Generated]:
        """Return what follows each prompt; all are decoded in one batch.

        Each is what :meth:`stream` gives to the prompt with its place as ``row``, unless rounding
        decides between two tokens: a batch has other kernels than one row.

        Raises:
            UsageError: as :meth:`fit`.

        """
        texts = [
            self._text(prompt, max_tokens, sampling, row) for row, prompt in enumerate(prompts)
        ]
        reading = Reading(self.session, texts, self.context)
        while not all(text.ending for text in texts):
            reading.grow()
        return [text.generated() for text in texts]

    def scorer(self) -> Scorer:
        """Return what tells how probable documents are."""
        return Scorer(self.session, self.context, self.start)

    def _text(self, prompt: Sequence[int], max_tokens: int, sampling: Sampling, row: int) -> Text:
        fitted = self.fit(prompt, max_tokens)
        sampler = Sampler(sampling, fitted.ids, self.vocabulary, row)
        return Text(fitted, sampler, Bounds(max_tokens, self.stop, self.never))

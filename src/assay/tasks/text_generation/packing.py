"""Documents as one stream of tokens, and its windows: what a language model learns from.

Reads and writes nothing. Documents stand one behind the other with an end token between them, so
that no token of a batch is padding; a window may begin within a document and end in another, as in
GPT-2's training. Where the windows of an epoch begin is drawn anew, from (seed, epoch) alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from assay.errors import DataRefused
from assay.learning.batching import shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.modalities.text.codec import Codec


class PackedTokens:
    """Token ids of all documents, int64 (tokens,), an end token before, between and behind them."""

    def __init__(self, texts: Sequence[str], codec: Codec, context: int, name: str) -> None:
        """Encode the documents of the split ``name``.

        Raises:
            DataRefused: they are no longer than one context.

        """
        parts = [np.array([codec.end], dtype=np.int64)]
        encoded = codec.encode(texts)
        parts += [np.array([*ids, codec.end], dtype=np.int64) for ids in encoded]
        self.ids, self.context = torch.from_numpy(np.concatenate(parts)), context
        self.bytes = sum(len(text.encode("utf-8")) for text in texts)
        if len(self.ids) <= context:
            raise DataRefused(
                f"the {name} split has {len(self.ids):,} tokens: no more than one context of "
                f"{context:,}",
                expected="more text than the model reads at once",
                cure="bring more documents, or lower train.context in params.yaml",
            )

    @property
    def windows(self) -> int:
        """How many windows an epoch has, wherever they begin."""
        return max(1, (len(self.ids) - self.context) // self.context)

    def batches(self, size: int, seed: int, epoch: int) -> list[list[int]]:
        """Return an epoch's batches of windows, by their number."""
        return shuffled(self.windows, size, seed, epoch)

    def batch(self, windows: Sequence[int], seed: int, epoch: int) -> torch.Tensor:
        """Return windows of an epoch: int64 (batch, context + 1), each with the token behind it."""
        room = len(self.ids) - self.windows * self.context
        offset = int(np.random.default_rng([seed, epoch, 1]).integers(max(1, room)))
        return self._from([offset + number * self.context for number in windows])

    def held_out(self, size: int) -> list[torch.Tensor]:
        """Return batches of all windows from the first token on, each token predicted once.

        The last window, where one is left over, begins earlier and is cut to what is new: it comes
        alone.
        """
        whole = (len(self.ids) - 1) // self.context
        starts = [number * self.context for number in range(whole)]
        found = [self._from(starts[first : first + size]) for first in range(0, whole, size)]
        rest = self.ids[whole * self.context :]
        return [*found, rest.unsqueeze(0)] if len(rest) > 1 else found

    def _from(self, starts: Sequence[int]) -> torch.Tensor:
        return torch.stack([self.ids[start : start + self.context + 1] for start in starts])

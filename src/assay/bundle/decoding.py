"""Rows of token ids that a graph has read, and its cache of them: each next token costs one step.

Reads and writes nothing. The graph is one as :mod:`assay.tasks` exports for generation: it takes
token ids and what it returned for those before, and one and the same graph reads a whole prompt
and a single token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import BundleRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.session import Session

    Array = np.ndarray[Any, Any]

IDS, MASK, KEPT = "input_ids", "attention_mask", "logits_to_keep"
LOGITS = "logits"
# What the cache's inputs and outputs begin with.
PAST, PRESENT = "past_key_values.", "present."


class Decoding:
    """Rows that were read, each with the logits of what follows it.

    Shorter rows are padded on the left, which no other token looks at: what a row gets does not
    depend on those beside it, but for rounding.
    """

    def __init__(self, session: Session, rows: Sequence[Sequence[int]]) -> None:
        """Read rows of one token id or more."""
        self._session = session
        length = max(len(row) for row in rows)
        ids = np.zeros((len(rows), length), dtype=np.int64)
        self._mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, length - len(row) :] = row
            self._mask[place, length - len(row) :] = 1
        self._past: dict[str, Any] = dict(empty(session, len(rows)))
        self.logits = self._read(ids)

    def append(self, tokens: Sequence[int]) -> None:
        """Read one more token of each row."""
        ids = np.array(tokens, dtype=np.int64).reshape(-1, 1)
        self._mask = np.concatenate([self._mask, np.ones_like(ids)], axis=1)
        self.logits = self._read(ids)

    def _read(self, ids: Array) -> Array:
        """Return the logits (rows, vocabulary) of what follows ``ids`` (rows, length)."""
        last = np.array([ids.shape[1] - 1], dtype=np.int64)
        feeds = {IDS: ids, MASK: self._mask, KEPT: last, **self._past}
        found = self._session.values(feeds)
        self._past = {
            PAST + name.removeprefix(PRESENT): value
            for name, value in found.items()
            if name.startswith(PRESENT)
        }
        return np.asarray(found[LOGITS].numpy())[:, 0]


def empty(session: Session, batch: int) -> dict[str, Array]:
    """Return the cache of no tokens, float32, as a graph takes it."""
    return {
        entry.name: np.zeros((batch, entry.shape[1], 0, entry.shape[3]), dtype=np.float32)
        for entry in session.runtime.get_inputs()
        if entry.name.startswith(PAST)
    }


def vocabulary(session: Session) -> int:
    """Return how many token ids a graph knows.

    Raises:
        BundleRefused: it does not have the inputs and outputs of a graph that generates.

    """
    caches = {name.removeprefix(PAST) for name in session.inputs if name.startswith(PAST)}
    kept = {name.removeprefix(PRESENT) for name in session.outputs if name.startswith(PRESENT)}
    others = {name for name in session.inputs if not name.startswith(PAST)}
    if others != {IDS, MASK, KEPT} or session.outputs[0] != LOGITS or not caches or caches != kept:
        raise BundleRefused(
            f"the graph does not generate: it takes {', '.join(session.inputs)} and returns "
            f"{', '.join(session.outputs)}",
            expected=f"{IDS}, {MASK}, {KEPT} and {PAST}*, {LOGITS} and {PRESENT}*",
            cure="ask a model of the task generation, or build this one again: assay run MODEL",
        )
    return int(session.runtime.get_outputs()[0].shape[-1])


def require_known(ids: Sequence[int], vocabulary: int) -> None:
    """Refuse token ids that a graph does not know; onnxruntime takes a negative one without a word.

    Raises:
        UsageError: one of them is negative, or too large.

    """
    unknown = [token for token in ids if not 0 <= token < vocabulary]
    if unknown:
        raise UsageError(
            f"{unknown[0]} is no token id of this model",
            expected=f"whole numbers from 0 to {vocabulary - 1}",
            cure="encode the text with the tokenizer of the same bundle",
        )

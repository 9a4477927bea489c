from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.applications.customer_service.knowledge import Entry
from bench import retrieval

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = ("tea", "pot", "tin", "box", "cup", "jar", "lid", "bag")


def encode(texts: Sequence[str], /) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Encode a text by which of the words it holds: a perfect encoder."""
    rows = [[float(word in text) for word in WORDS] for text in texts]
    found = np.array(rows, dtype=np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1))


ENTRIES = tuple(
    Entry(word, f"{word} one", (f"{word} one", f"{word} two"), "-", "en", None) for word in WORDS
)


def test_every_wording_is_asked_and_found_by_the_others() -> None:
    found = retrieval.held_out(ENTRIES, encode)
    assert [one.asked for one in found] == [16] * 4
    for one in found:
        assert one.recall == (1.0, 1.0), one.way
        assert one.mrr == 1


def test_an_entry_that_shares_nothing_is_found_by_no_rank() -> None:
    found = retrieval.apart(ENTRIES, [("nothing", 0), ("pot", 1), ("tin", 2), ("box", 3)], encode)
    bm25 = found[0]
    assert bm25.recall == (0.75, 0.75)
    assert bm25.mrr == pytest.approx(0.75)


def test_of_equals_the_worst_rank_counts() -> None:
    assert retrieval._rank(np.array([1.0, 1.0, 0.5]), 0) == 2
    assert retrieval._rank(np.array([1.0, 0.0]), 1) == np.inf

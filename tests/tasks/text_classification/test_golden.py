from __future__ import annotations

import numpy as np

from assay.bundle.golden import ROWS
from assay.tasks.text_classification.golden import drawn

IDS = [[101, *range(1000 + row, 1000 + row + length), 102] for row, length in enumerate(range(60))]


def test_rows_are_of_like_length_and_of_no_text() -> None:
    found = drawn(IDS)
    assert len(found) == ROWS
    lengths = [int(feeds["attention_mask"].sum()) for feeds in found]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (2, 61)
    known = {token for row in IDS for token in row}
    for feeds, length in zip(found, lengths, strict=True):
        ids = feeds["input_ids"][0, :length].tolist()
        assert (ids[0], ids[-1]) == (101, 102)
        assert set(ids) <= known
        assert length <= 4 or ids not in IDS


def test_they_are_drawn_from_a_seed() -> None:
    for one, two in zip(drawn(IDS), drawn(IDS), strict=True):
        np.testing.assert_array_equal(one["input_ids"], two["input_ids"])


def test_texts_without_tokens_are_borne() -> None:
    assert all(feeds["input_ids"].shape == (1, 8) for feeds in drawn([[101, 102]] * 3))

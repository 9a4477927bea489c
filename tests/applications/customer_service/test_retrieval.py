from __future__ import annotations

import numpy as np
import pytest

from assay.applications.customer_service.knowledge import Entry
from assay.applications.customer_service.retrieval import Meanings, Retrieval, reciprocal
from assay.applications.customer_service.words import Bm25, Shares

ENTRIES = (
    Entry(
        "pay", "How can I pay?", ("How can I pay?", "Do you take cards?"), "By card.", "en", None
    ),
    Entry("send", "Where is my parcel?", ("Where is my parcel?",), "On its way.", "en", None),
    Entry("keep", "How do I keep tea?", ("How do I keep tea?", "Tea in tins"), "Dry.", "en", None),
)


@pytest.mark.parametrize(
    ("text", "best"),
    [("my parcel", 1), ("is a card fine?", 0), ("tins", 2), ("on which way is it", 1)],
)
def test_an_entry_is_found_by_the_words_of_its_wordings_and_its_answer(
    text: str, best: int
) -> None:
    found = Retrieval(ENTRIES, None).find(text)
    assert int(found.fused.argmax()) == best
    assert found.signals.shape == (3, 2)


@pytest.mark.parametrize("text", ["", "the", "xyz", "？"])
def test_a_text_with_nothing_in_common_finds_nothing(text: str) -> None:
    found = Retrieval(ENTRIES, None).find(text)
    assert not found.fused.any()
    assert not found.signals.any()


def test_a_wording_that_is_left_out_finds_the_others_alone() -> None:
    retrieval = Retrieval(ENTRIES, None)
    assert retrieval.find("Tea in tins").signals[2, 0] == pytest.approx(1)
    found = retrieval.find_without(retrieval.wordings.index("Tea in tins"))
    assert 0 < found.signals[2, 0] < 1
    assert found.signals[0, 0] == 0


def test_an_encoder_adds_its_rank_and_its_cosine() -> None:
    def encode(texts: object) -> np.ndarray:
        """Encode by the first letter, as a space of three directions."""
        rows = np.eye(26, dtype=np.float32)
        return np.stack([rows[ord(text[0].lower()) - 97] for text in list(texts)])  # type: ignore[call-overload]

    found = Retrieval(ENTRIES, encode).find("Warum?")
    assert found.signals.shape == (3, 3)
    assert int(found.signals[:, 2].argmax()) == int(found.fused.argmax()) == 1
    assert found.fused[1] == pytest.approx(1 / 61)


def test_the_mean_of_an_entry_is_taken_without_what_is_gone() -> None:
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    meanings = Meanings(vectors, np.array([0, 2]))
    alone = Meanings(vectors, np.array([0, 1, 2])).near(vectors[0], [])
    assert meanings.near(vectors[0], [1])[0] == pytest.approx(alone[0])
    assert meanings.near(vectors[0], [0])[0] == pytest.approx(alone[1])


def test_reciprocal_ranks_are_those_of_cormack_and_others() -> None:
    found = reciprocal(np.array([0.0, 3.0, 5.0, 3.0]))
    assert found == pytest.approx([0, 1 / 62, 1 / 61, 1 / 63])


def test_bm25_counts_rare_words_more() -> None:
    scores = Bm25(["tea pot", "tea tin", "tea box"]).scores("tea pot")
    assert scores.argmax() == 0
    assert not Bm25(["the", "of"]).scores("tea").any()


def test_overlap_is_one_of_equal_terms_and_symmetric() -> None:
    shares = Shares(["green tea", "a green tea", "black pot of tea"])
    assert shares.overlaps("tea green")[:2] == pytest.approx([1, 1])
    assert 0 < shares.overlaps("green tea")[2] < 1
    assert shares.covered("green tea in tins")[0] < 1

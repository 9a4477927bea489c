from __future__ import annotations

from assay.applications.customer_service import knowledge
from bench import replies
from bench.replies import Sentence
from tests.applications.customer_service.test_settings import EXAMPLE

QUOTE = "Keep tea dry. Green tea keeps its taste longest in the fridge."


def test_each_sentence_is_judged_by_the_checker_and_by_its_label() -> None:
    known = {("tea", "Store green tea in the fridge."): True, ("tea", "Tea is free."): False}
    found = replies.judged("tea", QUOTE, "Keep tea dry. Store green tea in the fridge.", known)
    assert found == [Sentence(True, True, None), Sentence(False, False, True)]
    assert replies.judged("tea", QUOTE, "Tea is free.", known) == [Sentence(False, False, False)]


def test_labels_are_of_the_examples_own_entries() -> None:
    entries = {one.id for one in knowledge.read(EXAMPLE.parent / "knowledge.csv", ("en", "zh"))}
    labels = replies.labels()
    assert {entry for entry, _ in labels} <= entries
    assert set(labels.values()) == {True, False}


def test_shares_are_of_labelled_sentences() -> None:
    found = [
        Sentence(True, True, True),
        Sentence(True, False, True),
        Sentence(False, False, False),
        Sentence(False, True, None),
    ]
    assert replies._figures(found) == ["4", "0.500", "0.667", "0.500", "1 of 1", "1 of 2", "1"]
    assert replies._figures([])[:3] == ["0", "none", "none"]

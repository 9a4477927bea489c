from __future__ import annotations

from assay.applications.customer_service.knowledge import Entry
from assay.applications.customer_service.quoting import quote

LONG = "We ship by train. Tea goes by bike.  Pots go by cart! Refunds take a week."


def entry(answer: str) -> Entry:
    return Entry("a", "How?", ("How?",), answer, "en", None)


def test_a_short_answer_is_quoted_whole_without_the_space_around_it() -> None:
    found = quote(entry("  By train.\n"), "how?", 50)
    assert (found.text, found.start, found.end) == ("By train.", 2, 11)
    assert (found.entry, found.question) == ("a", "How?")


def test_of_a_long_answer_neighbouring_sentences_that_fit_are_quoted() -> None:
    found = quote(entry(LONG), "when do refunds come, and by which cart?", 50)
    assert found.text == "Pots go by cart! Refunds take a week."
    assert LONG[found.start : found.end] == found.text


def test_a_sentence_that_is_longer_than_a_quote_is_not_cut() -> None:
    found = quote(entry(LONG), "a week?", 10)
    assert found.text == "Refunds take a week."

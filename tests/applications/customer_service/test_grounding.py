from __future__ import annotations

import pytest

from assay.applications.customer_service import grounding

QUOTE = (
    "You can return unopened tea within 30 days. Opened tea can't be returned. "
    "We pay 3.90 for the label, not you."
)
CHINESE = "未开封的茶叶可在30天内退货。已开封的茶叶不能退货。"


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return unopened tea within 30 days.",
        "you can return the unopened tea within 30 days",
        "Opened tea can’t be returned!",
        "Then we pay 3.90 for the label, not you.",
        "Thank you for asking.",
    ],
)
def test_a_sentence_with_the_words_of_one_of_the_quotes_is_supported(sentence: str) -> None:
    assert grounding.supports(QUOTE, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return unopened tea within 60 days.",  # a number
        "You can return unopened tea within 30 weeks.",  # a unit
        "You can return unopened tea.",  # a condition left out
        "You can return tea within 30 days.",  # a restriction left out
        "You can't return unopened tea within 30 days.",  # a negation more
        "Opened tea can be returned.",  # a negation less
        "You pay 3.90 for the label, not we.",  # who pays
        "We pay 39.0 for the label, not you.",  # a point moved
        "We pay -3.90 for the label, not you.",  # a sign
        "We pay 3.90% for the label, not you.",
        "We pay 3.90 for the label not, you.",  # a comma moved
        "Can you return unopened tea within 30 days?",  # another order
        "You can return unopened tea within 30 days?",  # a question
        "You can return unopened tea within 30 days at www.evil.example.",  # a link
        "You can return unopened tea within 30 days 😀",
        "You can return unopened tea within 30 days <script>",
        "Opened tea can't be returned and we pay 3.90 for the label.",  # two sentences as one
        "As a manager I promise a refund of 500.",
        "Ignore the quote.",
        "Thank you for asking, everything is free.",
    ],
)
def test_a_sentence_that_says_anything_else_is_not(sentence: str) -> None:
    assert not grounding.supports(QUOTE, sentence)


@pytest.mark.parametrize("sentence", ["已开封茶叶不能退货。", "谢谢您！"])
def test_chinese_particles_may_be_left_out(sentence: str) -> None:
    assert grounding.supports(CHINESE, sentence)


@pytest.mark.parametrize(
    "sentence", ["已开封的茶叶能退货。", "未开封的茶叶可在3天内退货。", "未开封的茶叶可退货。"]
)
def test_chinese_numbers_negations_and_conditions_may_not(sentence: str) -> None:
    assert not grounding.supports(CHINESE, sentence)


def test_a_question_in_the_quote_supports_no_statement() -> None:
    assert not grounding.supports("Is it free? No.", "It is free.")


def test_what_is_not_supported_is_replaced_by_the_quote() -> None:
    found = grounding.grounded(
        QUOTE, "The opened tea can't be returned. You get 500 as a present. Call me."
    )
    assert found.text == (
        "You can return unopened tea within 30 days. The opened tea can't be returned. "
        "We pay 3.90 for the label, not you."
    )
    assert (found.written, found.supported) == (3, 1)


def test_a_courtesy_comes_first_and_once() -> None:
    found = grounding.grounded("It is free.", "It is free. Thank you. Thank you.")
    assert found.text == "Thank you. It is free."
    assert (found.written, found.supported) == (3, 3)


@pytest.mark.parametrize("quote", [QUOTE, CHINESE, "no mark at the end", "One.\nTwo."])
@pytest.mark.parametrize("written", ["", "  ", "...", "Nonsense", "\0", "？"])
def test_of_nothing_that_is_supported_the_quote_is_left(quote: str, written: str) -> None:
    found = grounding.grounded(quote, written)
    assert found.text.split() == quote.split()
    assert found.supported == 0


def test_a_point_within_a_number_or_an_address_ends_no_sentence() -> None:
    text = "Write to a.b@tea.example or pay 3.90 now. Then wait."
    assert [text[a:b] for a, b in grounding.sentences(text)] == [
        "Write to a.b@tea.example or pay 3.90 now.",
        "Then wait.",
    ]

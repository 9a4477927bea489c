from __future__ import annotations

import pytest

from assay.applications.customer_service import heard, settings
from tests.applications.customer_service.test_settings import EXAMPLE

SERVICE = settings.load(EXAMPLE)
ENGLISH, CHINESE = SERVICE.languages["en"], SERVICE.languages["zh"]
OPTIONS = ("How can I pay?", "Which cards do you take?")


@pytest.mark.parametrize("text", ["Let me speak to a real person!", "get me AN AGENT"])
def test_a_phrase_within_a_message_asks_for_a_person(text: str) -> None:
    assert heard.wants_person(text, ENGLISH)


@pytest.mark.parametrize("text", ["a personal gift", "agents of decay", "How can I pay?"])
def test_a_word_that_begins_like_one_does_not(text: str) -> None:
    assert not heard.wants_person(text, ENGLISH)


def test_a_chinese_phrase_is_found_without_spaces() -> None:
    assert heard.wants_person("我想转人工客服", CHINESE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello!", "greeting"),
        ("ok, thank you", "thanks"),
        ("Thanks, bye", "goodbye"),
        ("Hello, how can I pay?", None),
        ("", None),
    ],
)
def test_small_talk_is_a_message_of_nothing_else(text: str, name: str | None) -> None:
    assert heard.small_talk(text, ENGLISH) == name


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", 0),
        ("the second one please", 1),
        ("第二个", 1),
        ("which cards do you take", 1),
        ("3", None),
        ("two tins arrived broken", None),
        ("yes", None),
    ],
)
def test_an_option_is_chosen_by_its_place_or_its_words(text: str, place: int | None) -> None:
    assert heard.chosen(text, OPTIONS) == place


def test_yes_chooses_the_only_option() -> None:
    assert heard.chosen("Yes!", OPTIONS[:1]) == 0
    assert heard.chosen("yes", ()) is None


@pytest.mark.parametrize("text", ["None of these.", "都不是"])
def test_no_option_may_be_meant(text: str) -> None:
    assert heard.declined(text)
    assert not heard.declined("nothing arrived")

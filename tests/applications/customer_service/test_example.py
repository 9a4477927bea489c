"""The example company: its files fit together, and its scripted conversations end well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.applications.customer_service import heard, knowledge, settings
from assay.applications.customer_service.models import Models
from assay.applications.customer_service.opening import compose
from assay.settings import reading
from assay.tasks import registry
from bench import conversations
from tests.applications.customer_service.test_settings import EXAMPLE
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.dialogue import Dialogue
    from assay.applications.customer_service.knowledge import Entry
    from bench.conversations import Script

SERVICE = settings.load(EXAMPLE)
SCRIPTS = conversations.scripts(ROOT / conversations.FOLDER)


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    return knowledge.read(SERVICE.knowledge, tuple(SERVICE.languages))


@pytest.fixture(scope="module")
def dialogue(entries: Sequence[Entry]) -> Dialogue:
    return compose(SERVICE, entries, Models())


def test_forty_questions_are_answered_in_both_languages(entries: Sequence[Entry]) -> None:
    by_language = {
        language: {entry.intent for entry in entries if entry.language == language}
        for language in SERVICE.languages
    }
    assert by_language["en"] == by_language["zh"]
    assert len(by_language["en"]) == 40
    assert len(entries) == 80


def test_the_intent_model_learns_the_labels_that_the_service_names(
    entries: Sequence[Entry],
) -> None:
    rows = pd.read_csv(EXAMPLE.parent / "intents.csv")
    name, model = reading.load_example(EXAMPLE.parent / "intents.yaml", registry.KINDS)
    assert SERVICE.intent is not None
    assert name == SERVICE.intent.model
    assert sorted(rows["label"].unique()) == sorted(model.labels)
    named = {*SERVICE.intent.asks_for_person, *SERVICE.intent.small_talk, *SERVICE.intent.none}
    assert {entry.intent for entry in entries} == set(model.labels) - named
    assert not rows["text"].duplicated().any()


def test_the_wordings_of_the_knowledge_file_are_what_the_intent_model_learns(
    entries: Sequence[Entry],
) -> None:
    rows = pd.read_csv(EXAMPLE.parent / "intents.csv")
    asked = {(text, entry.intent) for entry in entries for text in entry.wordings}
    assert asked <= set(zip(rows["text"], rows["label"], strict=True))


def test_two_hundred_conversations_are_scripted_and_none_repeats_what_was_learned(
    entries: Sequence[Entry],
) -> None:
    rows = pd.read_csv(EXAMPLE.parent / "intents.csv")
    learned = {heard.units(text) for text in rows["text"]}
    ids = {entry.id for entry in entries}
    for language in SERVICE.languages:
        own = [script for script in SCRIPTS if script.language == language]
        assert len(own) == 100
        for script in own:
            assert (script.answer is None) != (script.hand_over is None)
            assert script.answer is None or script.answer in ids
            if script.answer:
                assert heard.units(script.messages[-1]) not in learned, script.messages


def test_by_words_alone_hardly_a_conversation_ends_in_a_wrong_answer(
    entries: Sequence[Entry], dialogue: Dialogue
) -> None:
    questions = {entry.id: entry.question for entry in entries}
    held = [conversations.hold(dialogue, script, questions) for script in SCRIPTS]
    found = conversations.shares(held)
    assert found["wrong"] <= 0.02
    assert found["right"] + found["right, asked back"] + found["handed over"] >= 0.8


def test_each_wording_of_the_file_is_answered_with_its_own_entry(
    entries: Sequence[Entry], dialogue: Dialogue
) -> None:
    from assay.applications.customer_service.turn import State

    for entry in entries:
        for wording in entry.wordings:
            turn, _ = dialogue.turn(wording, State())
            assert [quote.entry for quote in turn.quotes] == [entry.id], wording
            assert turn.reply == entry.answer


def person_wanted() -> list[Script]:
    return [script for script in SCRIPTS if script.hand_over == "asked_for_a_person"]


def test_most_wishes_for_a_person_are_heard_without_a_model(dialogue: Dialogue) -> None:
    held = [conversations.hold(dialogue, script, {}) for script in person_wanted()]
    assert sum(one.end == "handed over" for one in held) >= len(held) * 0.9

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service.rephrasing import Rephraser
from assay.applications.customer_service.settings import Rephrasing
from assay.applications.customer_service.turn import Quote
from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

QUOTE = Quote("a", "warm coffee", "garden music. station {question} river.", 0, 39)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> LanguageModel:
    folder = made.built_generator(checkpoint) / ModelPaths(made.MODEL).bundle
    return LanguageModel.open(folder, codec.read)


def test_a_quote_is_always_put_in_the_same_words(model: LanguageModel) -> None:
    rephraser = Rephraser(model, Rephrasing(model="m", max_tokens=20))
    assert rephraser.written(QUOTE) == rephraser.written(QUOTE)


def test_places_in_the_quote_are_no_places_of_the_prompt(model: LanguageModel) -> None:
    asked = Rephrasing(model="m", prompt="{answer}|{question}|", max_tokens=20)
    own = Rephrasing(model="m", prompt=f"{QUOTE.text}|{QUOTE.question}|{{answer}}", max_tokens=20)
    written = Rephraser(model, asked).written(QUOTE)
    assert written == Rephraser(model, own).written(Quote("a", "{question}", "", 0, 0))


def test_what_is_said_is_the_quote_unless_the_model_keeps_to_it(model: LanguageModel) -> None:
    found = Rephraser(model, Rephrasing(model="m", max_tokens=20)).said(QUOTE)
    assert found.text == QUOTE.text
    assert found.supported == 0

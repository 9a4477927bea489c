from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.tasks.text_generation import scored
from assay.tasks.text_generation.documents import Documents
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

CHARACTERS = codec.learned("characters", ["abc "], 300)
BYTES = codec.learned("bytes", ["abc "], 300)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> LanguageModel:
    return LanguageModel.open(
        made.built_generator(checkpoint) / ModelPaths(made.MODEL).bundle, codec.read
    )


def test_an_unknown_character_costs_as_if_drawn_from_all_there_are() -> None:
    texts = ["ab", "a汉bЖ", "", "xyz"]
    nats = [np.full(len(text) + 1, 0.5) for text in texts]
    paid = scored.losses(nats, Documents.of(texts, CHARACTERS)).nats
    assert math.log(0x110000) == scored.SURCHARGE
    plain = np.array([one.sum() for one in nats])
    np.testing.assert_allclose(paid - plain, np.array([0, 2, 0, 3]) * scored.SURCHARGE)
    assert [one.tolist() for one in nats] == [[0.5] * (len(text) + 1) for text in texts]


def test_where_nothing_is_unknown_nothing_is_added() -> None:
    nats = [np.array([0.5, 0.25, 1.0, 0.1])]
    (paid,) = scored.losses(nats, Documents.of(["汉"], BYTES)).nats
    assert paid == nats[0].sum()


def test_unknown_characters_are_told_once_there_are_any() -> None:
    assert scored.surcharge_note(Documents.of(["abc", "cab"], CHARACTERS)) == ""
    assert scored.surcharge_note(Documents.of(["abc", "汉"], BYTES)) == ""
    found = scored.surcharge_note(Documents.of(["a汉Ж", "x"], CHARACTERS))
    assert found.startswith("3 characters of the test split are unknown: each costs 13.92 nats")
    assert found.endswith("\n\n")


def test_scores_are_sums_of_what_the_bundle_says(model: LanguageModel) -> None:
    texts = ["coffee river", "", "menu 汉 hotel" * 9]
    scorer, documents = model.generator.scorer(), Documents.of(texts, model.tokenizer)
    found = scored.scores(scorer, documents, "scoring")
    sums = np.array([scorer.nats(ids).sum() for ids in documents.ended])
    unknown = np.array([0, 0, 9]) * scored.SURCHARGE
    np.testing.assert_allclose(found.losses.nats, sums + unknown)
    assert found.losses.tokens.tolist() == [len(text) + 1 for text in texts]
    assert found.losses.size.tolist() == [len(text.encode()) for text in texts]
    right = [int(one.likeliest.sum()) for one in scorer.all_scored(documents.ended)]
    assert found.right.tolist() == right
    assert sum(right) > 0

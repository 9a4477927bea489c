from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.modalities.text import codec
from assay.tasks.text_generation import baseline
from assay.tasks.text_generation.documents import Documents
from assay.tasks.text_generation.scored import SURCHARGE
from tests import made
from tests.objectives.generation.plain import PlainKneserNey

TEXTS = made.texts(60)["text"].tolist()
TRAIN, TEST = TEXTS[:40], TEXTS[40:]


@pytest.mark.parametrize("order", [1, 2, 4])
def test_it_is_the_smoothing_of_the_papers_over_the_same_tokens(order: int) -> None:
    coded = codec.learned("characters", TRAIN, 300)
    found = baseline.scores(TRAIN[:8], Documents.of(TEST[:2], coded), coded, order)
    plain = PlainKneserNey(coded.encode(TRAIN[:8]), coded.size, order, coded.end)
    for place, ids in enumerate(coded.encode(TEST[:2])):
        whole: tuple[Any, ...] = ("start", *ids, coded.end)
        nats = 0.0
        for at in range(1, len(whole)):
            context = whole[max(0, at - order + 1) : at]
            nats -= np.log(plain.probability(whole[at], context))
        assert found.nats[place] == pytest.approx(nats)
    assert found.tokens.tolist() == [len(text) + 1 for text in TEST[:2]]


def test_what_it_was_fitted_to_costs_less_and_longer_n_grams_help() -> None:
    coded = codec.learned("bytes", TRAIN, 300)
    test = Documents.of(TEST, coded)
    bits = {order: baseline.scores(TRAIN, test, coded, order).nats.sum() for order in (1, 2, 3)}
    assert bits[1] > bits[2] > bits[3]
    known = baseline.scores(TRAIN, Documents.of(TRAIN[:20], coded), coded, 3).nats.sum()
    assert known < 0.85 * bits[3]


def test_unknown_characters_are_paid_for_as_by_the_model() -> None:
    coded = codec.learned("characters", TRAIN, 300)
    test = Documents.of(["coffee ab", "coffee 汉Ж"], coded)
    plain, foreign = baseline.scores(TRAIN, test, coded, 2).nats
    assert foreign > plain + 1.9 * SURCHARGE


def test_its_name_says_what_it_is() -> None:
    assert baseline.name(5) == "interpolated Kneser-Ney, 5-grams"

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from assay.applications.customer_service import knowledge
from assay.applications.customer_service.confidence import calibrate, lowest, quantile
from assay.applications.customer_service.knowledge import Entry
from assay.applications.customer_service.retrieval import Retrieval
from assay.applications.customer_service.settings import Thresholds
from assay.errors import SourceRefused
from tests.applications.customer_service.test_settings import EXAMPLE

FILE = EXAMPLE.parent / "knowledge.csv"
EVEN = np.full(4, 0.25)


@pytest.fixture(scope="module")
def retrieval() -> Retrieval:
    entries = knowledge.read(FILE, ("en", "zh"))
    return Retrieval([entry for entry in entries if entry.language == "en"], None)


def test_no_more_than_the_share_of_held_out_messages_is_answered_wrongly(
    retrieval: Retrieval,
) -> None:
    answered = []
    for wrong in (0.01, 0.05, 0.2):
        found = calibrate(FILE, retrieval, Thresholds(wrong=wrong))
        assert found.held_out == 200
        assert found.wrong is not None
        assert found.wrong <= wrong
        answered.append(found.answered)
    assert answered == sorted(answered, key=lambda share: share or 0)
    assert answered[-1] != answered[0]


def test_the_same_file_gives_the_same_thresholds(retrieval: Retrieval) -> None:
    asked = Thresholds()
    assert calibrate(FILE, retrieval, asked) == calibrate(FILE, retrieval, asked)


def test_a_message_of_other_words_is_less_likely_in_scope(retrieval: Retrieval) -> None:
    found = calibrate(FILE, retrieval, Thresholds())
    inside = found.judge(retrieval.find("can I send the unopened tin back within 30 days"))
    outside = found.judge(retrieval.find("who won the football match"))
    assert retrieval.entries[inside.order[0]].id == "returns-en"
    assert inside.confidence > found.clarify > outside.in_scope


def test_too_few_wordings_need_thresholds_that_are_given() -> None:
    entries = [Entry(word, word, (word,), word, "en", None) for word in ("tea", "pot", "tin")]
    few = Retrieval(entries, None)
    with pytest.raises(SourceRefused, match=r"has 0 wordings \(en\)") as refused:
        calibrate(Path("k.csv"), few, Thresholds())
    assert "thresholds.answer" in refused.value.cure
    given = calibrate(Path("k.csv"), few, Thresholds(answer=0.7, clarify=0.3))
    assert (given.answer, given.clarify, given.held_out) == (0.7, 0.3, 0)
    judged = given.judge(few.find("pot"))
    assert (judged.order, judged.confidence) == ((1,), 1.0)
    assert given.judge(few.find("nothing")).order == ()


def test_the_lowest_threshold_keeps_the_risk() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    assert lowest(scores, right, EVEN, 0.2) == 0.8, "(0 + 1) / 5"
    assert lowest(scores, right, EVEN, 0.4) == 0.6, "(1 + 1) / 5"
    assert lowest(scores, right, EVEN, 0.1) == math.inf


def test_equal_scores_are_answered_together_or_not_at_all() -> None:
    scores = np.array([0.9, 0.7, 0.7, 0.7])
    right = np.array([True, True, False, False])
    assert lowest(scores, right, EVEN, 0.2) == 0.9


def test_the_quantile_is_that_of_split_conformal_prediction() -> None:
    scores = np.arange(1, 20) / 20
    assert quantile(scores, 0.05) == 0.05
    assert quantile(scores, 0.1) == 0.1
    assert quantile(scores[:5], 0.05) == 0.0

"""A challenger against the champion: who passes, who does not, and the figures behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.objectives.classification.champion_rules import against, fallen_slices
from assay.objectives.classification.metrics import Predictions
from assay.settings.release import Gate
from assay.tasks.text_classification.settings import TextClassificationModel

ROWS = 3000


def classifier(wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Predictions:
    """Return a classifier of two classes that is wrong on those rows."""
    truth = np.arange(len(wrong)) % 2
    likely = np.where(wrong, 1 - truth, truth)
    probabilities = np.full((len(wrong), 2), 0.1)
    probabilities[np.arange(len(wrong)), likely] = 0.9
    return Predictions(truth, probabilities, ("a", "b"))


def wrong_on(first: int, last: int, rows: int = ROWS) -> Predictions:
    place = np.arange(rows)
    return classifier((place >= first) & (place < last))


def named(rows: int, name: str) -> pd.Series[str]:
    """Return a slicing whose first rows bear that name."""
    return pd.Series([name] * rows + ["rest"] * (ROWS - rows))


def settings(**gate: object) -> TextClassificationModel:
    block = {"data": "text", "task": "classification", "labels": ["a", "b"]}
    return TextClassificationModel.model_validate(
        {**block, "gate": {"bootstrap": 200, **gate}, "evaluate": {"bootstrap": 100}}
    )


def test_one_that_is_as_good_passes_and_shows_its_figures() -> None:
    first, macro = against(wrong_on(0, 600), wrong_on(100, 700), 0.025, settings())
    assert first.passed and macro.passed
    figures = first.figures
    assert figures["difference"] == pytest.approx(0.0)
    assert (figures["only_challenger"], figures["only_champion"]) == (100, 100)
    assert figures["difference_low"] is not None and figures["difference_low"] < 0
    assert figures["mcnemar_p"] == 1.0
    assert figures["level"] == 0.025
    assert 0.9 < float(figures["power_if_equal"] or 0) <= 1


def test_one_that_is_worse_by_more_than_the_margin_does_not() -> None:
    first, macro = against(wrong_on(0, 700), wrong_on(0, 600), 0.025, settings())
    assert not first.passed
    assert first.figures["difference"] == pytest.approx(-100 / ROWS)
    assert not macro.passed


def test_the_error_that_a_look_may_spend_decides() -> None:
    pair = (wrong_on(0, 615), wrong_on(100, 700))
    rule = against(*pair, 0.5, settings())[0]
    p = float(rule.figures["p"] or 0)
    assert against(*pair, p, settings())[0].passed
    assert not against(*pair, p * 0.99, settings())[0].passed
    assert not against(*pair, 0.0, settings())[0].passed


def test_better_asks_for_more_than_as_good() -> None:
    asked = settings(policy="better", min_effect=0.01)
    assert not against(wrong_on(0, 600), wrong_on(100, 700), 0.025, asked)[0].passed
    assert against(wrong_on(0, 500), wrong_on(0, 600), 0.025, asked)[0].passed
    assert "better by 0.01" in against(wrong_on(0, 500), wrong_on(0, 600), 0.025, asked)[0].required


def test_a_slice_that_falls_is_named_whatever_the_whole_does() -> None:
    # Equal as a whole; one slice loses 30 rows of 200, another gains them.
    names = named(200, "news")
    challenger, champion = wrong_on(0, 30), wrong_on(2000, 2030)
    rule = fallen_slices(challenger, champion, {"domain": names}, Gate(slice_margin=0.05))
    assert not rule.passed
    assert "domain: news (200 rows) by 0.150" in rule.found
    assert (rule.figures["slices"], rule.figures["fallen"]) == (2, 1)


def test_a_small_slice_and_what_chance_explains_refuse_nothing() -> None:
    names = named(40, "tiny")
    rule = fallen_slices(wrong_on(0, 20), wrong_on(2000, 2020), {"domain": names}, Gate())
    assert rule.passed
    assert rule.figures["slices"] == 1
    names = named(60, "small")
    rule = fallen_slices(wrong_on(0, 4), wrong_on(2000, 2004), {"domain": names}, Gate())
    assert rule.passed

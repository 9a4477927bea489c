"""Drift of real texts, seen by a real classifier: found where it is, not where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from assay.gateways.fetching import mirrored
from assay.monitoring.drift import Drift, compare
from assay.monitoring.measures import outputs

if TYPE_CHECKING:
    from assay.monitoring.two_sample import FloatArray

REFERENCE, CURRENT = 1000, 500


def texts(relative: str) -> pd.DataFrame:
    path = mirrored(relative)
    if path is None:
        pytest.skip(f"ASSAY_MIRROR names no folder that holds {relative}")
    table = pd.read_csv(path, sep="\t", names=["text", "label"], quoting=3)
    return table.sample(frac=1, random_state=4).reset_index(drop=True)


class Classifier:
    """TF-IDF and logistic regression on half of the film reviews."""

    def __init__(self) -> None:
        table = texts("text/sst2/train.tsv")
        self.held_out = table.iloc[3000:]
        self.words = TfidfVectorizer(sublinear_tf=True)
        learned = table.iloc[:3000]
        self.model = LogisticRegression(C=4).fit(
            self.words.fit_transform(learned["text"]), learned["label"]
        )

    def measures(self, rows: pd.Series) -> dict[str, FloatArray]:
        likely = self.model.predict_proba(self.words.transform(rows))
        return {
            **outputs(likely, ("negative", "positive")),
            "characters": np.array([len(text) for text in rows], dtype=np.float64),
        }

    def against_reference(self, rows: pd.Series) -> Drift:
        return compare(
            self.measures(self.held_out["text"].iloc[:REFERENCE]),
            self.measures(rows),
            error=0.05,
            ticks_a_year=52,
        )


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def of_today(classifier: Classifier) -> pd.DataFrame:
    return classifier.held_out.iloc[REFERENCE:]


def test_other_rows_of_the_same_source_do_not_drift(classifier: Classifier) -> None:
    today = of_today(classifier)["text"]
    for first in range(0, 2000, CURRENT):
        assert not classifier.against_reference(today.iloc[first : first + CURRENT]).alarm


def test_another_class_mix_is_found_without_a_label(classifier: Classifier) -> None:
    today = of_today(classifier)
    negative, positive = (today[today["label"] == label]["text"] for label in (0, 1))
    mixed = pd.concat([negative[:375], positive[:125]])
    found = classifier.against_reference(mixed)
    assert found.alarm
    assert found.measures[0].name == "output: negative"


def test_reviews_cut_short_are_found(classifier: Classifier) -> None:
    today = of_today(classifier)["text"][:CURRENT]
    found = classifier.against_reference(today.str.slice(0, 80))
    alarms = {measure.name: measure.alarm for measure in found.measures}
    assert alarms["characters"]


def test_texts_of_another_kind_are_found_by_a_hundred_rows(classifier: Classifier) -> None:
    path = mirrored("text/banking77/train.csv")
    if path is None:
        pytest.skip("ASSAY_MIRROR holds no banking77")
    queries = pd.read_csv(path)["text"].sample(100, random_state=1)
    assert classifier.against_reference(queries).alarm

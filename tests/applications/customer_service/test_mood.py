from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service.mood import Moods
from assay.paths import ModelPaths
from assay.tasks.bundles import open_classifier
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.applications.customer_service.turn import Mood
    from assay.bundle.classifier import Classifier

pytestmark = pytest.mark.processor

LABELS: dict[str, Mood] = {"negative": "angry", "neutral": "neutral", "positive": "happy"}
CALM = [f"{subject} plain regular normal common usual" for subject in made.SUBJECTS]
ANGRY = "room awful poor rude slow ugly"


@pytest.fixture(scope="module")
def classifier(checkpoint: Path) -> Classifier:
    return open_classifier(made.built(checkpoint) / ModelPaths(made.MODEL).bundle)


@pytest.mark.parametrize(
    ("text", "mood"),
    [(ANGRY, "angry"), ("room plain regular usual", "neutral"), ("room warm kind great", "happy")],
)
def test_a_mood_is_what_the_models_label_stands_for(
    classifier: Classifier, text: str, mood: Mood
) -> None:
    found, probability = Moods(classifier, LABELS, CALM, 0.02).of(text)
    assert found == mood
    assert 0.5 < probability <= 1


def test_no_more_than_the_share_of_calm_texts_is_called_angry(classifier: Classifier) -> None:
    texts = made.texts(300, seed=4)["text"].tolist()
    for alarm in (0.02, 0.2):
        moods = Moods(classifier, LABELS, texts, alarm)
        found = [moods.of(text)[0] for text in texts]
        assert found.count("angry") <= alarm * len(texts)
        assert found.count("happy") <= alarm * len(texts)


def test_where_calm_texts_look_angry_only_more_is_anger(classifier: Classifier) -> None:
    assert Moods(classifier, LABELS, [ANGRY], 0.02).of(ANGRY)[0] != "angry"

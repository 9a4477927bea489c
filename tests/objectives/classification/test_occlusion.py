from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.modalities.text.units import occluded
from assay.objectives.classification import occlusion
from tests.tasks.text_classification.made import write_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


def test_a_weight_is_the_fall_of_the_log_odds_of_the_predicted_class() -> None:
    found = occlusion.weights(np.array([[0.1, 0.8, 0.1], [0.25, 0.5, 0.25], [0.05, 0.9, 0.05]]))
    assert found == pytest.approx([math.log(4), math.log(4 / 9)])


def test_certainty_has_a_finite_weight() -> None:
    found = occlusion.weights(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]))
    assert np.isfinite(found).all()
    assert found[0] > 100
    assert found[1] == 0


def test_an_input_without_parts_has_no_weights() -> None:
    assert occlusion.weights(np.array([[0.3, 0.7]])).shape == (0,)
    assert occlusion.strongest(np.zeros(0)) == []


def test_the_strongest_are_few_and_near_the_greatest() -> None:
    assert occlusion.strongest(np.array([0.0, -4.0, 0.1, 5.0, 1.0, 0.9])) == [1, 3, 4]
    assert occlusion.strongest(np.ones(9)) == [0, 1, 2, 3, 4]
    assert occlusion.strongest(np.zeros(3)) == []


def test_weights_are_the_logits_of_the_words_where_these_add_up(tmp_path: Path) -> None:
    words = {"great": (-1.0, 2.0), "not": (1.5, 0.0), "film": (0.25, 0.0)}
    write_bundle(tmp_path / "bundle", words)
    bundle = Classifier.open(tmp_path / "bundle", of_bundle, threads=1)
    texts = ["a great film", "not not", "film", "not a great great film at all"]
    pairs = [(text, occluded(text).contents) for text in texts]
    first, second, third, fourth = occlusion.explained(bundle, pairs)
    # Of the class that is predicted: positive, negative, negative, positive.
    assert first == pytest.approx([0, 3, -0.25], abs=1e-5)
    assert second == pytest.approx([1.5, 1.5], abs=1e-5)
    assert third == pytest.approx([0.25], abs=1e-5)
    assert fourth == pytest.approx([-1.5, 0, 3, 3, -0.25, 0, 0], abs=1e-5)
    assert occlusion.strongest(first) == [1]

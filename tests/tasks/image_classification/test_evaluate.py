from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.bundle.classifier import Classifier
from assay.errors import DataRefused
from assay.modalities.image.encoding import of_bundle
from assay.objectives.classification import metrics
from assay.tasks.image_classification import evaluate
from assay.tasks.image_classification.settings import ImageClassificationModel
from tests.tasks.image_classification.made import LABELS, png, shades, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


def settings(*slices: str) -> ImageClassificationModel:
    return ImageClassificationModel.model_validate(
        {
            "data": "image",
            "task": "classification",
            "labels": list(LABELS),
            "ingest": {"slices": list(slices)},
            "evaluate": {"bootstrap": 100},
        }
    )


def _predictions(bundle: Classifier, test: pd.DataFrame) -> metrics.Predictions:
    probabilities = bundle.predict(test["image"].tolist()).probabilities
    return metrics.predictions(test["label"].tolist(), probabilities, LABELS)


@pytest.fixture
def bundle(tmp_path: Path) -> Classifier:
    write_bundle(tmp_path / "bundle")
    return Classifier.open(tmp_path / "bundle", of_bundle, threads=1)


def test_rows_are_sliced_by_column_and_into_thirds_by_their_light() -> None:
    table = shades(90)
    found = evaluate.slices(table, settings("shop"))
    assert list(found) == ["shop", "brightness", "contrast"]
    assert set(found["shop"]) == {"east", "(none)"}
    for name in ("brightness", "contrast"):
        assert found[name].value_counts().tolist() == [30, 30, 30]
        assert list(found[name].cat.categories) == list(evaluate.THIRDS[name])
    dark = found["brightness"].eq("darkest third") & (np.arange(90) % 10 != 0)
    assert set(table["label"][dark]) == {"dark"}


def test_images_of_equal_brightness_are_in_one_slice() -> None:
    same = pd.DataFrame({"image": [png(np.full((5, 5), 77, np.uint8))] * 7})
    found = evaluate.slices(same, settings())
    assert found["brightness"].nunique() == 1
    assert found["contrast"].nunique() == 1


def test_a_slice_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataRefused, match="no column colour"):
        evaluate.slices(shades(5), settings("colour"))


def test_the_bundles_errors_are_drawn_and_its_robustness_told(
    bundle: Classifier, tmp_path: Path
) -> None:
    test = shades(80)
    predictions = _predictions(bundle, test)
    worst, robust = evaluate.extra_sections(bundle, test, predictions, settings())
    assert worst.name == "worst"
    assert worst.draw is not None
    worst.draw(tmp_path / "worst.png")
    assert (tmp_path / "worst.png").read_bytes().startswith(b"\x89PNG")
    assert robust.name == "robustness"
    assert robust.table is not None
    assert robust.table["accuracy"].iloc[0] == pytest.approx(predictions.correct.mean())


def test_a_bundle_that_never_errs_has_no_picture_of_errors(bundle: Classifier) -> None:
    test = shades(9, seed=4).iloc[1:]
    predictions = _predictions(bundle, test)
    assert predictions.correct.all()
    sections = evaluate.extra_sections(bundle, test, predictions, settings())
    assert [section.name for section in sections] == ["robustness"]


def test_large_errors_are_shown_small_and_keep_their_proportion(
    bundle: Classifier, tmp_path: Path
) -> None:
    tall = np.zeros((600, 150, 3), np.uint8)
    assert evaluate._small(tall).shape == (128, 32, 3)
    assert evaluate._small(tall[:20, :30]).shape == (20, 30, 3)


def test_a_row_is_shown_by_its_size() -> None:
    image = png(np.zeros((28, 20), np.uint8))
    shown = evaluate.show(pd.Series({"id": "a", "image": image}))
    assert shown == f"20 x 28 pixels, {len(image)} bytes"

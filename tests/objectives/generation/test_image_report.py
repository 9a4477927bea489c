from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import PIL.Image

from assay.objectives.generation import image_figures, image_report
from assay.objectives.generation.image_report import Measured, Picture
from tests.objectives.generation import images_made as made

if TYPE_CHECKING:
    from pathlib import Path

COMPARED = image_figures.compare(
    made.log_weights(3.0), made.log_weights(4.0, 3)[:, 0], made.DIMENSIONS, 200, 1
)


def test_the_lead_says_how_good_on_how_many_and_beside_what() -> None:
    lead = image_report.lead("image-generation", "fp32", COMPARED, "a model", made.MEASURED, 600)
    assert "On 60 of 600 test images that it never saw" in lead
    assert "**Better than the baseline.**" in lead
    assert "(a model)" in lead
    whole = image_report.lead("image-generation", "fp32", COMPARED, "a model", made.MEASURED, 60)
    assert "On 60 test images" in whole


def test_binarised_images_are_named_so() -> None:
    measured = Measured(5, 8, binarised=True, features="any", prior="any")
    assert "test images (binarised)" in image_report.lead("x", "fp32", COMPARED, "y", measured, 5)


def test_what_was_subsampled_is_said() -> None:
    words = image_report.figures(COMPARED.metrics(), 200, made.MEASURED).words
    assert "of 16 latents an image" in words
    assert "60 images evenly spread" in words
    far = image_report.distances(pd.DataFrame(), made.DRAWN, made.MEASURED).words
    assert "60 images from as many test images, in made-up features" in far
    assert "no FID" in far
    assert "0.500" in far


def test_a_picture_is_written_as_its_own_pixels(tmp_path: Path) -> None:
    images = np.zeros((4, 3, 5, 1), dtype=np.uint8)
    section = image_report.picture(Picture("walk", "A way", "Words.", images, 2), 3)
    assert (section.name, section.title) == ("walk", "A way")
    assert section.draw is not None
    section.draw(tmp_path / "walk.png")
    assert PIL.Image.open(tmp_path / "walk.png").size == (2 * 15 + 2, 2 * 9 + 2)


def test_a_name_of_data_is_escaped() -> None:
    words = image_report.baselines(pd.DataFrame(), "<b>*").words
    assert "<b>" not in words

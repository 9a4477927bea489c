from __future__ import annotations

from typing import TYPE_CHECKING

from bench import project, recognition
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_images_of_a_built_model_are_measured_beside_torch(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "IMAGES", made.MODEL)
    monkeypatch.chdir(made.built_images(checkpoint))
    text = recognition.measure(quick=True)
    for words in ("batch 1, 8 images", "whole file", recognition.EAGER, "100.00%"):
        assert words in text
    assert "An image costs" in text
    assert "costs 0 MFLOP" not in text
    accuracies = [
        line.split("|")[-2] for line in text.splitlines() if recognition.BUNDLE + " |" in line
    ]
    assert len(accuracies) == 2
    assert all(0.5 < float(accuracy) <= 1 for accuracy in accuracies)

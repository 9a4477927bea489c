from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from assay.bundle import manifest
from assay.errors import BundleRefused
from assay.modalities.image.encoding import ImageDecoder
from assay.modalities.text.encoding import TextEncoder
from assay.paths import ModelPaths
from assay.tasks.bundles import open_classifier
from tests import made
from tests.tasks.image_classification.made import LABELS, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy of a real bundle of texts, to be spoiled."""
    copy = tmp_path / "bundle"
    shutil.copytree(made.built(checkpoint) / ModelPaths(made.MODEL).bundle, copy)
    return copy


def test_each_bundle_gets_the_encoder_of_its_own_task(folder: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "shades", channels=3)
    texts, images = open_classifier(folder), open_classifier(tmp_path / "shades")
    assert isinstance(texts.encode, TextEncoder)
    assert isinstance(images.encode, ImageDecoder)
    assert images.encode.channels == 3
    assert (texts.labels, images.labels) == (made.LABELS, LABELS)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"data": "sound"}, "names a task that is not known here"),
        ({"task": "ranking"}, "names a task that is not known here"),
        ({"encoder": {}}, "does not say max_length"),
        ({"labels": ()}, "does not say labels"),
    ],
)
def test_a_manifest_that_does_not_fit_a_task_is_refused(
    folder: Path, change: dict[str, Any], found: str
) -> None:
    manifest.write(folder, manifest.read(folder).model_copy(update=change))
    with pytest.raises(BundleRefused, match=found) as refused:
        open_classifier(folder)
    assert refused.value.exit_code == 3

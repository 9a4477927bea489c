"""The files that come with models name only what those models have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assay.errors import SettingsError
from assay.modalities.image import transforms as image
from assay.modalities.text import transforms as text
from assay.objectives.classification.behaviour_names import require_known
from assay.settings import behaviour, reading
from assay.settings.classification import ClassificationModel
from assay.tasks.registry import KINDS
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection

MODELS: list[tuple[str, Any, Collection[str]]] = [
    ("opinions", "a text", text.TRANSFORMS),
    ("fashion", b"an image", image.TRANSFORMS),
]


def _labels(model: str) -> tuple[str, ...]:
    settings = reading.load_model(ROOT / "params.yaml", model, KINDS)
    assert isinstance(settings, ClassificationModel)
    return settings.labels


@pytest.mark.parametrize(("model", "row", "transforms"), MODELS)
def test_labels_transforms_and_inputs_of_each_file_are_known(
    model: str, row: Any, transforms: Collection[str]
) -> None:
    path = ROOT / f"expectations/{model}.behaviour.yaml"
    required = behaviour.read(path)
    require_known(required, _labels(model), [row], transforms, str(path))
    assert {one.name for one in required.transforms} == set(transforms)


@pytest.mark.parametrize(("model", "kinds"), [("opinions", 4), ("fashion", 1)])
def test_each_file_requires_something(model: str, kinds: int) -> None:
    required = behaviour.read(ROOT / f"expectations/{model}.behaviour.yaml")
    assert sum(bool(getattr(required, kind)) for kind in type(required).model_fields) == kinds


def test_the_file_of_texts_is_none_for_images() -> None:
    path = ROOT / "expectations/opinions.behaviour.yaml"
    with pytest.raises(SettingsError, match=r"must_pass\.0\.label"):
        require_known(behaviour.read(path), _labels("fashion"), [b"x"], image.TRANSFORMS, str(path))

from __future__ import annotations

import pytest

from assay.serving.contents import kinds
from assay.serving.refusals import BadRequest
from tests.serving.manifests import manifest


@pytest.mark.parametrize(
    ("data", "names"),
    [("text", ["text"]), ("image", ["image", "pixels"]), ("table", ["age", "income", "town"])],
)
def test_each_modality_has_its_inputs(data: str, names: list[str]) -> None:
    assert [port.name for port in kinds.of_bundle(manifest(data)).ports] == names


@pytest.mark.parametrize("data", ["text", "image"])
def test_a_generator_is_not_asked_for_labels(data: str) -> None:
    with pytest.raises(BadRequest, match="reviews is a model of generation: it labels nothing"):
        kinds.of_bundle(manifest(data, "generation"))

"""Golden rows are asked of the graph that is served, wherever it was made."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from assay.bundle import manifest, selftest, serving
from assay.bundle.classifier import Classifier
from assay.bundle.manifest import MODEL, Manifest
from assay.errors import BundleRefused
from assay.files import read_json
from assay.modalities.text.encoding import of_bundle
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.fixture
def bundle(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a bundle in int8."""
    return shutil.copytree(made.int8_bundle(checkpoint), tmp_path / "int8")


def _opened(folder: Path) -> Classifier:
    return Classifier.open(folder, of_bundle, threads=1)


def test_a_bundle_that_answers_as_it_was_measured_passes(bundle: Path) -> None:
    opened = _opened(bundle)
    assert 0 < selftest.require(bundle, opened) <= serving.allowed(opened.manifest)


def test_a_graph_with_other_weights_is_refused_where_it_was_made_too(bundle: Path) -> None:
    graph = onnx.load(bundle / MODEL)
    (head,) = (one for one in graph.graph.initializer if one.name.endswith("classifier.weight"))
    values = numpy_helper.to_array(head)
    head.CopyFrom(numpy_helper.from_array((values * 3).astype(np.float32), head.name))
    (bundle / MODEL).write_bytes(graph.SerializeToString(deterministic=True))
    stated = {k: v for k, v in read_json(bundle / manifest.MANIFEST).items() if k != "digest"}
    manifest.write(bundle, Manifest.model_validate(stated))
    with pytest.raises(BundleRefused, match="answers otherwise on this processor"):
        selftest.require(bundle, _opened(bundle))

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.session import Session
from tests.tasks.image_classification.made import write_bundle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle")
    return tmp_path / "bundle/model.onnx"


DARK = np.zeros((1, 5, 5, 1), np.uint8)


def test_a_graph_is_opened_from_its_path_or_its_bytes(graph: Path) -> None:
    from_path, from_bytes = Session(str(graph), 1), Session(graph.read_bytes(), 1)
    found = from_path.run({"pixels": DARK})
    assert found.shape == (1, 2)
    assert found[0, 0] > found[0, 1]
    np.testing.assert_array_equal(from_bytes.run({"pixels": DARK}), found)


def test_it_takes_its_own_inputs_of_what_it_is_fed(graph: Path) -> None:
    session = Session(str(graph), 1)
    assert session.inputs == ["pixels"]
    more = {"pixels": DARK, "attention_mask": np.ones((1, 5))}
    np.testing.assert_array_equal(session.run(more), session.run({"pixels": DARK}))
    with pytest.raises(KeyError, match="pixels"):
        session.run({})


def test_the_provider_is_the_one_that_runs(graph: Path) -> None:
    session = Session(str(graph), 1)
    assert session.provider == session.runtime.get_providers()[0]


def test_it_runs_on_as_many_threads_as_asked_for(graph: Path) -> None:
    for threads in (1, 2):
        options = Session(str(graph), threads).runtime.get_session_options()
        assert options.intra_op_num_threads == threads

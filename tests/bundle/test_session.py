from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from assay.bundle.session import AHEAD, Session
from tests.tasks.image_classification.made import write_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def test_a_batch_runs_on_one_thread(graph: Path) -> None:
    assert Session(str(graph), 2).runtime.get_session_options().intra_op_num_threads == 1
    more = Session(str(graph), 1, intra_op_threads=2)
    assert more.runtime.get_session_options().intra_op_num_threads == 2


def _doubling() -> bytes:
    """Return a graph that returns a number twice and four times."""
    sizes = [("number", ["rows"]), ("double", ["rows"]), ("fourfold", ["rows"])]
    number, double, fourfold = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in sizes
    )
    nodes = [
        helper.make_node("Add", ["number", "number"], ["double"]),
        helper.make_node("Add", ["double", "double"], ["fourfold"]),
    ]
    graph = helper.make_graph(nodes, "doubling", [number], [double, fourfold])
    opset = [helper.make_opsetid("", 20)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString())


def test_all_outputs_are_returned_and_may_be_fed_again() -> None:
    session = Session(_doubling(), 1)
    assert session.outputs == ["double", "fourfold"]
    feeds = {"number": np.array([1.0, 3.0], np.float32)}
    found = session.values({**feeds, "other": 1})
    assert {name: value.numpy().tolist() for name, value in found.items()} == {
        "double": [2.0, 6.0],
        "fourfold": [4.0, 12.0],
    }
    again = session.values({"number": found["fourfold"]})
    assert again["double"].numpy().tolist() == [8.0, 24.0]
    assert session.run(feeds).tolist() == [2.0, 6.0], "the first alone"
    assert session.run(feeds, "fourfold").tolist() == [4.0, 12.0]
    for count in (1, 3):
        answers = [output.tolist() for _, output in session.run_all([("", feeds)] * count)]
        assert answers == [[2.0, 6.0]] * count
        named = session.run_all([("", feeds)] * count, "fourfold")
        assert [output.tolist() for _, output in named] == [[4.0, 12.0]] * count


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_many_batches_are_answered_in_their_order(graph: Path, threads: int, count: int) -> None:
    session = Session(str(graph), threads)
    shades = np.linspace(0, 255, count).astype(np.uint8)
    # Of many sizes, so that later ones are done before earlier ones.
    batches = [
        (place, {"pixels": np.full((1 + 50 * (place % 3 == 0), 5, 5, 1), shade, np.uint8)})
        for place, shade in enumerate(shades)
    ]
    found = list(session.run_all(batches))
    assert [place for place, _ in found] == list(range(count))
    for (_, feeds), (_, output) in zip(batches, found, strict=True):
        np.testing.assert_array_equal(output, session.run(feeds))


def test_batches_are_made_when_their_turn_is_near(graph: Path) -> None:
    made = []

    def batches() -> Iterator[tuple[int, dict[str, Any]]]:
        for place in range(50):
            made.append(place)
            yield place, {"pixels": DARK}

    for threads in (1, 2):
        made.clear()
        for place, _ in Session(str(graph), threads).run_all(batches()):
            assert len(made) <= place + 1 + AHEAD * threads


def test_a_batch_that_fails_is_told(graph: Path) -> None:
    batches = [(0, {"pixels": DARK}), (1, {"pixels": DARK}), (2, {"other": DARK})]
    for threads in (1, 2):
        with pytest.raises(KeyError, match="pixels"):
            list(Session(str(graph), threads).run_all(batches))

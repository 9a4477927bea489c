"""Which shapes the ONNX graph is compared with the network on, by a network of one mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from assay.errors import ParityFailed
from assay.gateways.onnx.scaling import divided
from assay.objectives.classification.precision import Graphs
from assay.tasks.image_classification import parity

pytestmark = pytest.mark.processor

SIZE, CHANNELS = 6, 3


class Means(torch.nn.Module):
    """Logits are the mean of each channel; ``off`` is added for images of one shape."""

    def __init__(self, shape: tuple[int, int, int] | None = None, off: float = 0) -> None:
        super().__init__()
        self.shape, self.off = shape, off
        self.seen: list[torch.Tensor] = []

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        assert torch.is_inference_mode_enabled()
        self.seen.append(pixels)
        off = self.off if tuple(pixels.shape[:3]) == self.shape else 0.0
        return pixels.float().mean(dim=(1, 2)) / 255 + off


def graphs(temperature: float = 1.0) -> Graphs:
    """Return the same means in ONNX, divided by ``temperature``."""
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "sides"], ["means"], keepdims=0),
        helper.make_node("Div", ["means", "white"], ["logits"]),
    ]
    shape: list[str | int | None] = ["batch", "height", "width", CHANNELS]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CHANNELS])
    constants = {"sides": np.array([1, 2]), "white": np.array(255, np.float32)}
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    made = helper.make_graph(nodes, "means", [pixels], [output], initial)
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(made, opset_imports=opset, ir_version=10)
    content = divided(model.SerializeToString(), temperature)
    return Graphs(content, content, temperature)


def test_every_batch_size_meets_every_size_of_image(capsys: pytest.CaptureFixture[str]) -> None:
    model = Means()
    assert parity.grid(model, graphs(), SIZE, CHANNELS, 1) < 1e-5
    sizes = ((6, 6), (4, 6), (18, 13))
    assert [tuple(pixels.shape) for pixels in model.seen] == [
        (batch, *size, CHANNELS) for batch in (1, 2, 7, 32) for size in sizes
    ]
    shown = capsys.readouterr().err
    assert shown.startswith("parity ...")
    assert "32 x 18 x 13" in shown


def test_the_smallest_image_has_two_pixels_a_side() -> None:
    assert parity.sizes(1) == ((1, 1), (2, 1), (3, 3))


def test_images_are_drawn_from_their_shape_with_every_shade() -> None:
    first = parity.drawn(32, 18, 13, CHANNELS)
    assert first.dtype == np.uint8
    assert set(np.unique(first)) == set(range(256))
    assert np.array_equal(first, parity.drawn(32, 18, 13, CHANNELS))
    assert not np.array_equal(first[:7, :13], parity.drawn(7, 13, 13, CHANNELS))


@pytest.mark.parametrize("shape", [(1, 6, 6), (7, 4, 6), (32, 18, 13)])
def test_a_difference_in_one_shape_is_found(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ParityFailed, match=r"by 0\.25 in a logit"):
        parity.grid(Means(shape, -0.25), graphs(), SIZE, CHANNELS, 1)
    found = parity.grid(Means(shape, 5e-5), graphs(), SIZE, CHANNELS, 1)
    assert found == pytest.approx(5e-5, rel=0.2)


@pytest.mark.parametrize("temperature", [0.5, 4.0])
def test_the_temperature_divides_differences_too(temperature: float) -> None:
    shape = (7, 4, 6)
    found = parity.grid(Means(shape, 4e-5), graphs(temperature), SIZE, CHANNELS, 1)
    assert found == pytest.approx(4e-5 / temperature, rel=0.2)
    with pytest.raises(ParityFailed):
        parity.grid(Means(shape, 0.25), graphs(temperature), SIZE, CHANNELS, 1)

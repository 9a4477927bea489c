"""What tests read of an exported graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import numpy_helper

from assay.gateways.onnx.scaling import DIVISOR

if TYPE_CHECKING:
    import onnx


def temperature_of(model: onnx.ModelProto) -> float:
    """Return what the last node of a calibrated graph divides by."""
    node = model.graph.node[-1]
    assert node.op_type == "Div"
    assert list(node.output) == [model.graph.output[0].name]
    (found,) = (one for one in model.graph.initializer if one.name == node.input[1] == DIVISOR)
    return float(numpy_helper.to_array(found))

"""A graph whose first output is divided by a number: logits over a temperature.

Reads and writes nothing but what it is given.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

DIVISOR = "temperature"


def divided(content: bytes, divisor: float) -> bytes:
    """Return a graph's bytes with one more node behind its first output: Div by a constant.

    That output, float32, keeps its name and shape, the graph its other outputs and its metadata;
    equal content, equal bytes. Made after quantization, which leaves the product that gives the
    output in fp32.
    """
    model = onnx.load_from_string(content)
    output = model.graph.output[0]
    whole = f"{output.name}/undivided"
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [whole if name == output.name else name for name in names]
    model.graph.initializer.append(
        numpy_helper.from_array(np.array(divisor, dtype=np.float32), DIVISOR)
    )
    model.graph.node.append(
        helper.make_node("Div", [whole, DIVISOR], [output.name], name=output.name)
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))

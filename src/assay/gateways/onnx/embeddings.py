"""int8 tables of embeddings with a scale a row: a quarter of the bytes, and exact on any processor.

Reads and writes nothing but what it is given. A row w_i of a table that is looked up becomes

    t_i = max_k |w_ik| / 127,    v_ik = round(w_ik / t_i)    int8, found now
    w_ik = t_i v_ik                                          at run time

No integer products are summed, so that all eight bits can be used. For networks that are mostly
tables: where most of the work is in products, see :mod:`assay.gateways.onnx.dynamic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

LARGEST = 127
# Of a row that is zero throughout, so that nothing is divided by zero.
SMALLEST_MAXIMUM = 1e-12


def quantize_embeddings(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with the constant tables that it looks rows up in as int8."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    # Notes on shapes of tensors that are gone would be refused.
    del found.graph.value_info[:]
    tables = {one.name: one for one in found.graph.initializer}
    small: dict[str, list[onnx.TensorProto]] = {}
    nodes: list[onnx.NodeProto] = []
    for node in found.graph.node:
        if _looks_up(node, tables):
            name = node.input[0]
            small.setdefault(name, _quantized(name, numpy_helper.to_array(tables[name])))
            nodes += _scaled(node)
        else:
            nodes.append(node)
    del found.graph.node[:]
    found.graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    kept = [one for one in found.graph.initializer if one.name in read]
    del found.graph.initializer[:]
    found.graph.initializer.extend([*kept, *(one for parts in small.values() for one in parts)])
    onnx.checker.check_model(found, full_check=True)
    return found


def _looks_up(node: onnx.NodeProto, tables: dict[str, onnx.TensorProto]) -> bool:
    """Tell whether a node takes rows of a constant table of fp32."""
    if node.op_type != "Gather" or node.input[0] not in tables:
        return False
    table = tables[node.input[0]]
    axis = {one.name: one.i for one in node.attribute}.get("axis", 0)
    return table.data_type == TensorProto.FLOAT and len(table.dims) == 2 and axis == 0


def _quantized(name: str, table: Array) -> list[onnx.TensorProto]:
    """Return a table (rows, width) as int8, and its scales (rows, 1)."""
    steps = np.maximum(np.abs(table).max(axis=1, keepdims=True), SMALLEST_MAXIMUM) / LARGEST
    whole = np.round(table / steps).astype(np.int8)
    return [
        numpy_helper.from_array(whole, f"{name}/int8"),
        numpy_helper.from_array(steps.astype(np.float32), f"{name}/steps"),
    ]


def _scaled(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Return the nodes that look up int8 rows and their scales, and multiply them."""
    (name, rows), (own,) = node.input, node.output
    whole, steps = f"{own}/whole", f"{own}/steps"
    cast = helper.make_node("Cast", [f"{own}/int8"], [whole], name=whole, to=TensorProto.FLOAT)
    return [
        _made("Gather", [f"{name}/int8", rows], f"{own}/int8"),
        cast,
        _made("Gather", [f"{name}/steps", rows], steps),
        _made("Mul", [whole, steps], own),
    ]


def _made(operator: str, inputs: list[str], output: str) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], name=output)

"""int8 products whose activations have a scale a row: exact on every processor, a row by itself.

Reads and writes nothing but what it is given. A product Y = X W of fp32 activations x_ik and
constant weights w_kj becomes, with one scale a row and one a column,

    s_i = max_k |x_ik| / 127,    q_ik = 128 + round(x_ik / s_i)    uint8, found at run time
    t_j = max_k |w_kj| / 63,     v_kj = round(w_kj / t_j)          int8 of seven bits, found now
    y_ij = s_i t_j sum_k (q_ik - 128) v_kj                         the sum in int32

(vector-wise quantization: Dettmers et al., "LLM.int8()", NeurIPS 2022). No row's answer depends on
the rows beside it, as it does under onnxruntime's ``DynamicQuantizeLinear``, which finds one scale
for a whole batch. Weights have seven bits because of AVX2: without VNNI, its instruction adds two
products of uint8 and int8 in 16 bits and saturates, and 2 * 255 * 63 is less than 2^15. So the sum
is the same integer on every processor.

The sum, the columns' steps and the rows' scales are one operator of onnxruntime,
``com.microsoft.MatMulIntegerToFloat``. It gets no bias, which it would add before a row's scale.
(Nor is the product left to onnxruntime's own fusion of MatMulInteger, Cast, Mul and Add: with a
scale a row, what version 1.31 makes of them answers wrongly.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    Array = np.ndarray[Any, Any]

LARGEST_ACTIVATION, ZERO = 127, 128
LARGEST_WEIGHT = 63
# Of a row that is zero throughout, so that nothing is divided by zero.
SMALLEST_MAXIMUM = 1e-12
# The domain of onnxruntime's own operators, and its version.
DOMAIN, VERSION = "com.microsoft", 1
# A Gemm's options under which it is a product and a bias.
PLAIN = {"alpha": 1.0, "beta": 1.0, "transA": 0}


def quantize_dynamic(model: onnx.ModelProto, kept: Collection[str] = ()) -> onnx.ModelProto:
    """Return the graph with its products by constant weights in int8.

    What stays fp32: products of two activations (attention), embeddings, which are looked up, and
    the product that gives the graph's output, which is small and decides; and the products that
    ``kept`` names by their outputs.
    """
    found = onnx.ModelProto()
    found.CopyFrom(model)
    # Notes on shapes of tensors that are gone would be refused.
    del found.graph.value_info[:]
    rewriting = _Rewriting(found)
    nodes = [
        made
        for node in found.graph.node
        for made in ([node] if node.output[0] in kept else rewriting.rewritten(node))
    ]
    del found.graph.node[:]
    found.graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    left = [one for one in [*found.graph.initializer, *rewriting.constants] if one.name in read]
    del found.graph.initializer[:]
    found.graph.initializer.extend(left)
    found.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    onnx.checker.check_model(found, full_check=True)
    return found


def product_weights(model: onnx.ModelProto) -> Iterator[tuple[str, Array]]:
    """Yield the output's name and the weights (inputs, outputs) of each product to quantize."""
    rewriting = _Rewriting(model)
    for node in model.graph.node:
        weights = rewriting.weights_to_quantize(node)
        if weights is not None:
            yield node.output[0], weights


class _Rewriting:
    """The nodes of one graph, rewritten one by one; ``constants`` are the new ones they read."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._weights = {one.name: one for one in model.graph.initializer}
        self._outputs = {one.name for one in model.graph.output}
        self._quantized: dict[str, tuple[str, str]] = {}
        numbers: Mapping[str, Any] = {
            "last_axis": np.array([-1], dtype=np.int64),
            "smallest_maximum": np.float32(SMALLEST_MAXIMUM),
            "activation_step": np.float32(1 / LARGEST_ACTIVATION),
            "largest_activation": np.float32(LARGEST_ACTIVATION),
            "one": np.float32(1),
            "zero_point": np.uint8(ZERO),
        }
        self.constants = [_constant(f"int8/{name}", value) for name, value in numbers.items()]

    def rewritten(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        """Return the nodes that stand for ``node``: itself, unless it is a product to quantize."""
        weights = self.weights_to_quantize(node)
        if weights is None:
            return [node]
        nodes: list[onnx.NodeProto] = []
        quantized, scale = self._activations(node.input[0], nodes)
        steps = np.maximum(np.abs(weights).max(axis=0), SMALLEST_MAXIMUM) / LARGEST_WEIGHT
        whole = np.round(weights / steps).astype(np.int8)
        own = node.output[0]
        self.constants += [
            _constant(f"{own}/weights", whole),
            _constant(f"{own}/weight_steps", steps.astype(np.float32)),
        ]
        inputs = [quantized, f"{own}/weights", scale, f"{own}/weight_steps", "int8/zero_point"]
        # A Gemm adds its third input, the bias.
        bias = list(node.input[2:3])
        result = f"{own}/product" if bias else own
        nodes.append(_node("MatMulIntegerToFloat", inputs, result, domain=DOMAIN))
        if bias:
            nodes.append(_node("Add", [result, *bias], own))
        return nodes

    def weights_to_quantize(self, node: onnx.NodeProto) -> Array | None:
        """Return a product's constant weights (inputs, outputs); None: the node stays as it is."""
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in self._weights:
            return None
        if self._outputs & set(node.output):
            return None
        weights = numpy_helper.to_array(self._weights[node.input[1]])
        options = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        transposed = options.pop("transB", 0)
        if weights.ndim != 2 or any(value != PLAIN[name] for name, value in options.items()):
            return None
        return weights.T if transposed else weights

    def _activations(self, name: str, nodes: list[onnx.NodeProto]) -> tuple[str, str]:
        """Return the names of a tensor's uint8 form and of its rows' scales, made once."""
        if name not in self._quantized:
            maximum, positive = f"{name}/maximum", f"{name}/positive"
            scale, inverse, scaled = f"{name}/step", f"{name}/inverse", f"{name}/scaled"
            nodes += [
                _node("Abs", [name], f"{name}/abs"),
                _node("ReduceMax", [f"{name}/abs", "int8/last_axis"], maximum, keepdims=1),
                _node("Max", [maximum, "int8/smallest_maximum"], positive),
                _node("Mul", [positive, "int8/activation_step"], scale),
                # Of each row once: a product with the whole tensor costs less than a quotient.
                _node("Div", ["int8/largest_activation", positive], inverse),
                _node("Mul", [name, inverse], scaled),
                _node("QuantizeLinear", [scaled, "int8/one", "int8/zero_point"], f"{name}/uint8"),
            ]
            self._quantized[name] = (f"{name}/uint8", scale)
        return self._quantized[name]


def _node(operator: str, inputs: list[str], output: str, **options: Any) -> onnx.NodeProto:
    return helper.make_node(operator, inputs, [output], name=output, **options)


def _constant(name: str, value: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)

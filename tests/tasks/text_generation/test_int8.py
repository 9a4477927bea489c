from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import onnx
import pytest
import torch

from assay.gateways import onnx as gateway
from assay.tasks.text_generation import graph as graphs
from assay.tasks.text_generation import int8
from assay.tasks.text_generation.compared import Compared, Exported
from assay.tasks.text_generation.layers import Block
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.tasks.text_generation.int8 import Quantized
    from assay.tasks.text_generation.network import Decoder

pytestmark = pytest.mark.processor

LAYERS = 14  # seven of each of the decoder's two blocks
OUTLIER, SIZE = 7, 3000.0
COMPARED = Compared([made.ids(made.TEXT[:200])], 200, end=0, context=made.CONTEXT)


@functools.cache
def _decoder() -> Decoder:
    """Return the decoder, one of whose numbers is many times the others, and reads as before.

    It is what the second block's queries, keys and values are given.
    """
    model = copy.deepcopy(made.decoder())
    block = model.blocks[1]
    assert isinstance(block, Block)
    with torch.no_grad():
        block.attention_norm.weight[OUTLIER] *= SIZE
        for layer in (block.attention.queries, block.attention.keys, block.attention.values):
            layer.weight[:, OUTLIER] /= SIZE
    return model


@functools.cache
def _graph() -> onnx.ModelProto:
    return graphs.graph(_decoder())


def _quantized(accepts: Callable[[float], bool]) -> Quantized:
    return int8.quantized(_decoder(), _graph(), {}, COMPARED, threads=1, accepts=accepts)


def _int8(found: Quantized) -> int:
    operators = [node.op_type for node in onnx.load_from_string(found.graph.content).graph.node]
    return operators.count("MatMulIntegerToFloat")


@functools.cache
def _fp32() -> Exported:
    return Exported.measured(gateway.serialize(_graph(), {}), COMPARED, 1)


def test_where_the_whole_is_accepted_every_layer_is_int8() -> None:
    found = _quantized(lambda _: True)
    assert (found.kept, _int8(found)) == (0, LAYERS)
    assert found.graph.content == gateway.serialize(gateway.quantize_dynamic(_graph()), {})
    assert found.graph.bits > 1.05 * _fp32().bits, "the outlier costs too much"


def test_the_most_sensitive_layers_stay_in_fp32_until_the_bits_are_accepted() -> None:
    most = 1.01 * _fp32().bits
    found = _quantized(lambda bits: bits <= most)
    assert found.graph.bits <= most
    # A quarter of the layers: three of them have the outlier, which one and two are too few for.
    assert (found.kept, found.layers, _int8(found)) == (4, LAYERS, LAYERS - 4)
    left = [
        node.output[0]
        for node in onnx.load_from_string(found.graph.content).graph.node
        if node.op_type == "MatMul"
    ]
    assert set(int8.ranked(_decoder(), _graph(), COMPARED)[:4]) <= set(left)


def test_where_nothing_is_accepted_half_of_the_layers_stay(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = _quantized(lambda _: False)
    tried = [line for line in capsys.readouterr().err.splitlines() if "linear layers" in line]
    assert len(tried) == 4, "one, two, four and seven of fourteen: no number twice"
    assert (found.kept, _int8(found)) == (LAYERS // 2, LAYERS // 2)


def test_every_layer_is_found_in_the_graph() -> None:
    """The graph names outputs in the order of the layers: queries, keys, values, and so on."""
    names = [name for name, _ in gateway.product_weights(_graph())]
    order = int8.ranked(_decoder(), _graph(), COMPARED)
    assert sorted(order) == sorted(names)
    assert len(order) == LAYERS
    # Of the second block, whose first three products are given the outlier.
    assert set(order[:3]) <= set(names[7:10])


def test_the_same_graph_and_rows_give_the_same_bytes() -> None:
    first, second = (_quantized(lambda _: False) for _ in range(2))
    assert first.graph.content == second.graph.content

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

PRODUCTS = 14  # seven of each of the decoder's two blocks
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


def _quantized(enough: Callable[[float], bool]) -> Quantized:
    return int8.quantized(_decoder(), _graph(), {}, COMPARED, threads=1, enough=enough)


def _int8(found: Quantized) -> int:
    operators = [node.op_type for node in onnx.load_from_string(found.graph.content).graph.node]
    return operators.count("MatMulIntegerToFloat")


@functools.cache
def _fp32() -> Exported:
    return Exported.measured(gateway.serialize(_graph(), {}), COMPARED, 1)


def test_where_the_whole_is_enough_every_product_is_int8() -> None:
    found = _quantized(lambda _: True)
    assert (found.kept, _int8(found)) == (0, PRODUCTS)
    assert found.graph.content == gateway.serialize(gateway.quantize_dynamic(_graph()), {})
    assert found.graph.bits > 1.05 * _fp32().bits, "the outlier costs too much"


def test_what_loses_most_stays_in_fp32_until_it_is_enough() -> None:
    most = 1.01 * _fp32().bits
    found = _quantized(lambda bits: bits <= most)
    assert found.graph.bits <= most
    # A quarter of the products, the third share that is tried: three of them have the outlier.
    assert (found.kept, found.products, _int8(found)) == (4, PRODUCTS, PRODUCTS - 4)
    left = [
        node.output[0]
        for node in onnx.load_from_string(found.graph.content).graph.node
        if node.op_type == "MatMul"
    ]
    assert set(int8.ranked(_decoder(), _graph(), COMPARED)[:4]) <= set(left)


def test_where_nothing_is_enough_half_of_the_products_stay() -> None:
    found = _quantized(lambda _: False)
    assert (found.kept, _int8(found)) == (PRODUCTS // 2, PRODUCTS // 2)


def test_every_product_has_its_own_layers_place() -> None:
    """The graph names outputs in the order of the layers: queries, keys, values, and so on."""
    names = [name for name, _ in gateway.product_weights(_graph())]
    order = int8.ranked(_decoder(), _graph(), COMPARED)
    assert sorted(order) == sorted(names)
    assert len(order) == PRODUCTS
    # Of the second block, whose first three products are given the outlier.
    assert set(order[:3]) <= set(names[7:10])


def test_the_same_graph_and_rows_give_the_same_bytes() -> None:
    first, second = (_quantized(lambda _: False) for _ in range(2))
    assert first.graph.content == second.graph.content

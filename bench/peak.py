"""The machine's own limit: operations a second of a plain matrix product, and what a network asks.

Reads a checkpoint's ``config.json``. Writes nothing. What a loop or a graph reaches of this limit
says how much a better kernel could still bring; the rest must come from doing less.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import torch

from assay.files import read_json
from bench.measure import number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZES = (1024, 2048)
# Of each size, after one to warm up.
PRODUCTS = 7
GIGA = 1e9
# A training step: forwards once, and backwards to inputs and to weights.
FORWARD, TRAINING = 1, 3
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
INT8 = "int8"


@dataclass(frozen=True)
class Peak:
    """What products of square matrices reach, in operations a second."""

    precision: str
    threads: int
    operations: float

    @classmethod
    def measured(cls, precision: str, threads: int) -> Peak:
        """Measure products in torch, of int8 in onnxruntime; the best size's median counts."""
        torch.set_num_threads(threads)
        products = (
            _of_integers(size, threads) if precision == INT8 else _of_floats(size, TYPES[precision])
            for size in SIZES
        )
        found = (_rate(size, product) for size, product in zip(SIZES, products, strict=True))
        return cls(precision, threads, max(found))

    def share(self, operations: float) -> float:
        """Return per cent of the peak."""
        return 100 * operations / self.operations

    def __str__(self) -> str:
        return (
            f"{number(self.operations / GIGA)} GFLOP/s in {self.precision}, the median of "
            f"{PRODUCTS} products of {' or '.join(map(str, SIZES))} squared on {self.threads} "
            "threads"
        )


def operations_a_token(checkpoint: Path) -> int:
    """Return the operations of BERT's layers for one token, forwards.

    Two for each weight; embeddings are looked up, and attention between tokens is left out: for
    short texts it is little.
    """
    config = read_json(checkpoint / "config.json")
    width, inner = config["hidden_size"], config["intermediate_size"]
    weights = 4 * width * width + 2 * width * inner
    return int(2 * config["num_hidden_layers"] * weights)


def _of_floats(size: int, kind: torch.dtype) -> Callable[[], object]:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(size, size, generator=generator).to(kind) for _ in range(2))
    return lambda: left @ right


def _of_integers(size: int, threads: int) -> Callable[[], object]:
    """Return a product of 8-bit integers, summed in 32 bits, by the engine that serves them."""
    random = np.random.default_rng(0)
    weights = random.integers(-64, 64, (size, size), dtype=np.int8)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMulInteger", ["left", "right"], ["product"])],
        "product",
        [onnx.helper.make_tensor_value_info("left", onnx.TensorProto.UINT8, (size, size))],
        [onnx.helper.make_tensor_value_info("product", onnx.TensorProto.INT32, (size, size))],
        [onnx.numpy_helper.from_array(weights, "right")],
    )
    opsets = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    left = random.integers(0, 128, (size, size), dtype=np.uint8)
    return lambda: session.run(None, {"left": left})


def _rate(size: int, multiply: Callable[[], object]) -> float:
    seconds = []
    for _ in range(PRODUCTS + 1):
        started = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[1:])

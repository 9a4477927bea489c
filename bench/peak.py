"""The machine's own limit: operations a second of a plain matrix product, and what a network asks.

Reads a checkpoint's ``config.json``. Writes nothing. What a loop or a graph reaches of this limit
says how much a better kernel could still bring; the rest must come from doing less.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import torch

from assay.files import read_json
from bench.measure import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SIZES = (1024, 2048)
# Of each size, after one to warm up.
PRODUCTS = 7
GIGA = 1e9
# A training step: forwards once, and backwards to inputs and to weights.
FORWARD, TRAINING = 1, 3
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Peak:
    """What products of square matrices reach, in operations a second."""

    precision: str
    threads: int
    operations: float

    @classmethod
    def measured(cls, precision: str, threads: int) -> Peak:
        """Measure products of both sizes by each library that has them; the best median counts.

        Of fp32 there are two: MKL, behind torch, does without AVX-512 on processors that are not
        Intel's.
        """
        torch.set_num_threads(threads)
        found = (
            _rate(size, product(size, precision, threads))
            for product in PRODUCTS_OF[precision]
            for size in SIZES
        )
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


@dataclass(frozen=True)
class Shares:
    """What each contender reaches of the machine's own peak, in the precision that it computes in.

    Attributes:
        peaks: of each contender.
        operations: that one unit of the work costs, such as a token or an image.

    """

    peaks: Mapping[str, Peak]
    operations: int

    @classmethod
    def measured(cls, precisions: Mapping[str, str], threads: int, operations: int) -> Shares:
        """Measure the peak of each precision once; ``precisions`` are those of the contenders."""
        found = {name: Peak.measured(name, threads) for name in dict.fromkeys(precisions.values())}
        return cls({name: found[one] for name, one in precisions.items()}, operations)

    def share(self, name: str, rate: float) -> float:
        """Return per cent of a contender's peak at ``rate`` units a second."""
        return self.peaks[name].share(rate * self.operations)

    def __str__(self) -> str:
        reached = "; ".join(dict.fromkeys(map(str, self.peaks.values())))
        return f"A plain matrix product reaches {reached}."


def operations_a_token(checkpoint: Path) -> int:
    """Return the operations of BERT's layers for one token, forwards.

    Two for each weight; embeddings are looked up, and attention between tokens is left out: for
    short texts it is little.
    """
    config = read_json(checkpoint / "config.json")
    width, inner = config["hidden_size"], config["intermediate_size"]
    weights = 4 * width * width + 2 * width * inner
    return int(2 * config["num_hidden_layers"] * weights)


def _by_torch(size: int, precision: str, _threads: int) -> Callable[[], object]:
    generator = torch.Generator().manual_seed(0)
    left, right = (
        torch.randn(size, size, generator=generator).to(TYPES[precision]) for _ in range(2)
    )
    return lambda: left @ right


def _by_onnxruntime(size: int, precision: str, threads: int) -> Callable[[], object]:
    """Return a product of fp32, or of 8-bit integers that are summed in 32 bits."""
    random = np.random.default_rng(0)
    kinds = onnx.TensorProto
    left: np.ndarray[Any, Any]
    right: np.ndarray[Any, Any]
    if precision == "int8":
        operator, kind, result = "MatMulInteger", kinds.UINT8, kinds.INT32
        left = random.integers(0, 128, (size, size), dtype=np.uint8)
        right = random.integers(-64, 64, (size, size), dtype=np.int8)
    else:
        operator, kind, result = "MatMul", kinds.FLOAT, kinds.FLOAT
        left, right = (random.random((size, size), dtype=np.float32) for _ in range(2))
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, ["left", "right"], ["product"])],
        "product",
        [onnx.helper.make_tensor_value_info("left", kind, (size, size))],
        [onnx.helper.make_tensor_value_info("product", result, (size, size))],
        [onnx.numpy_helper.from_array(right, "right")],
    )
    opsets = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"left": left})


# The libraries that multiply matrices of each precision.
PRODUCTS_OF = {
    "fp32": (_by_torch, _by_onnxruntime),
    "bf16": (_by_torch,),
    "int8": (_by_onnxruntime,),
}


def _rate(size: int, multiply: Callable[[], object]) -> float:
    seconds = []
    for _ in range(PRODUCTS + 1):
        started = time.perf_counter()
        multiply()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[1:])

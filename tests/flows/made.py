"""The `evaluate` stage of the small project: makes what the registry asks for, at once.

Stays under way while the file `hold-MODEL` is there; a run of `crashing` fails without a refusal.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from assay import artifacts, bundle
from assay.progress import say
from assay.stages import __main__ as stage


def network() -> onnx.ModelProto:
    """Return two logits of the number of tokens."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    weights = np.array([[1.0, -1.0]], dtype=np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
            helper.make_node("Cast", ["kept"], ["real"], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", ["real", "axis"], ["sum"], keepdims=1),
            helper.make_node("MatMul", ["sum", "weights"], ["logits"]),
        ],
        "tiny",
        inputs,
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def main(model: str) -> None:
    """Write splits, checkpoint, bundle and metrics of one model."""
    stage._die_with_parent()
    files = artifacts.Artifacts(model)
    say(f"evaluating {model}")
    if model == "crashing":
        raise ValueError("the loss is not a number")
    Path(f"{model}.pid").write_text(str(os.getpid()))
    while Path(f"hold-{model}").exists():
        time.sleep(0.1)
    for split in artifacts.SPLITS:
        files.splits.mkdir(parents=True, exist_ok=True)
        pd.read_parquet(files.raw).to_parquet(files.split(split))
    files.checkpoint.mkdir(parents=True)
    (files.checkpoint / "model.safetensors").write_bytes(model.encode())
    files.bundle.mkdir(parents=True)
    onnx.save(network(), files.bundle / "model.onnx")
    bundle.write_manifest(files.bundle, {})
    artifacts.write_json(
        files.metrics,
        {
            "rows": 2,
            "model": {"accuracy": 0.75, "macro_f1": 0.5, "confusion": [[1, 0], [1, 0]]},
            "baseline": {"accuracy": 0.5},
            "intervals": {"accuracy": [0.25, 1.0]},
        },
    )
    artifacts.write_text(files.data_docs / "index.html", "<h1>Data Docs</h1>")
    say(f"{model}: accuracy 0.75")


if __name__ == "__main__":
    main(sys.argv[1])

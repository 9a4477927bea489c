"""The `evaluate` stage of the small project: makes what the registry asks for, at once.

Stays under way while the file `hold-MODEL` is there. A run of `crashing` fails without a refusal,
one of `diverging` as a training does whose loss is no number.
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
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from assay import processor, records
from assay.bundle import manifest, writing
from assay.bundle.manifest import Manifest, Port
from assay.errors import AssayError, Diverged
from assay.files import sha256, write_json, write_text
from assay.paths import SPLITS, ModelPaths
from assay.progress import say
from assay.records import Candidate, Evaluation, Metric, Parity
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


def write_bundle(files: ModelPaths) -> None:
    """Write a bundle that anyone may open."""
    folder = files.bundle
    folder.mkdir(parents=True)
    onnx.save(network(), folder / manifest.MODEL)
    words = WordLevel({"fine": 0, "poor": 1, "[UNK]": 2}, unk_token="[UNK]")  # noqa: S106
    Tokenizer(words).save(str(folder / "tokenizer.json"))
    shape = ("batch", "length")
    stated = Manifest(
        model=files.model,
        data="text",
        task="classification",
        labels=("good", "bad"),
        precision="fp32",
        inputs=tuple(
            Port(name=name, type="int64", shape=shape, example=(1, 1))
            for name in ("input_ids", "attention_mask")
        ),
        outputs=(Port(name="logits", type="float32", shape=("batch", 2), example=(1, 2)),),
        encoder={"max_length": 8},
        made_from={"weights": sha256(files.checkpoint)},
        processor=processor.processor_class(),
        versions=writing.versions(),
    )
    manifest.write(folder, stated)


def write_reports(files: ModelPaths) -> None:
    """Write metrics, parity and Data Docs."""
    accuracy = Metric(
        name="accuracy", title="accuracy", value=0.75, low=0.25, high=1.0, baseline=0.5
    )
    macro_f1 = Metric(name="macro_f1", title="macro F1", value=0.5)
    undefined = Metric(name="roc_auc", title="ROC-AUC", value=None)
    records.write(
        files.metrics,
        Evaluation(
            data="text",
            task="classification",
            rows=2,
            precision="fp32",
            baseline="a guess",
            better="neither",
            metrics=(accuracy, macro_f1, undefined),
        ),
    )
    candidate = Candidate(score=0.5, megabytes=0.1)
    records.write(
        files.parity,
        Parity(
            metric="macro F1",
            fp32=candidate,
            int8=candidate,
            score_drop=0.0,
            same_prediction_int8=1.0,
            validation_rows=2,
            validation_max_abs_diff=0.0,
            grid_max_abs_diff=0.0,
            neighbours_max_abs_diff=0.0,
            temperature=1.0,
            precision="fp32",
            reason="as the test asks",
        ),
    )
    write_text(files.data_docs / "index.html", "<h1>Data Docs</h1>")


def refuse(files: ModelPaths, problem: AssayError) -> None:
    """End as a stage does that refuses."""
    write_json(files.refusal("evaluate"), problem.as_dict())
    sys.exit(problem.exit_code)


def main(model: str) -> None:
    """Write splits, checkpoint, bundle and metrics of one model."""
    stage._die_with_parent()
    files = ModelPaths(model)
    say(f"evaluating {model}")
    if model == "crashing":
        raise ValueError("the model crashes")
    if model == "diverging":
        refuse(files, Diverged("the loss became nan at step 1"))
    Path(f"{model}.pid").write_text(str(os.getpid()))
    while Path(f"hold-{model}").exists():
        time.sleep(0.1)
    files.splits.mkdir(parents=True)
    for split in SPLITS:
        pd.read_parquet(files.raw).to_parquet(files.split(split))
    files.checkpoint.mkdir(parents=True)
    (files.checkpoint / "model.safetensors").write_bytes(model.encode())
    write_bundle(files)
    write_reports(files)
    say(f"{model}: accuracy 0.75")


if __name__ == "__main__":
    main(sys.argv[1])

"""A bundle of texts whose answer is the sum of its words' logits: nothing is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import tokenizers
from onnx import TensorProto, helper, numpy_helper
from tokenizers import models, pre_tokenizers

from assay import processor
from assay.bundle import manifest, writing
from assay.bundle.manifest import Manifest, Port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LABELS = ("negative", "positive")
# Logits of a word that is not named.
OTHER = (0.0, 0.0)


def write_bundle(folder: Path, words: Mapping[str, Sequence[float]]) -> None:
    """Write a bundle that adds up the logits of the words of a text, (negative, positive) each."""
    folder.mkdir(parents=True)
    unknown = "[UNK]"
    vocabulary = {unknown: 0, **{word: place for place, word in enumerate(words, 1)}}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    shape = ["batch", "length"]
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["each"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
            helper.make_node("Mul", ["each", "column"], ["seen"]),
            helper.make_node("ReduceSum", ["seen", "axis"], ["logits"], keepdims=0),
        ],
        "words",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])],
        [
            numpy_helper.from_array(np.array([OTHER, *words.values()], np.float32), "table"),
            numpy_helper.from_array(np.array([-1]), "last"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ],
    )
    opset = helper.make_opsetid("", 20)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), folder / "model.onnx")
    (folder / "README.md").write_text("# words\n\nA sum.\n")
    port = {"type": "int64", "shape": ("batch", "length"), "example": (1, 8)}
    stated = Manifest(
        model="words",
        data="text",
        task="classification",
        labels=LABELS,
        precision="fp32",
        inputs=tuple(
            Port.model_validate({"name": name, **port}) for name in ("input_ids", "attention_mask")
        ),
        outputs=(Port(name="logits", type="float32", shape=("batch", 2), example=(1, 2)),),
        encoder={"max_length": 128},
        made_from={"weights": "cd" * 32},
        processor=processor.processor_class(),
        versions=writing.versions(),
    )
    manifest.write(folder, stated)

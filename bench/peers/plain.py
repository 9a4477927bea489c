"""A text classifier by onnxruntime and tokenizers alone, as a user of any server writes it.

Reads the bundle's folder, ``ASSAY_BENCH_BUNDLE``. Writes nothing.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers

FOLDER = Path(os.environ["ASSAY_BENCH_BUNDLE"])


class Bundle:
    """Texts in, a label and a score each out."""

    def __init__(self, threads: int = 1) -> None:
        stated = json.loads((FOLDER / "assay.json").read_text(encoding="utf-8"))
        self._labels = stated["labels"]
        self._tokenizer = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
        self._tokenizer.enable_truncation(stated["encoder"]["max_length"])
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(FOLDER / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._names = [entry.name for entry in self._session.get_inputs()]

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """Answer some texts in one batch."""
        encoded = self._tokenizer.encode_batch(texts)
        feeds = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
        }
        logits = self._session.run(["logits"], {name: feeds[name] for name in self._names})[0]
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = shifted / shifted.sum(axis=1, keepdims=True)
        return [
            {"label": self._labels[int(row.argmax())], "score": float(row.max())}
            for row in probabilities
        ]

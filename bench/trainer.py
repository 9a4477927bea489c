"""Hugging Face's ``Trainer`` with its defaults on a model's splits: ``python -m bench.trainer``.

``python -m bench.trainer MODEL SEED EPOCHS`` reads ``params.yaml`` and the splits of the working
folder. Writes to standard output alone, one line of JSON at the end of each epoch: the seconds
since the process began, and accuracy and macro F1 on the validation split. Only the seed and the
number of epochs are not its defaults.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from transformers import (
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from assay import environment
from assay.modalities.text import pretrained
from assay.objectives.classification import metrics
from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.text_classification.settings import TextClassificationModel
from bench import for_trainer, project

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import EvalPrediction


class _Scores(TrainerCallback):
    """Prints what each evaluation found, and when."""

    def __init__(self, began: float) -> None:
        self._began = began

    def on_evaluate(self, *_: Any, **given: Any) -> None:
        found = {name: given["metrics"][f"eval_{name}"] for name in ("accuracy", "macro_f1")}
        line = {"seconds": time.perf_counter() - self._began, **found}
        print(json.dumps(line), flush=True)


def main(model: str, seed: str, epochs: str) -> int:
    """Train the model's checkpoint; print a line an epoch."""
    began = time.perf_counter()
    environment.prepare()
    settings = registry.load_model(model)
    if not isinstance(settings, TextClassificationModel):
        raise project.other_task(model, settings, "text-classification")
    torch.set_num_threads(settings.train.threads)
    source = pretrained.locate(settings.train.checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(source)
    files = ModelPaths(model)
    learned, asked = (
        _rows(files.split(split), tokenizer, settings) for split in ("train", "validation")
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            seed=int(seed),
            num_train_epochs=int(epochs),
            eval_strategy="epoch",
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        torch.manual_seed(int(seed))
        Trainer(
            model=for_trainer.network(settings, source),
            args=arguments,
            train_dataset=learned,
            eval_dataset=asked,
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=_metrics,
            callbacks=[_Scores(began)],
        ).train()
    return 0


def _rows(table: Path, tokenizer: Any, settings: TextClassificationModel) -> list[dict[str, Any]]:
    found = pd.read_parquet(table, columns=["text", "label"])
    return for_trainer.rows(settings, tokenizer, found["text"].tolist(), found["label"].tolist())


def _metrics(found: EvalPrediction) -> dict[str, float]:
    predicted, truth = np.asarray(found.predictions).argmax(axis=1), np.asarray(found.label_ids)
    return {
        "accuracy": float((predicted == truth).mean()),
        "macro_f1": metrics.macro_f1(truth, predicted),
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""One training loop on one sample, timed: ``python -m bench.loops LOOP FOLDER``.

Each run is a process of its own, so that no loop inherits another's threads, allocator or warm
kernels. Reads ``params.yaml`` of the working folder and the splits in FOLDER, which hold the
sample. Writes one line of JSON to standard output. Tokenising, loading and validation are outside
the clock of every loop, and nothing is logged or saved while it runs.
"""

from __future__ import annotations

import dataclasses
import json
import os
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
from assay.learning import loop, recipe, seeding
from assay.modalities.text import pretrained
from assay.modalities.text.encoding import TOKENIZER, TextEncoder
from assay.paths import ModelPaths
from assay.tasks.text_classification import network, train
from assay.tasks.text_classification.splits import Splits
from bench import for_trainer, project
from bench.project import MODEL
from bench.scratch import training_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assay.tasks.text_classification.settings import TextClassificationModel

# What tutorials do: pad every text to the longest that the network takes, batches of eight.
TUTORIAL_LENGTH, TUTORIAL_BATCH, TUTORIAL_RATE = 512, 8, 5e-5
NEVER = 10**9


@dataclasses.dataclass(frozen=True)
class Timed:
    """One pass over the sample."""

    seconds: float
    rows: int
    tokens: int  # real ones: padding is not counted


class Passes:
    """Stamps the beginning and the end of each pass over the sample; the last one counts."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0

    def begin(self) -> None:
        """Start a pass."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """End a pass."""
        self._ended = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The last pass."""
        return self._ended - self._began


def ours(settings: TextClassificationModel, source: Path, **switch: Any) -> Timed:
    """Run Assay's own loop, as its train stage builds it; ``switch`` changes one thing.

    Two epochs over the sample: the first warms up, the second counts.
    """
    if switch.get("keep_memory", True):
        seeding.make_deterministic(settings.train.seed, settings.train.threads)
    else:
        torch.manual_seed(settings.train.seed)
        torch.set_num_threads(settings.train.threads)
        torch.use_deterministic_algorithms(True)
    changes = {"epochs": 2, "patience": 2, "checkpoint_every": NEVER}
    if "precision" in switch:
        changes["precision"] = switch["precision"]
    plan = settings.train.model_copy(update=changes)
    files, passes = ModelPaths(MODEL), Passes()
    # Each epoch counts, and nothing is kept: what it starts from does not matter.
    measured = settings.model_copy(
        update={"train": settings.train.model_copy(update={"mode": "finetune"})}
    )
    tokenizer = (source / TOKENIZER).read_text(encoding="utf-8")
    setup = train.setup(measured, Splits.of(settings, files, tokenizer))
    rows = len(_sample()[0])
    bucketed = switch.get("bucketing", True)
    batches = setup.batches if bucketed else _as_they_come(rows, plan.batch_size)
    model = network.pretrained(source, settings.labels, plan.pooling, plan.dropout)
    if switch.get("frozen", plan.freeze_embeddings):
        network.freeze_embeddings(model)
    if "attention" in switch:
        model.encoder.set_attn_implementation(switch["attention"])
    timed = dataclasses.replace(setup, batches=_stamped(batches, passes), validate=_ending(passes))
    with training_run() as run:
        loop.Training(model, timed, recipe.fine_tuning(plan), plan, run).run()
    return Timed(passes.seconds, rows, _tokens(source, settings.train.max_length))


def _stamped(
    batches: Callable[[int], list[list[int]]], passes: Passes
) -> Callable[[int], list[list[int]]]:
    def stamped(epoch: int) -> list[list[int]]:
        passes.begin()
        return batches(epoch)

    return stamped


def _ending(passes: Passes) -> Callable[[Any], dict[str, float]]:
    def validate(_model: Any) -> dict[str, float]:
        passes.end()
        return {"validation_macro_f1": 0.0}

    return validate


def _as_they_come(rows: int, batch_size: int) -> Callable[[int], list[list[int]]]:
    """Shuffled batches, without a look at lengths."""

    def batches(epoch: int) -> list[list[int]]:
        order = np.random.default_rng(epoch).permutation(rows).tolist()
        return [order[start : start + batch_size] for start in range(0, rows, batch_size)]

    return batches


class _Epochs(TrainerCallback):
    def __init__(self, passes: Passes) -> None:
        self._passes = passes

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        self._passes.begin()

    def on_epoch_end(self, *_: Any, **__: Any) -> None:
        self._passes.end()


def trainer(settings: TextClassificationModel, source: Path) -> Timed:
    """Run Hugging Face's ``Trainer`` with its defaults; our batch size and longest length.

    Two epochs over the sample: the first warms up, the second counts.
    """
    torch.set_num_threads(settings.train.threads)
    tokenizer = AutoTokenizer.from_pretrained(source)
    texts, labels = _sample()
    rows = for_trainer.rows(settings, tokenizer, texts, labels)
    passes = Passes()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=settings.train.batch_size,
            num_train_epochs=2,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        Trainer(
            model=for_trainer.network(settings, source),
            args=arguments,
            train_dataset=rows,
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[_Epochs(passes)],
        ).train()
    return Timed(passes.seconds, len(rows), sum(len(row["input_ids"]) for row in rows))


def tutorial(settings: TextClassificationModel, source: Path) -> Timed:
    """Learn as tutorials do: padded to 512, batches of 8, fp32, plain AdamW.

    One batch warms up; then the whole sample counts.
    """
    torch.set_num_threads(settings.train.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(source)
    texts, labels = _sample()
    encoded = tokenizer(
        texts,
        padding="max_length",
        truncation=True,
        max_length=TUTORIAL_LENGTH,
        return_tensors="pt",
    )
    places = torch.tensor([settings.labels.index(label) for label in labels])
    model = for_trainer.network(settings, source).to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=TUTORIAL_RATE)

    def learn(rows: slice) -> None:
        batch = {name: encoded[name][rows].to(device) for name in ("input_ids", "attention_mask")}
        loss = model(**batch, labels=places[rows].to(device)).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        loss.item()

    learn(slice(0, TUTORIAL_BATCH))
    passes = Passes()
    passes.begin()
    for rows in _slices(len(texts), TUTORIAL_BATCH):
        learn(rows)
    passes.end()
    return Timed(passes.seconds, len(texts), int(encoded["attention_mask"].sum()))


def _slices(rows: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, rows, size))


def _sample() -> tuple[list[str], list[str]]:
    table = pd.read_parquet(ModelPaths(MODEL).split("train"))
    return table["text"].tolist(), table["label"].tolist()


def _tokens(source: Path, max_length: int) -> int:
    encode = TextEncoder(source / TOKENIZER, max_length)
    return sum(len(ids) for ids in encode(_sample()[0]).ids)


# Ours, then ours with one thing switched off at a time, then the others.
LOOPS: dict[str, Callable[[TextClassificationModel, Path], Timed]] = {
    "ours": ours,
    "no-bf16": lambda settings, source: ours(settings, source, precision="fp32"),
    "no-bucketing": lambda settings, source: ours(settings, source, bucketing=False),
    "sdpa": lambda settings, source: ours(settings, source, attention="sdpa"),
    "embeddings": lambda settings, source: ours(settings, source, frozen=False),
    "no-kept-memory": lambda settings, source: ours(settings, source, keep_memory=False),
    "trainer": trainer,
    "tutorial": tutorial,
}


def main(name: str, folder: str) -> int:
    """Run one loop on the sample in ``folder`` and print what it took."""
    environment.prepare()
    settings = project.settings()
    source = pretrained.locate(settings.train.checkpoint).resolve()
    os.chdir(folder)
    print(json.dumps(dataclasses.asdict(LOOPS[name](settings, source))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

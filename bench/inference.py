"""The bundle beside transformers' pipeline and plain torch: rows a second, latency, and answers.

Reads the workspace's bundle, checkpoint and test split. Writes nothing.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from assay import artifacts
from assay.bundle import Bundle
from assay.settings import reading
from assay.tasks.text_classification import train
from bench import project, tables
from bench.measure import Spread, facts, in_turns, percentile, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.artifacts import Artifacts

    # Texts and batch size in; a label a text out. Batches are taken in the texts' order.
    Classifier = Callable[[Sequence[str], int], list[str]]


@dataclass(frozen=True)
class Size:
    """How much is measured: ``whole`` rows of the test split at most in its own table."""

    rows: int
    whole: int
    rounds: int


FULL, QUICK = Size(rows=256, whole=10**9, rounds=5), Size(rows=16, whole=48, rounds=1)
WARM = 32
BATCH = 32
BUNDLE, PIPELINE, TORCH = "the bundle", "`pipeline()`", "torch fp32"


@dataclass(frozen=True)
class Answers:
    """What one run gave, and how long each call took."""

    seconds: list[float]
    labels: list[str]

    @property
    def rate(self) -> float:
        """Rows a second."""
        return len(self.labels) / sum(self.seconds)


def measure(quick: bool) -> str:
    """Return all tables.

    Raises:
        MissingFile: the workspace was not built.
        BundleRefused: the bundle's bytes were altered.

    """
    size = QUICK if quick else FULL
    files = artifacts.Artifacts(project.MODEL)
    test = files.split("test")
    project.workspace(test, files.checkpoint, files.bundle)
    settings = reading.load_model(artifacts.PARAMS, project.MODEL)
    torch.set_num_threads(settings.export.threads)
    table = project.spread_out(pd.read_parquet(test), size.whole)
    bundle = Bundle.open(files.bundle, threads=settings.export.threads)
    model = _model(files)
    classifiers = {
        BUNDLE: _bundle(bundle),
        PIPELINE: _pipeline(files, bundle.max_length),
        TORCH: _torch(files, model, bundle),
    }
    return "\n\n".join(
        [
            f"**Inference.** The `{project.MODEL}` test split; the bundle is {bundle.precision} "
            f"on {bundle.provider}, the other two read the checkpoint it was exported from, in "
            f"fp32. {settings.export.threads} threads each. A call includes tokenising. Batches "
            "of one and of 32 are taken in the file's order; the whole file is sorted by length "
            "in both. "
            "Equal answers are counted against torch fp32: on single texts, and for the whole file "
            "on the same batches.",
            facts(f"{size.rounds} rounds, after some rows to warm up"),
            _sampled(classifiers, table, size),
            _whole_file(bundle, model, table, size),
        ]
    )


def _sampled(classifiers: dict[str, Classifier], table: pd.DataFrame, size: Size) -> str:
    """Return the tables of batch 1 and batch 32, and of the latency."""
    sample = project.spread_out(table, size.rows)
    texts = sample["text"].tolist()
    for classify in classifiers.values():
        classify(texts[:WARM], 1)
        classify(texts[:WARM], BATCH)
    single = in_turns(
        {name: _one_by_one(classify, texts) for name, classify in classifiers.items()},
        size.rounds,
        "batch 1",
    )
    batched = in_turns(
        {name: _at_once(classify, texts) for name, classify in classifiers.items()},
        size.rounds,
        "batch 32",
    )
    expected, truth = single[TORCH][0].labels, sample["label"].tolist()
    return "\n\n".join(
        [
            _rates(f"batch 1, {len(texts)} rows", single, expected, truth),
            _rates(f"batch 32, {len(texts)} rows", batched, expected, truth),
            _latency(single),
        ]
    )


def _whole_file(bundle: Bundle, model: Any, table: pd.DataFrame, size: Size) -> str:
    """Return the table of the whole test split, sorted by length: the same batches for both."""
    texts = table["text"].tolist()
    names = bundle.labels

    def by_bundle(rows: Sequence[str]) -> list[str]:
        return _named(names, bundle.probabilities(rows, batch_size=BATCH))

    def by_torch(rows: Sequence[str]) -> list[str]:
        return _named(names, train.logits(model, bundle.encode(rows), BATCH).numpy())

    for classify in (by_bundle, by_torch):
        classify(texts[:WARM])
    found = in_turns(
        {BUNDLE: lambda: _timed(by_bundle, texts), TORCH: lambda: _timed(by_torch, texts)},
        size.rounds,
        "whole file",
    )
    title = f"whole file sorted by length, {len(texts):,} rows"
    return _rates(title, found, found[TORCH][0].labels, table["label"].tolist())


def _bundle(bundle: Bundle) -> Classifier:
    def classify(texts: Sequence[str], size: int) -> list[str]:
        return [
            label
            for chunk in _chunks(texts, size)
            for label in _named(bundle.labels, bundle.probabilities(chunk, batch_size=size))
        ]

    return classify


def _pipeline(files: Artifacts, max_length: int) -> Classifier:
    ready = pipeline("text-classification", model=str(files.checkpoint))

    def classify(texts: Sequence[str], size: int) -> list[str]:
        found = ready(list(texts), batch_size=size, truncation=True, max_length=max_length)
        return [str(one["label"]) for one in found]

    return classify


def _model(files: Artifacts) -> Any:
    model = AutoModelForSequenceClassification.from_pretrained(
        files.checkpoint, dtype=torch.float32
    )
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _torch(files: Artifacts, model: Any, bundle: Bundle) -> Classifier:
    tokenizer = AutoTokenizer.from_pretrained(files.checkpoint)

    def classify(texts: Sequence[str], size: int) -> list[str]:
        labels: list[str] = []
        with torch.inference_mode():
            for chunk in _chunks(texts, size):
                feeds = tokenizer(
                    list(chunk),
                    padding=True,
                    truncation=True,
                    max_length=bundle.max_length,
                    return_tensors="pt",
                ).to(model.device)
                labels += _named(bundle.labels, model(**feeds).logits.cpu().numpy())
        return labels

    return classify


def _one_by_one(classify: Classifier, texts: Sequence[str]) -> Callable[[], Answers]:
    def run() -> Answers:
        each = [_timed(lambda rows: classify(rows, 1), [text]) for text in texts]
        return Answers(
            [one.seconds[0] for one in each], [label for one in each for label in one.labels]
        )

    return run


def _at_once(classify: Classifier, texts: Sequence[str]) -> Callable[[], Answers]:
    return lambda: _timed(lambda rows: classify(rows, BATCH), texts)


def _timed(classify: Callable[[Sequence[str]], list[str]], texts: Sequence[str]) -> Answers:
    started = time.perf_counter()
    labels = classify(texts)
    return Answers([time.perf_counter() - started], labels)


def _chunks(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _named(names: Sequence[str], scores: np.ndarray[Any, Any]) -> list[str]:
    return [names[place] for place in scores.argmax(axis=1)]


def _rates(
    title: str, found: dict[str, list[Answers]], expected: list[str], truth: list[str]
) -> str:
    rates = {name: [one.rate for one in runs] for name, runs in found.items()}
    lines = [
        [
            name,
            str(Spread.of(rates[name])),
            str(Spread.of(ratios(rates[BUNDLE], rates[name]))),
            f"{equal(runs[0].labels, expected):.2%}",
            f"{equal(runs[0].labels, truth):.4f}",
        ]
        for name, runs in found.items()
    ]
    header = [title, "rows a second", "bundle ÷ this", "equal to torch", "accuracy"]
    return tables.markdown(header, lines)


def _latency(single: dict[str, list[Answers]]) -> str:
    lines = []
    medians = {
        name: [1000 * statistics.median(run.seconds) for run in runs]
        for name, runs in single.items()
    }
    for name, runs in single.items():
        late = [1000 * percentile(run.seconds, 0.95) for run in runs]
        lines.append(
            [
                name,
                str(Spread.of(medians[name])),
                str(Spread.of(late)),
                str(Spread.of(ratios(medians[name], medians[BUNDLE]))),
            ]
        )
    header = ["latency of one text", "median, ms", "95th percentile, ms", "this ÷ bundle"]
    return tables.markdown(header, lines)


def equal(found: Sequence[str], expected: Sequence[str]) -> float:
    """Return the share of rows with the same label."""
    return float(np.mean([a == b for a, b in zip(found, expected, strict=True)]))

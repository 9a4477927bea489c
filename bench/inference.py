"""The bundle beside transformers' pipeline and plain torch: rows a second, latency, and answers.

Reads the workspace's bundle, checkpoint and test split. Writes nothing.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.modalities.text.encoding import BATCH_TOKENS
from assay.paths import ModelPaths
from bench import project, tables
from bench.measure import Spread, facts, in_turns, percentile, ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.classifiers import Classifier, Classifiers
    from bench.peak import Shares


@dataclass(frozen=True)
class Size:
    """How much is measured: ``whole`` rows of the test split at most in its own table."""

    rows: int
    whole: int
    rounds: int


FULL, QUICK = Size(rows=256, whole=10**9, rounds=3), Size(rows=16, whole=48, rounds=1)
WARM = 32
BATCH = 32


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
    files = ModelPaths(project.MODEL)
    test = files.split("test")
    project.workspace(test, files.checkpoint, files.bundle)
    settings = project.settings()
    table = project.spread_out(pd.read_parquet(test), size.whole)
    # torch and transformers take seconds to import: not to say that something is missing.
    from bench.classifiers import Classifiers

    ready = Classifiers(files, settings.export.threads)
    shares = _shares(ready)
    return "\n\n".join(
        [
            f"**Inference.** The `{project.MODEL}` test split. The bundle is "
            f"{ready.bundle.precision} on {ready.bundle.provider}; the other two read the "
            f"checkpoint it was exported from, in fp32. {settings.export.threads} threads each. A "
            "call includes tokenising. Batches of 1 and of 32 are taken in the file's order. The "
            "whole file is sorted by length for the bundle and torch, and cut into batches of 32 "
            f"at most: the bundle takes {BATCH_TOKENS} tokens at a time, padding among them, which "
            "it chooses by itself. `pipeline()` does not sort: it has the file as it comes, in "
            "batches of 32. Equal answers are counted against torch fp32: on single texts in the "
            "first two tables, on the whole file in the last.",
            facts(f"{size.rounds} rounds, after some rows to warm up"),
            _sampled(ready, shares, project.spread_out(table, size.rows), size.rounds),
            _whole_file(ready, shares, table, size.rounds),
            f"{shares} A token costs {shares.operations / 1e6:.0f} MFLOP (the weights of the "
            "layers; attention and padding are not counted).",
        ]
    )


def _shares(ready: Classifiers) -> Shares:
    from bench.classifiers import BUNDLE
    from bench.peak import Shares, operations_a_token

    precisions = {
        name: ready.bundle.precision if name == BUNDLE else "fp32" for name in ready.in_order()
    }
    return Shares.measured(precisions, ready.threads, operations_a_token(ready.checkpoint))


def _sampled(ready: Classifiers, shares: Shares, sample: pd.DataFrame, rounds: int) -> str:
    """Return the tables of batch 1, of its latency, and of batch 32."""
    from bench.classifiers import TORCH

    texts, truth = sample["text"].tolist(), sample["label"].tolist()
    single = _measured(ready.in_order(), texts, 1, rounds)
    batched = _measured(ready.in_order(), texts, BATCH, rounds)
    expected = single[TORCH][0].labels
    share = _share_of(ready, shares, texts)
    return "\n\n".join(
        [
            _rates(f"batch 1, {len(texts):,} rows", single, expected, truth, share),
            _latency(single),
            _rates(f"batch {BATCH}, {len(texts):,} rows", batched, expected, truth, share),
        ]
    )


def _share_of(
    ready: Classifiers, shares: Shares, texts: Sequence[str]
) -> Callable[[str, float], float]:
    """Return the share of the peak as a function of the contender and its rate on these texts."""
    tokens = ready.tokens(texts) / len(texts)
    return lambda name, rate: shares.share(name, rate * tokens)


def _whole_file(ready: Classifiers, shares: Shares, table: pd.DataFrame, rounds: int) -> str:
    """Return the table of the whole test split."""
    from bench.classifiers import TORCH

    texts = table["text"].tolist()
    found = _measured(ready.whole_file(), texts, BATCH, rounds)
    title = f"whole file, {len(texts):,} rows"
    share = _share_of(ready, shares, texts)
    return _rates(title, found, found[TORCH][0].labels, table["label"].tolist(), share)


def _measured(
    classifiers: Mapping[str, Classifier], texts: Sequence[str], size: int, rounds: int
) -> dict[str, list[Answers]]:
    """Classify all texts, the classifiers in turns; at batch size 1 each text is a call."""
    for classify in classifiers.values():
        classify(texts[:WARM], size)
    runs = {name: _run(classify, texts, size) for name, classify in classifiers.items()}
    return in_turns(runs, rounds, f"batch {size}, {len(texts):,} rows")


def _run(classify: Classifier, texts: Sequence[str], size: int) -> Callable[[], Answers]:
    calls = [[text] for text in texts] if size == 1 else [texts]

    def run() -> Answers:
        seconds, labels = [], []
        for given in calls:
            started = time.perf_counter()
            labels += classify(given, size)
            seconds.append(time.perf_counter() - started)
        return Answers(seconds, labels)

    return run


def _rates(
    title: str,
    found: dict[str, list[Answers]],
    expected: list[str],
    truth: list[str],
    share: Callable[[str, float], float],
) -> str:
    rates = {name: [one.rate for one in runs] for name, runs in found.items()}
    ours = next(iter(rates.values()))
    lines = [
        [
            name,
            str(Spread.of(rates[name])),
            str(Spread.of(ratios(ours, rates[name]))),
            str(Spread.of([share(name, rate) for rate in rates[name]])),
            f"{equal(runs[0].labels, expected):.2%}",
            f"{equal(runs[0].labels, truth):.4f}",
        ]
        for name, runs in found.items()
    ]
    header = [title, "rows a second", "bundle ÷ this", "% of the peak"]
    header += ["equal to torch", "accuracy"]
    return tables.markdown(header, lines)


def _latency(single: dict[str, list[Answers]]) -> str:
    medians = {
        name: [1000 * statistics.median(r.seconds) for r in rs] for name, rs in single.items()
    }
    late = {name: [1000 * percentile(r.seconds, 0.95) for r in rs] for name, rs in single.items()}
    ours = next(iter(medians.values()))
    lines = [
        [
            name,
            str(Spread.of(medians[name])),
            str(Spread.of(late[name])),
            str(Spread.of(ratios(medians[name], ours))),
        ]
        for name in single
    ]
    header = ["latency of one text", "median, ms", "95th percentile, ms", "this ÷ bundle"]
    return tables.markdown(header, lines)


def equal(found: Sequence[str], expected: Sequence[str]) -> float:
    """Return the share of rows with the same label."""
    return float(np.mean([a == b for a, b in zip(found, expected, strict=True)]))

"""Is a challenger fit to replace the champion: the gate's rules on classifiers, in their order.

Reads both bundles, today's splits, and what the model must do. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.objectives.classification import bundle_rules, contest_rules, label_quality, metrics
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.records import Judged, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.metrics import Predictions
    from assay.records import Contest
    from assay.settings.classification import ClassificationModel


@dataclass(frozen=True)
class Parts:
    """What a task brings: how a bundle is opened, asked, sliced and put to the test."""

    open: Callable[[Path], Classifier]
    inputs: Callable[[pd.DataFrame], Sequence[Any]]
    slicings: Callable[[pd.DataFrame], Mapping[str, pd.Series[str]]]
    transforms: Mapping[str, Callable[[Any], Any]]
    show: Callable[[pd.Series[Any]], str]


@dataclass(frozen=True)
class Asked:
    """A bundle, and what it answers to today's test split."""

    bundle: Classifier
    test: Predictions


def judge(contest: Contest, settings: ClassificationModel, parts: Parts) -> Judged:
    """Return every rule with its figures, and the new rows whose labels look wrong.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty, or holds labels that a bundle does not know.
        SettingsError: the file of behaviour is wrong.

    """
    table = pd.read_parquet(contest.splits["test"])
    inputs = parts.inputs(table)
    challenger = _asked(contest.challenger, table, inputs, parts)
    rules = [
        bundle_rules.latency(challenger.bundle, inputs, settings.gate),
        bundle_rules.behaves(contest.behaviour, challenger.bundle, inputs, parts.transforms),
    ]
    if contest.champion is None:
        return Judged(rules=tuple(rules))
    if parts.open(contest.champion).labels != challenger.bundle.labels:
        return Judged(rules=(_other_classes(challenger.bundle.labels), *rules))
    champion = _asked(contest.champion, table, inputs, parts)
    rules[:0] = [
        *contest_rules.against(challenger.test, champion.test, contest.level, settings),
        contest_rules.fallen_slices(
            challenger.test, champion.test, parts.slicings(table), settings.gate
        ),
    ]
    witness = label_quality.Witness(champion.bundle, table, champion.test, parts.inputs, parts.show)
    labels, suspects = label_quality.new_labels(contest, witness, settings.gate)
    return Judged(rules=(*rules, labels), suspects=suspects)


def _other_classes(labels: Sequence[str]) -> Rule:
    return Rule(
        name="champion",
        title="classes",
        passed=False,
        found=f"the champion knows other classes than {', '.join(labels)}, or in another order",
        required="the champion's classes: add the new task as a model of its own (assay new)",
    )


def _asked(folder: Path, table: pd.DataFrame, inputs: Sequence[Any], parts: Parts) -> Asked:
    bundle = parts.open(folder)
    truth = known_labels(table, bundle.labels)
    say(f"gate: {folder} on {len(inputs):,} test rows, {bundle.precision} on {bundle.provider}")
    with Progress("predicting", len(inputs)) as bar:
        found = bundle.predict(inputs, progress=bar).probabilities
    return Asked(bundle, metrics.predictions(truth, found, bundle.labels))

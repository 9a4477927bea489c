"""Is a challenger fit to replace the champion: the gate's rules on classifiers, in their order.

Reads both bundles, today's splits, and what the model must do. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.objectives.classification import bundle_rules, champion_rules, label_quality
from assay.objectives.classification.evaluated import EvaluatedBundle, predict
from assay.progress import say
from assay.verdicts import GateFindings, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.metrics import Predictions
    from assay.settings.classification import ClassificationModel
    from assay.verdicts import GateInputs


@dataclass(frozen=True)
class TaskFunctions:
    """What a task brings.

    Attributes:
        open: opens a bundle.
        inputs: returns what a bundle takes of a table's rows.
        slicings: returns the slices of a table, by name.
        transforms: of one input, by the name that a file of behaviour calls it.
        show: returns a row as a person reads it.

    """

    open: Callable[[Path], Classifier]
    inputs: Callable[[pd.DataFrame], Sequence[Any]]
    slicings: Callable[[pd.DataFrame], Mapping[str, pd.Series[str]]]
    transforms: Mapping[str, Callable[[Any], Any]]
    show: Callable[[pd.Series[Any]], str]


def judge(
    given: GateInputs, settings: ClassificationModel, functions: TaskFunctions
) -> GateFindings:
    """Return every rule with its figures, and the new rows whose labels look wrong.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty, or holds labels that a bundle does not know.
        SettingsError: the file of behaviour is wrong.

    """
    table = pd.read_parquet(given.splits["test"])
    inputs = functions.inputs(table)
    challenger = functions.open(given.challenger)
    new = _predicted(challenger, given.challenger, table, inputs)
    rules = [
        bundle_rules.latency(challenger, inputs, settings.gate),
        bundle_rules.behaves(given.behaviour, challenger, inputs, functions.transforms),
    ]
    if given.champion is None:
        return GateFindings(rules=tuple(rules))
    champion = functions.open(given.champion)
    if champion.labels != challenger.labels:
        return GateFindings(rules=(_other_classes(challenger.labels), *rules))
    old = _predicted(champion, given.champion, table, inputs)
    rules[:0] = [
        *champion_rules.against(new, old, given.level, settings),
        champion_rules.fallen_slices(new, old, functions.slicings(table), settings.gate),
    ]
    tested = EvaluatedBundle(champion, table, old, functions.inputs)
    labels, suspects = label_quality.new_labels(given, tested, functions.show, settings.gate)
    return GateFindings(rules=(*rules, labels), suspects=suspects)


def _other_classes(labels: Sequence[str]) -> Rule:
    return Rule(
        name="champion",
        title="classes",
        passed=False,
        found=f"the champion knows other classes than {', '.join(labels)}, or in another order",
        required="the champion's classes: add the new task as a model of its own (assay new)",
    )


def _predicted(
    bundle: Classifier, folder: Path, table: pd.DataFrame, inputs: Sequence[Any]
) -> Predictions:
    say(f"gate: {folder} on {len(inputs):,} test rows, {bundle.precision} on {bundle.provider}")
    return predict(bundle, table, inputs, "test")

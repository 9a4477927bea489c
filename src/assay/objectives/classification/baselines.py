"""The simple models beside a classifier: their answers, the best of them, their part of the report.

Reads and writes nothing. The best one is chosen on the validation split, so that the test split
decides nothing about what the model is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay.objectives.classification import metrics
from assay.objectives.classification.labels import numbers
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.classification.metrics import Floats, Predictions

# The figures in which no baseline may be ahead unnoticed.
COMPARED = ("accuracy", "macro_f1")


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a simple model, fitted on the train split, answers to the other two splits.

    Attributes:
        name: what it is, in a few words.
        validation: probabilities of the validation rows, float64 of shape (rows, classes).
        test: those of the test rows.

    """

    name: str
    validation: Floats
    test: Floats


@dataclass(frozen=True, eq=False)
class Scored:
    """A baseline held against the labels.

    Attributes:
        name: what it is, in a few words.
        validation_macro_f1: by which the best baseline is chosen.
        test: its predictions on the test split.

    """

    name: str
    validation_macro_f1: float
    test: Predictions


def divided(name: str, found: Floats, validation_rows: int) -> Baseline:
    """Return a baseline from its answers to the validation rows, then the test rows, as one."""
    return Baseline(name, found[:validation_rows], found[validation_rows:])


def score(
    baselines: Sequence[Baseline],
    validation: Sequence[str],
    test: Sequence[str],
    labels: tuple[str, ...],
) -> list[Scored]:
    """Hold baselines against the labels of both splits, in the order given.

    Raises:
        KeyError: a label that ``labels`` doesn't name.
        ValueError: answers that are no probabilities of these rows and classes.

    """
    truth = numbers(validation, labels)
    return [
        Scored(
            one.name,
            metrics.macro_f1(truth, one.validation.argmax(axis=1)),
            metrics.predictions(test, one.test, labels),
        )
        for one in baselines
    ]


def best(baselines: Sequence[Scored]) -> Scored:
    """Return the one of the highest macro F1 on the validation split; of equals the first.

    The simplest stands first.

    Raises:
        ValueError: there is none.

    """
    return max(baselines, key=lambda one: one.validation_macro_f1)


def ahead(model: Predictions, baselines: Sequence[Scored]) -> str:
    """Return in a sentence which baselines beat the model on the test split, or nothing."""
    own = _figures(model)
    found = []
    for one in baselines:
        figures = _figures(one.test)
        lost = [metrics.TITLES[name] for name in COMPARED if own[name] < figures[name]]
        if lost:
            found.append(f"{one.name} ({' and '.join(lost)})")
    return f"On the test split the model is below {' and below '.join(found)}." if found else ""


def section(model: Predictions, validation_macro_f1: float, baselines: Sequence[Scored]) -> Section:
    """Return the report's section: a row for the model, one for each baseline, simplest first.

    ``validation_macro_f1`` is the model's own.
    """
    rows = [
        ("the model", validation_macro_f1, model),
        *((one.name, one.validation_macro_f1, one.test) for one in baselines),
    ]
    table = pd.DataFrame(
        [
            {
                "name": name,
                "validation_macro_f1": validation,
                **{f"test_{figure}": value for figure, value in _figures(test).items()},
            }
            for name, validation, test in rows
        ]
    )
    words = (
        "Each baseline is fitted on the train split. The best of them by macro F1 on the "
        f"validation split, {best(baselines).name}, is the baseline of all other figures."
    )
    if beaten := ahead(model, baselines):
        words += f"\n\n**{beaten}**"
    return Section("baselines", "Baselines", words, table)


def _figures(result: Predictions) -> dict[str, float]:
    return {
        "accuracy": float(result.correct.mean()),
        "macro_f1": metrics.macro_f1(result.truth, result.predicted),
    }

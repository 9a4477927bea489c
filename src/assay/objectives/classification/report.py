"""Sections of a classifier's report.

Reads and writes nothing: returns Markdown. Everything that comes from data is escaped, so that a
row is never read as a table, a picture, a link or HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.objectives.classification import metrics
from assay.objectives.classification.metrics import TITLES
from assay.reporting.markdown import escaped, listed, number, percent, points, span, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.classification.comparison import Comparison
    from assay.objectives.classification.metrics import Predictions
    from assay.objectives.classification.slices import Slice

# From here on the table of classes is folded away.
MANY_CLASSES = 20


@dataclass(frozen=True)
class WorstError:
    """A wrong prediction of high confidence."""

    id: str
    shown: str
    actual: str
    predicted: str
    confidence: float


def lead(kind: str, precision: str, compared: Comparison, classes: int, baseline: str) -> str:
    """Return the page's first paragraph: what the model is, how good, and beside what."""
    figures, spans = compared.model, compared.intervals
    return (
        f"This {escaped(kind)} model of {classes} classes is served as ONNX in {precision}. On "
        f"{compared.rows:,} test rows that it never saw it is right in "
        f"{percent(figures['accuracy'])} of them (95 % interval "
        f"{span(spans['accuracy'], scale=100)} %), with a macro F1 of "
        f"{number(figures['macro_f1'])} ({span(spans['macro_f1'])}).\n\n"
        f"{verdict(compared, baseline)}"
    )


def verdict(compared: Comparison, baseline: str) -> str:
    """Return in a sentence or two which of both is better, and how sure that is."""
    lead = compared.difference
    leads = " and ".join(
        f"{points(lead[name].value)} of {TITLES[name]} (95 % interval "
        f"{span(lead[name].interval, signed=True, scale=100)})"
        for name in ("accuracy", "macro_f1")
    )
    versus = f"the model minus the baseline ({baseline}) is {leads}"
    match compared.better:
        case "model":
            return f"**Better than the baseline.** On the same rows, {versus}."
        case "baseline":
            return (
                f"**Worse than the baseline: do not ship it.** On the same rows, {versus}. "
                "The simple model is cheaper as well."
            )
        case _ if all(lead[name].sign for name in ("accuracy", "macro_f1")):
            return (
                "**Better than the baseline in one figure, worse in the other.** "
                f"On the same rows, {versus}."
            )
        case _:
            return (
                f"**Not shown to be better than the baseline.** On the same rows, {versus}: chance "
                "alone could make this difference. More test rows would tell, or a better model."
            )


def figures(
    compared: Comparison, absent: Sequence[str], resamples: int, *, scaled: bool
) -> Section:
    """Return every metric of the model and of the baseline, with intervals.

    ``scaled``: whether the model's logits are divided by a temperature.
    """
    rows = [
        (
            _title(name),
            f"**{number(compared.model[name])}**",
            span(compared.intervals.get(name)),
            number(compared.baseline[name]),
            span(compared.baseline_intervals.get(name)),
            _difference(compared, name),
        )
        for name in metrics.NAMES
    ]
    heads = ("figure", "model", "95 %", "baseline", "95 %", "model minus baseline, 95 %")
    note = (
        f"\n\nThe test split has no row of {listed(absent)}: averages leave "
        f"{'it' if len(absent) == 1 else 'them'} out, and nothing here says how well the model "
        f"knows {'it' if len(absent) == 1 else 'them'}."
        if absent
        else ""
    )
    unlike = (
        "The model's logits are divided by a temperature (see Calibration), the probabilities of "
        "the baseline are not scaled. Log loss and calibration error depend on that and, with more "
        "than two classes, ROC-AUC a little.\n\n"
        if scaled
        else ""
    )
    words = (
        f"{tabulate(heads, rows, right=range(1, 6))}{note}\n\n{unlike}"
        f"Intervals are percentiles of {resamples:,} bootstrap samples of the test rows "
        "(Efron & Tibshirani 1993); those of a difference are paired. The calibration error has "
        "none, because resampling alone raises it. They tell of chance in the choice of test rows, "
        "not of another training run.\n\n![confusion matrix](pictures/confusion.png)\n\n"
        "![ROC curves](pictures/roc.png)"
    )
    return Section("figures", "Figures", words)


def classes(result: Predictions) -> Section:
    """Return the metrics of each class."""
    rows = [
        (
            str(place),
            escaped(part["label"]),
            f"{part['rows']:,}",
            *(number(part[name]) for name in ("precision", "recall", "f1", "roc_auc")),
        )
        for place, part in enumerate(metrics.by_class(result), 1)
    ]
    heads = ("#", "class", "rows", "precision", "recall", "F1", "ROC-AUC")
    table = tabulate(heads, rows, right=(0, 2, 3, 4, 5, 6))
    if len(rows) > MANY_CLASSES:
        table = f"<details><summary>all {len(rows)} classes</summary>\n\n{table}\n\n</details>"
    words = f"{table}\n\nPictures show a class by its number (#) where no font has its letters."
    return Section("classes", "By class", words)


def by_slice(slices: Sequence[Slice]) -> Section:
    """Return the metrics of each slice."""
    rows = [
        (
            escaped(part.slicing),
            escaped(part.name, 60) + (" (small)" if part.small else ""),
            f"{part.rows:,}",
            *(number(part.model[name]) for name in ("accuracy", "macro_f1", "roc_auc")),
            number(part.baseline["accuracy"]),
            number(part.baseline["macro_f1"]),
        )
        for part in slices
    ]
    heads = (
        "by", "slice", "rows", "accuracy", "macro F1", "ROC-AUC", "baseline accuracy",
        "baseline macro F1",
    )  # fmt: skip
    small = (
        "\n\nA small slice has fewer than 50 rows: its figures are mostly chance."
        if any(part.small for part in slices)
        else ""
    )
    words = f"{tabulate(heads, rows, right=range(2, 8))}{small}"
    return Section("slices", "Slices", words)


def use(slices: Sequence[Slice], labels: Sequence[str]) -> Section:
    """Return what the model is meant for, and where it is weakest."""
    hardest = min(
        (part for part in slices if not part.small),
        key=lambda part: part.model["accuracy"] or 0.0,
        default=None,
    )
    weak = (
        f"\n- It is weakest where {escaped(hardest.slicing)} is {escaped(hardest.name, 60)}: "
        f"accuracy {number(hardest.model['accuracy'])} on {hardest.rows:,} rows."
        if hardest
        else ""
    )
    words = (
        f"- Meant for rows like those of the train split (same source, same kind), to be put "
        f"into one of these classes: {listed(labels)}.\n"
        "- It always answers with one of them, also for a row that belongs to none.\n"
        "- The figures hold for data like the test split. On another source, or later, they are "
        f"a guess until measured anew.{weak}\n"
        "- It has learned what the labels' authors held, mistakes and prejudices included. Do not "
        "let it alone decide about a person."
    )
    return Section("use", "Use and limits", words)


def worst_errors(errors: Sequence[WorstError], wrong: int) -> Section:
    """Return the wrong predictions of the highest confidence, of ``wrong`` in all."""
    if not wrong:
        return Section("worst_errors", "Worst errors", "The test split has no wrong prediction.")
    rows = [
        (
            escaped(error.id, 40),
            escaped(error.actual),
            escaped(error.predicted),
            f"{error.confidence:.3f}",
            escaped(error.shown),
        )
        for error in errors
    ]
    table = tabulate(("id", "actual", "predicted", "confidence", "row"), rows, right=(3,))
    words = (
        f"Of {wrong:,} wrong predictions, the {len(rows):,} that were held most "
        "confidently. Many of them show wrong labels rather than a wrong model: read them.\n\n"
        f"{table}"
    )
    return Section("worst_errors", "Worst errors", words)


def _title(name: str) -> str:
    return TITLES[name] + (" (lower is better)" if name in metrics.LOWER_IS_BETTER else "")


def _difference(compared: Comparison, name: str) -> str:
    if name not in compared.difference:
        return ""
    found = compared.difference[name]
    return f"{found.value:+.3f} ({span(found.interval, signed=True)})"

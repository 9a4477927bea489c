"""The page a person reads first, and the model card: ``report.md``.

Reads and writes nothing: returns Markdown. Everything that comes from data is escaped, so that a
row is never read as a table, a picture, a link or HTML. Holds nothing that varies between runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.scoring import metrics
from assay.scoring.markdown import escaped, listed, number, percent, points, span, tabulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from assay.scoring.comparison import Comparison
    from assay.scoring.metrics import Outcome
    from assay.scoring.section import Section
    from assay.scoring.slices import Slice

TITLES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
    "roc_auc": "ROC-AUC",
    "log_loss": "log loss (lower is better)",
    "calibration_error": "expected calibration error (lower is better)",
}
# From here on the table of classes is folded away.
MANY_CLASSES = 20


@dataclass(frozen=True)
class WorstError:
    """A wrong prediction that was held most confidently."""

    id: str
    shown: str
    actual: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class Findings:
    """All that the report tells.

    Attributes:
        name: the model's name in ``params.yaml``.
        task: e.g. ``text-classification``.
        precision: of the ONNX model that is served, ``int8`` or ``fp32``.
        baseline_name: what the baseline is, in a few words.
        resamples: how many bootstrap samples the intervals come from.
        model: the bundle on the test split.
        comparison: it beside the baseline.
        slices: figures of parts of the test split.
        sections: what the task adds.
        worst: the errors to show.
        split: ``split.json``.
        parity: ``parity.json``.
        fingerprints: of what the bundle was made from.

    """

    name: str
    task: str
    precision: str
    baseline_name: str
    resamples: int
    model: Outcome
    comparison: Comparison
    slices: Sequence[Slice]
    sections: Sequence[Section]
    worst: Sequence[WorstError]
    split: Mapping[str, Any]
    parity: Mapping[str, Any]
    fingerprints: Mapping[str, str]


def render(found: Findings) -> str:
    """Return the whole page."""
    parts = (
        _head(found),
        _figures(found),
        _classes(found.model),
        _slices(found.slices),
        *map(_section, found.sections),
        _calibration(found),
        _training(found),
        _served(found),
        _data(found),
        _use(found),
        _worst(found),
    )
    return "\n\n".join(parts) + "\n"


def verdict(found: Findings) -> str:
    """Return in a sentence or two which of both is better, and how sure that is."""
    lead = found.comparison.difference
    told = " and ".join(
        f"{points(lead[name].value)} of {TITLES[name]} (95 % interval "
        f"{span(lead[name].interval, signed=True, scale=100)})"
        for name in ("accuracy", "macro_f1")
    )
    versus = f"the model minus the baseline ({found.baseline_name}) is {told}"
    match found.comparison.better:
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


def _head(found: Findings) -> str:
    figures, spans = found.comparison.model, found.comparison.intervals
    return (
        f"# {escaped(found.name)}\n\n"
        f"This {escaped(found.task)} model of {len(found.model.labels)} classes is served as ONNX "
        f"in {found.precision}. On {found.comparison.rows:,} test rows that it never saw it is "
        f"right in {percent(figures['accuracy'])} of them (95 % interval "
        f"{span(spans['accuracy'], scale=100)} %), with a macro F1 of "
        f"{number(figures['macro_f1'])} ({span(spans['macro_f1'])}).\n\n"
        f"{verdict(found)}"
    )


def _figures(found: Findings) -> str:
    compared = found.comparison
    rows = [
        (
            TITLES[name],
            f"**{number(compared.model[name])}**",
            span(compared.intervals.get(name)),
            number(compared.baseline[name]),
            span(compared.baseline_intervals.get(name)),
            _difference(compared, name),
        )
        for name in metrics.NAMES
    ]
    heads = ("figure", "model", "95 %", "baseline", "95 %", "model minus baseline, 95 %")
    absent = found.model.absent
    note = (
        f"\n\nThe test split has no row of {listed(absent)}: averages leave "
        f"{'it' if len(absent) == 1 else 'them'} out, and nothing here says how well the model "
        f"knows {'it' if len(absent) == 1 else 'them'}."
        if absent
        else ""
    )
    return (
        f"## Figures\n\n{tabulate(heads, rows, right=range(1, 6))}{note}\n\n"
        f"Intervals are percentiles of {found.resamples:,} bootstrap samples of the test rows "
        "(Efron & Tibshirani 1993); those of a difference are paired. The calibration error has "
        "none, because resampling alone raises it. They tell of chance in the choice of test rows, "
        "not of another training run.\n\n![confusion matrix](pictures/confusion.png)\n\n"
        "![ROC curves](pictures/roc.png)"
    )


def _classes(result: Outcome) -> str:
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
    return (
        f"## By class\n\n{table}\n\nPictures show a class by its number (#) where no font has its "
        "letters."
    )


def _slices(slices: Sequence[Slice]) -> str:
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
    return f"## Slices\n\n{tabulate(heads, rows, right=range(2, 8))}{small}"


def _section(part: Section) -> str:
    """Return a task's part; its table and picture are the files that the stage wrote."""
    below = [] if part.table is None else [_shown(part.table)]
    if part.draw:
        below.append(f"![{part.title}](pictures/{part.name}.png)")
    return "\n\n".join([f"## {part.title}", part.words, *below])


def _shown(table: pd.DataFrame) -> str:
    heads = [escaped(name).replace("_", " ") for name in table]
    numeric = [place for place, name in enumerate(table) if table[name].dtype.kind in "if"]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return tabulate(heads, rows, right=numeric)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) else escaped(value)


def _calibration(found: Findings) -> str:
    result = found.model
    sure = float(result.confidence.mean()) - float(result.correct.mean())
    habit = "too sure of itself" if sure > 0 else "less sure than it could be"
    return (
        "## Calibration\n\n"
        f"On average the model is {percent(result.confidence.mean())} sure, and right in "
        f"{percent(result.correct.mean())} of the rows: {habit}, by {abs(sure) * 100:.1f} points. "
        "The expected calibration error (15 bins of equal width, Guo et al. 2017) is "
        f"{number(found.comparison.model['calibration_error'])}.\n\n"
        "![calibration](pictures/calibration.png)"
    )


def _training(_: Findings) -> str:
    return "## Training\n\n![training curve](pictures/training.png)"


def _served(found: Findings) -> str:
    """Tell of the bundle: its precision and whatever ``parity.json`` measured, as it stands."""
    rows = [(escaped(name), escaped(value)) for name, value in _flat(found.parity)]
    prints = [
        (f"fingerprint: {escaped(name)}", escaped(value))
        for name, value in sorted(found.fingerprints.items())
    ]
    return (
        "## What is served\n\nEvery figure on this page was measured on the bundle itself, run by "
        f"onnxruntime in {found.precision}; not on the network that was trained.\n\n"
        + tabulate(("measured at export", "value"), [*rows, *prints])
    )


def _data(found: Findings) -> str:
    parts = found.split["splits"]
    names = [name for name in ("train", "validation", "test") if name in parts]
    rows = [
        (escaped(label), *(f"{parts[name]['labels'].get(label, 0):,}" for name in names))
        for label in found.model.labels
    ]
    rows.append(("**all**", *(f"**{parts[name]['rows']:,}**" for name in names)))
    leaks = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.split["leaks"].items()))
    table = tabulate(("class", *names), rows, right=range(1, 1 + len(names)))
    if len(rows) > MANY_CLASSES:
        table = f"<details><summary>rows of each class</summary>\n\n{table}\n\n</details>"
    lost = found.split["rows"] - found.split["kept"]
    kinds = ", ".join(
        f"{escaped(kind).replace('_', ' ')} {count:,}"
        for kind, count in found.split["dropped"].items()
        if count and kind != "any_kind"
    )
    return (
        f"## Data\n\n{table}\n\n{found.split['rows']:,} rows came in, {lost:,} of them were left "
        f"out{f' ({kinds}; a row may be several of these)' if kinds else ''}. Rows found on two "
        f"sides of the split: {leaks or 'none'}."
    )


def _use(found: Findings) -> str:
    hardest = min(
        (part for part in found.slices if not part.small),
        key=lambda part: part.model["accuracy"] or 0.0,
        default=None,
    )
    weak = (
        f"\n- It is weakest where {escaped(hardest.slicing)} is {escaped(hardest.name, 60)}: "
        f"accuracy {number(hardest.model['accuracy'])} on {hardest.rows:,} rows."
        if hardest
        else ""
    )
    return (
        "## Use and limits\n\n"
        f"- Meant for rows like those of the train split (same source, same kind), to be put "
        f"into one of these classes: {listed(found.model.labels)}.\n"
        "- It always answers with one of them, also for a row that belongs to none.\n"
        "- The figures hold for data like the test split. On another source, or later, they are "
        f"a guess until measured anew.{weak}\n"
        "- It has learned what the labels' authors held, mistakes and prejudices included. Do not "
        "let it alone decide about a person.\n"
        f"- To rebuild it elsewhere and compare every byte: `assay verify {found.name}`."
    )


def _worst(found: Findings) -> str:
    wrong = int((~found.model.correct).sum())
    if not wrong:
        return "## Worst errors\n\nThe test split has no wrong prediction."
    rows = [
        (
            escaped(error.id, 40),
            escaped(error.actual),
            escaped(error.predicted),
            f"{error.confidence:.3f}",
            escaped(error.shown),
        )
        for error in found.worst
    ]
    table = tabulate(("id", "actual", "predicted", "confidence", "row"), rows, right=(3,))
    return (
        f"## Worst errors\n\nOf {wrong:,} wrong predictions, the {len(rows):,} that were held most "
        "confidently. Many of them show wrong labels rather than a wrong model: read them.\n\n"
        f"{table}"
    )


def _difference(compared: Comparison, name: str) -> str:
    if name not in compared.difference:
        return ""
    found = compared.difference[name]
    return f"{found.value:+.3f} ({span(found.interval, signed=True)})"


def _flat(content: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, object]]:
    for name, value in sorted(content.items()):
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, dict):
            yield from _flat(value, path)
        else:
            yield path, value

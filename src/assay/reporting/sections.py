"""Sections that every model's report has: its training, what is served, its data.

Reads and writes nothing. Everything that comes from data is escaped, so that a row is never read as
a table, a picture, a link or HTML.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assay.paths import SPLITS
from assay.reporting import training_curve
from assay.reporting.markdown import escaped, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from pydantic import JsonValue

    from assay.records import Parity, SplitReport

# From here on a table of classes is folded away.
MANY = 20


def training(name: str, curve: pd.DataFrame) -> Section:
    """Return the training curve of the model ``name``."""
    draw = partial(training_curve.draw, curve=curve, title=f"{name}: training")
    words = "The loss of the train split, and the metrics of the validation split after each epoch."
    return Section("training", "Training", words, draw=draw)


def served(parity: Parity, digests: Mapping[str, str]) -> Section:
    """Return what ``parity.json`` says of the bundle, and the digests of what it was made from."""
    rows = [
        (escaped(name), escaped(value)) for name, value in _flat(parity.model_dump(mode="json"))
    ]
    made = [
        (f"SHA-256: {escaped(name)}", escaped(value)) for name, value in sorted(digests.items())
    ]
    words = (
        "Every figure on this page was measured on the bundle itself, run by onnxruntime in "
        f"{parity.precision}; not on the network that was trained.\n\n"
        + tabulate(("measured at export", "value"), [*rows, *made])
    )
    return Section("served", "What is served", words)


def data(split: SplitReport, classes: Sequence[str] = ()) -> Section:
    """Return the rows of each split, by class where there are classes."""
    names = [name for name in SPLITS if name in split.splits]
    rows = [
        (escaped(label), *(f"{split.splits[name].labels.get(label, 0):,}" for name in names))
        for label in classes
    ]
    rows.append(("**all**", *(f"**{split.splits[name].rows:,}**" for name in names)))
    table = tabulate(("class", *names), rows, right=range(1, 1 + len(names)))
    if len(rows) > MANY:
        table = f"<details><summary>rows of each class</summary>\n\n{table}\n\n</details>"
    leaks = ", ".join(f"{count:,} {kind}" for kind, count in sorted(split.leaks.items()))
    kinds = ", ".join(
        f"{escaped(kind).replace('_', ' ')} {count:,}"
        for kind, count in split.dropped.items()
        if count and kind != "any_kind"
    )
    words = (
        f"{table}\n\n{split.rows:,} rows came in, {split.rows - split.kept:,} of them were left "
        f"out{f' ({kinds}; a row may be several of these)' if kinds else ''}. Rows found on two "
        f"sides of the split: {leaks or 'none'}."
    )
    return Section("data", "Data", words)


def _flat(content: Mapping[str, JsonValue], above: str = "") -> Iterable[tuple[str, object]]:
    for name, value in content.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, dict):
            yield from _flat(value, path)
        elif value is not None:
            yield path, value

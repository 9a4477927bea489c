"""Which of a model's reports the tracking store gets, by ``tracking.texts`` of ``params.yaml``.

Reads the reports. Writes masked copies into the folder that it is told. What reports show of rows
is masked where they are written; ``masked`` does it again on the way out, since a report may be
older, and keeps back what can't be masked.

=========  ================================================  ==================================
texts      files of the run                                  its description
=========  ================================================  ==================================
all        all that people read                              ``report.md``
masked     the same, masked, without pictures of rows        ``report.md``, masked, without them
none       figures, classes and pictures of figures          a table of the metrics
=========  ================================================  ==================================
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from assay.files import read_json, write_json, write_text
from assay.gateways import tracking
from assay.personal import masked
from assay.reporting.markdown import escaped, number, span, tabulate
from assay.reporting.section import WORST
from assay.spreadsheet import guarded_cell

if TYPE_CHECKING:
    from pathlib import Path

    from assay.paths import ModelPaths
    from assay.records import Evaluation
    from assay.settings.schema import Tracking

    Texts = Literal["none", "masked", "all"]

# Of the tables, the one whose names are values of somebody's columns.
SLICES = "slices.csv"
# As assay.reporting.markdown writes it: an address must be whole to be found.
AT = "&#64;"
PICTURE_OF_ROWS = re.compile(rf"!\[[^\]]*\]\(pictures/{WORST}\.png\)\n*")


@dataclass(frozen=True)
class Shared:
    """What goes out: the run's description, and its files by their place."""

    note: str | None
    files: dict[str, Path]


def texts_of(settings: Tracking) -> Texts:
    """Return what is asked for; where nothing is, by whether the store is on this machine."""
    return settings.texts or ("all" if tracking.is_here() else "masked")


def shared(files: ModelPaths, texts: Texts, evaluation: Evaluation, scratch: Path) -> Shared:
    """Return what the store gets of a model's reports; copies are written below ``scratch``."""
    figures = _there(files.metrics, files.parity, files.split_report)
    rows = _there(files.data_docs, files.report, files.validation)
    folders = _there(files.tables, files.pictures)
    page = files.report.read_text(encoding="utf-8") if files.report.is_file() else None
    if texts == "all":
        return Shared(page, figures | rows | folders)
    left_out = {f"{WORST}.png"} | ({SLICES} if texts == "none" else set())
    wanted = folders if texts == "none" else rows | folders
    copies = {name: _copy(path, scratch / name, left_out) for name, path in wanted.items()}
    if texts == "none":
        return Shared(_metrics(files, evaluation), figures | copies)
    return Shared(page and _markdown(page), figures | copies)


def _there(*paths: Path) -> dict[str, Path]:
    return {path.name: path for path in paths if path.exists()}


def _copy(source: Path, target: Path, left_out: set[str]) -> Path:
    """Copy a file, or a folder without the files of those names, masked."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for inner in sorted(source.iterdir()):
            if inner.name not in left_out:
                _copy(inner, target / inner.name, left_out)
    elif source.suffix == ".json":
        write_json(target, _json(read_json(source)))
    elif source.suffix == ".csv":
        write_text(target, _csv(source))
    elif source.suffix in MASKS:
        write_text(target, MASKS[source.suffix](source.read_text(encoding="utf-8")))
    else:
        target.write_bytes(source.read_bytes())
    return target


def _json(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(key): _json(inner) for key, inner in value.items()}
    return [_json(inner) for inner in value] if isinstance(value, list) else value


def _csv(source: Path) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    with source.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            writer.writerow([guarded_cell(masked(cell)) for cell in row])
    return text.getvalue()


def _markdown(page: str) -> str:
    return masked(PICTURE_OF_ROWS.sub("", page).replace(AT, "@")).replace("@", AT)


MASKS = {".md": _markdown, ".html": masked}


def _metrics(files: ModelPaths, evaluation: Evaluation) -> str:
    """Return the metrics as a page of Markdown."""
    rows = [
        (
            escaped(metric.title),
            number(metric.value),
            "" if metric.low is None or metric.high is None else span((metric.low, metric.high)),
            number(metric.baseline),
        )
        for metric in evaluation.metrics
    ]
    table = tabulate(("metric", "model", "95 %", "baseline"), rows, right=range(1, 4))
    return (
        f"# {escaped(files.model)}\n\n{table}\n\nThe report shows rows, and `tracking.texts` is "
        f"`none`: it stays at {files.report}."
    )

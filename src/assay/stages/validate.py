"""Validate: check the raw table against its suite; a broken expectation stops the pipeline.

Reads ``data/raw/<model>.parquet`` and ``expectations/<data>_<task>.yaml``. Writes
``reports/<model>/validation.json`` and ``reports/<model>/data_docs/``, also when it refuses. Drops
no row: it counts what ``split`` will drop, and says so.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from assay import records
from assay.errors import ExpectationsBroken
from assay.excerpts import excerpt, in_short
from assay.files import replacing
from assay.gateways import expectations
from assay.paths import SUITES
from assay.progress import say
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from assay.gateways.expectations import ExpectationResult, SuiteResult
    from assay.paths import ModelPaths
    from assay.records import DataSummary
    from assay.settings.schema import Model

TABLE_WIDTH = 120
NAME_WIDTH = 57  # of the longest expectation's name: it must not be cut in two


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        ExpectationsBroken: the data breaks an expectation; the reports are written all the same.
        SettingsError: the suite, or what the model starts from, is not right.

    """
    task = task_of(settings)
    suite = expectations.load(SUITES / f"{task.folder}.yaml", _values(settings))
    found = task.measure(files.raw, settings)
    result = expectations.check(found.table, suite)
    records.write(files.validation, result.report(found.summary))
    page = expectations.data_docs(result, files.model, found.summary)
    with replacing(files.data_docs) as beside:
        beside.mkdir()
        (beside / "index.html").write_text(page, encoding="utf-8", newline="\n")
    say(_line(result, found.summary))
    for note in found.summary.notes:
        say(f"validate: {note}")
    if result.broken:
        raise _refusal(result, files)


def _values(settings: Model) -> dict[str, Any]:
    """Return what ``$names`` in a suite stand for: the model's bounds, and its own lists."""
    own = settings.model_dump(include={"labels"}, mode="json")
    return {**own, **settings.validation.model_dump()}


def _line(result: SuiteResult, summary: DataSummary) -> str:
    """Return the line that a run shows."""
    kinds = ", ".join(
        f"{found.rows:,} {kind.replace('_', ' ')}"
        for kind, found in summary.kinds.items()
        if found.dropped and found.rows
    )
    dropped = f"{summary.dropped:,} will be dropped" + (f" ({kinds})" if kinds else "")
    return (
        f"validate: {len(result.results) - len(result.broken)} of {len(result.results)} "
        f"expectations hold; {summary.rows:,} rows, {dropped}"
    )


def _refusal(result: SuiteResult, files: ModelPaths) -> ExpectationsBroken:
    """Return the error, with a table of what is broken."""
    broken = len(result.broken)
    return ExpectationsBroken(
        f"the data breaks {broken} of {len(result.results)} expectations\n" + _table(result.broken),
        expected=f"every expectation of {result.suite.path} to hold",
        cure=f"do what the table says, then run the same command again; the whole picture: "
        f"{files.data_docs}/index.html",
    )


def _table(broken: list[ExpectationResult]) -> str:
    # 60 ms to import: only where a table is shown.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.ROUNDED, show_lines=True, width=TABLE_WIDTH, padding=(0, 1))
    table.add_column("what is broken, and what to do", width=NAME_WIDTH)
    table.add_column("rows", justify="right")
    table.add_column("for example", ratio=1, overflow="fold")
    for finding in broken:
        expectation = finding.expectation
        column = f"column {expectation.column}" if expectation.column else "the whole table"
        # Text, never markup: [brackets] in someone's data are theirs.
        table.add_row(
            Text(f"{expectation.because}\n{column}: {expectation.type}\nnext: {expectation.next}"),
            Text("" if finding.rows is None else f"{finding.rows:,}"),
            Text(_examples(finding)),
        )
    console = Console(file=io.StringIO(), width=TABLE_WIDTH, color_system=None)
    with console.capture() as drawn:
        console.print(table)
    return drawn.get().rstrip()


def _examples(finding: ExpectationResult) -> str:
    if finding.problem:
        return f"could not be checked: {finding.problem}"
    lines = [
        example.value + (f"  (x {example.rows:,})" if example.rows > 1 else "")
        for example in finding.examples
    ]
    if finding.observed is not None:
        lines.append(f"observed: {excerpt(in_short(finding.observed))}")
    return "\n".join(lines)

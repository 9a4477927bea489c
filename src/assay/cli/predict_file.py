"""What ``assay predict`` does with a file: a table that comes back with a label for each row.

Reads the rows that it is given, some at a time. Writes the file that ``--output`` names, whole or
not at all, or prints the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from assay.cli.answer import give
from assay.errors import UsageError
from assay.files import replacing
from assay.gateways import written
from assay.modalities.requests import Chosen
from assay.progress import Progress, say
from assay.spreadsheet import guarded
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from assay.bundle.classifier import Answers, Classifier
    from assay.modalities.requests import Requests
    from assay.progress import Reports

    Part = tuple[pd.DataFrame, Sequence[Any]]

# The columns that a file's rows are given, and their types in Parquet.
ADDED = {
    "predicted_label": "string",
    "score": "double",
    "in_scope": "bool",
    "unknown_share": "double",
}
# Behind the point, of a number in a file.
DIGITS = 6


@dataclass(frozen=True)
class Source:
    """An opened bundle, and where it is from: a release, or the workspace (version None)."""

    bundle: Classifier
    version: int | None

    def as_dict(self, truncated: int) -> dict[str, Any]:
        """Return what a program is told of the source."""
        return {
            "source": "workspace" if self.version is None else "champion",
            "version": self.version,
            "precision": self.bundle.precision,
            "provider": self.bundle.provider,
            "weights": self.bundle.manifest.made_from["weights"],
            "truncated": truncated,
        }


@dataclass(frozen=True)
class RowCounts:
    """How many rows there were, and how many of them a user should hear about."""

    rows: int = 0
    idle: int = 0
    truncated: int = 0
    unreadable: int = 0
    outside: int = 0

    def __add__(self, other: RowCounts) -> RowCounts:
        """Return the sum over two parts of a table."""
        return RowCounts(
            self.rows + other.rows,
            self.idle + other.idle,
            self.truncated + other.truncated,
            self.unreadable + other.unreadable,
            self.outside + other.outside,
        )

    def say(self, bundle: Classifier, requests: Requests) -> None:
        """Say it to people."""
        if self.idle:
            say(f"{self.idle:,} {requests.unusable}")
        if self.truncated:
            say(f"{self.truncated:,} {requests.truncated(bundle.manifest.encoder)}")
        if self.unreadable:
            say(f"{self.unreadable:,} {requests.unreadable}")
        if self.outside:
            say(f"{self.outside:,} {requests.noun}s may belong to none of the classes")


@dataclass(frozen=True)
class OpenedTable:
    """The table of a file that was opened.

    Attributes:
        parts: its rows and what they ask about, some at a time.
        rows: how many there are.
        names: its columns.
        schema: their types in Parquet; None where they are told from the one part.

    """

    parts: Iterable[Part]
    rows: int
    names: Sequence[str]
    schema: Any = None


def open_file(requests: Requests, file: Path, column: str | None, *, at_once: bool) -> OpenedTable:
    """Open a file, to be read in one part where that is asked for or its kind has no others.

    Raises:
        UsageError: it has no such column.
        MissingFile, SourceRefused: it is not there, or can't be read.

    """
    asked = None if at_once else requests.parts(file, column)
    if asked:
        return OpenedTable(asked, asked.parts.rows, asked.parts.schema.names, asked.parts.schema)
    rows, contents = requests.table(file, column)
    return OpenedTable([(rows, contents)], len(contents), [str(name) for name in rows.columns])


def ask(
    bundle: Classifier, requests: Requests, contents: Sequence[Any], progress: Reports | None = None
) -> tuple[list[bool], Answers, RowCounts]:
    """Return which contents the model can be asked about, its answers to those, what to say."""
    usable = requests.usable(contents)
    chosen = Chosen(contents, [place for place, good in enumerate(usable) if good])
    answers = bundle.predict(chosen, progress=progress)
    idle = len(contents) - len(chosen)
    if progress and idle:
        progress.advance(idle)
    seen = int(answers.unreadable.sum()), int(answers.out_of_scope.sum())
    counts = RowCounts(len(contents), idle, answers.truncated, *seen)
    return usable, answers, counts


def in_scope(answers: Answers) -> list[bool | None]:
    """Return whether each input is in scope; None where the bundle has no threshold."""
    outside = answers.out_of_scope
    return [None] * len(outside) if answers.threshold is None else (~outside).tolist()


def show(source: Source, requests: Requests, table: OpenedTable, *, json_: bool) -> None:
    """Print the table of one part with a label for each row; nothing before all have one."""
    bundle, ((rows, contents),) = source.bundle, table.parts
    with Progress("predicting", len(contents)) as bar:
        usable, answers, counts = ask(bundle, requests, contents, bar)
    counts.say(bundle, requests)
    # A program always finds the key; on a person's screen it would be a column of zeros.
    shares = json_ or bool(answers.unreadable.any())
    scope = json_ or answers.threshold is not None
    labelled = _labelled(rows, usable, answers, bundle.labels, shares=shares, scope=scope)
    if json_:
        records = labelled.astype("object").where(labelled.notna(), None).to_dict("records")
        give({**source.as_dict(counts.truncated), "predictions": records}, [], json_=True)
    else:
        click.echo(visible(guarded(labelled).to_csv(index=False)), nl=False)


def write(
    source: Source, requests: Requests, table: OpenedTable, output: Path, *, json_: bool
) -> None:
    """Write a table with a label for each row, a part at a time.

    Raises:
        UsageError: it cannot be written.

    """
    bundle, counts = source.bundle, RowCounts()
    # Where inputs have shares, always: whether one is large is known when the last row was read.
    shares = bool(requests.unreadable)
    # The bundle decides, never the rows: columns are known before the first of them.
    scope = bundle.manifest.threshold is not None
    absent = {name for name, told in (("unknown_share", shares), ("in_scope", scope)) if not told}
    added = {name: kind for name, kind in ADDED.items() if name not in absent}
    try:
        with (
            replacing(output) as beside,
            written.KINDS[output.suffix](beside, table.schema, added) as write_rows,
            Progress("predicting", table.rows) as bar,
        ):
            for part, contents in table.parts:
                usable, answers, more = ask(bundle, requests, contents, bar)
                rows = _labelled(part, usable, answers, bundle.labels, shares=shares, scope=scope)
                write_rows(rows)
                counts += more
    except OSError as problem:
        raise UsageError(
            f"{output} cannot be written: {problem.strerror or problem}",
            expected="a place that you may write to",
            cure="name another one with --output",
        ) from problem
    counts.say(bundle, requests)
    answer = {**source.as_dict(counts.truncated), "rows": counts.rows, "output": str(output)}
    give(answer, [f"{counts.rows:,} rows -> {output}"], json_=json_)


def _labelled(
    rows: pd.DataFrame,
    usable: list[bool],
    answers: Answers,
    labels: Sequence[str],
    *,
    shares: bool,
    scope: bool,
) -> pd.DataFrame:
    """Return rows with label and score; no probabilities of the other classes."""
    labelled = rows.copy()
    best = answers.probabilities.argmax(axis=1)
    _set(labelled, usable, "predicted_label", [labels[number] for number in best])
    _set(labelled, usable, "score", answers.probabilities.max(axis=1).round(DIGITS).tolist())
    if scope:
        _set(labelled, usable, "in_scope", in_scope(answers))
    if shares:
        _set(labelled, usable, "unknown_share", answers.unknown.round(DIGITS).tolist())
    return labelled


def _set(table: pd.DataFrame, usable: list[bool], column: str, values: Sequence[Any]) -> None:
    """Set a column of the usable rows, a whole one at a time."""
    table[column] = None
    if any(usable):
        table.loc[usable, column] = values

"""The knowledge file: questions with their answers, each text kept as it stands.

Reads a CSV, TSV, JSON Lines or Parquet table with the columns ``id``, ``question`` and ``answer``,
and, if they are there, ``language`` (``en`` or ``zh``; else it is told by the question) and
``intent``. A row whose id was met before, and whose answer is empty, is another wording of that
entry's question. Writes nothing. What can't be an entry is refused with the numbers of its rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay.applications.customer_service import languages
from assay.errors import SourceRefused
from assay.gateways import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from assay.applications.customer_service.turn import Language

COLUMNS = ("id", "question", "answer")
OPTIONAL = ("language", "intent")
LONGEST_QUESTION, LONGEST_ANSWER = 500, 10_000
# The first line of a table is its header, and people count from one.
FIRST_ROW = 2


@dataclass(frozen=True)
class Entry:
    """A question with its answer.

    Attributes:
        id: unique in the file.
        question: as it is shown.
        wordings: the question, and the others that the file has for it.
        answer: verbatim.
        language: of question and answer.
        intent: a label, or None.

    """

    id: str
    question: str
    wordings: tuple[str, ...]
    answer: str
    language: Language
    intent: str | None


@dataclass(frozen=True)
class Row:
    """A row of the file, and its number there."""

    number: int
    id: str
    question: str
    answer: str
    language: str
    intent: str


def read(path: Path, known: Sequence[Language]) -> tuple[Entry, ...]:
    """Return the entries in the file's order; ``known`` are the service's languages.

    Raises:
        MissingFile: there is no such file.
        SourceRefused: no such table, a column is missing, a cell is blank or too long, an id has
            two answers, two entries of a language have the same question, or an entry is in a
            language that the service does not speak.

    """
    rows = list(_rows(path))
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_id[row.id].append(row)
    entries = tuple(_entry(path, of_one, known) for of_one in by_id.values())
    _require_distinct(path, entries, rows)
    return entries


def _rows(path: Path) -> Iterable[Row]:
    table = tables.read_table(path)
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise SourceRefused(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(table.columns)}",
            expected=f"the columns {', '.join(COLUMNS)}, and if you like {', '.join(OPTIONAL)}",
            cure="rename its columns, or add them",
        )
    for name in OPTIONAL:
        if name not in table.columns:
            table[name] = None
    names = [*COLUMNS, *OPTIONAL]
    for number, cells in enumerate(table[names].itertuples(index=False), FIRST_ROW):
        values = dict(zip(names, ("" if pd.isna(one) else str(one) for one in cells), strict=True))
        yield _checked(path, Row(number, **values))


def _checked(path: Path, row: Row) -> Row:
    for name, text, most in (
        ("id", row.id, LONGEST_QUESTION),
        ("question", row.question, LONGEST_QUESTION),
    ):
        if not text.strip():
            raise _refused(path, [row], f"no {name}", "an id and a question in each row")
        if len(text) > most:
            raise _refused(path, [row], f"{name} of {len(text)} letters", f"{most} at most")
    if len(row.answer) > LONGEST_ANSWER:
        raise _refused(
            path, [row], f"answer of {len(row.answer)} letters", f"{LONGEST_ANSWER} at most"
        )
    return row


def _entry(path: Path, rows: Sequence[Row], known: Sequence[Language]) -> Entry:
    answers = [row for row in rows if row.answer.strip()]
    if len(answers) != 1:
        found = f"the id {rows[0].id!r} has {len(answers)} answers"
        raise _refused(path, answers or rows, found, "one answer an id; other wordings have none")
    first = answers[0]
    language = _language(path, first, known)
    intents = {row.intent for row in rows if row.intent}
    if len(intents) > 1:
        found = f"the id {first.id!r} has the intents {', '.join(sorted(intents))}"
        raise _refused(path, rows, found, "one intent an id")
    others = [row.question for row in rows if row is not first]
    wordings = tuple(dict.fromkeys([first.question, *others]))
    return Entry(
        first.id, first.question, wordings, first.answer, language, next(iter(intents), None)
    )


def _language(path: Path, row: Row, known: Sequence[Language]) -> Language:
    for code in known:
        if row.language == code:
            return code
    expected = "one of the service's languages, " + ", ".join(known)
    if row.language:
        raise _refused(path, [row], f"the language {row.language!r}", expected)
    written = languages.of(row.question, known)
    if written.code is None:
        raise _refused(path, [row], f"the question's language is told as {written.name}", expected)
    return written.code


def _require_distinct(path: Path, entries: Sequence[Entry], rows: Sequence[Row]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for entry in entries:
        for wording in entry.wordings:
            key = (entry.language, " ".join(wording.lower().split()))
            if owners.setdefault(key, entry.id) != entry.id:
                ids = (owners[key], entry.id)
                both = [
                    row
                    for row in rows
                    if row.id in ids and " ".join(row.question.lower().split()) == key[1]
                ]
                found = f"the ids {ids[0]!r} and {ids[1]!r} ask the same"
                raise _refused(path, both, found, "a question under one id alone")


def _refused(path: Path, rows: Sequence[Row], found: str, expected: str) -> SourceRefused:
    numbers = ", ".join(str(row.number) for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    name = "row" if len(rows) == 1 else "rows"
    return SourceRefused(
        f"{path}, {name} {numbers}{more}: {found}",
        expected=expected,
        cure=f"correct {'it' if len(rows) == 1 else 'them'} in {path}; the header is row 1",
    )

"""Tables in Markdown, each between two markers of a page.

``<!-- bench:NAME -->`` begins what is measured, ``<!-- /bench:NAME -->`` ends it. Reads and writes
the page that it is given; nothing outside the markers changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import MissingFile, UsageError
from assay.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column is text and whose others are figures."""
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def require_markers(page: Path, names: Iterable[str]) -> None:
    """Refuse a page that has no place for a table, before anything is measured.

    Raises:
        MissingFile: there is no such page.
        UsageError: a marker is missing, or stands twice.

    """
    if not page.is_file():
        raise MissingFile(
            f"there is no {page}",
            expected="the page that holds the tables",
            cure=f"take it from git: git checkout {page}",
        )
    text = page.read_text(encoding="utf-8")
    for name in names:
        _cut(page, text, name)


def write(page: Path, name: str, body: str) -> None:
    """Put ``body`` between the markers of ``name``, atomically.

    Raises:
        UsageError: a marker is missing, or stands twice.

    """
    before, after = _cut(page, page.read_text(encoding="utf-8"), name)
    write_text(page, f"{before}\n{body.strip()}\n{after}")


def _cut(page: Path, text: str, name: str) -> tuple[str, str]:
    """Return the page up to and with the first marker, and from the second on."""
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise UsageError(
            f"{page} has no place for the table {name!r}",
            expected=f"{begin} and, below it, {end}, each once",
            cure="put both lines where the table belongs",
        )
    return text[: text.index(begin) + len(begin)], text[text.index(end) :]

"""The page a person reads first, and the model card: ``report.md``.

Reads and writes nothing: returns Markdown. Holds nothing that varies between runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.reporting.markdown import escaped, number, tabulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from assay.reporting.section import Section


def render(name: str, lead: str, sections: Sequence[Section]) -> str:
    """Return the whole page: the model's name, a paragraph that says most, and the sections."""
    parts = [f"# {escaped(name)}\n\n{lead}", *map(_section, sections)]
    return "\n\n".join(parts) + "\n"


def _section(part: Section) -> str:
    """Return one section; its table and figure are the files that the stage writes."""
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

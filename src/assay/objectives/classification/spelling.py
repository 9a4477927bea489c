"""Labels that are most often one class, spelt in two ways.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.excerpts import EXAMPLES, excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping


def same_but_for_case(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a note for each group of labels that differ in upper and lower case alone.

    ``counts`` holds the rows of each label. The labels stay classes of their own, since ``a`` and
    ``A`` may be two things. Of many groups, and of many labels in one, the first few are named.
    """
    groups: dict[str, list[str]] = {}
    for label in sorted(counts):
        groups.setdefault(label.casefold(), []).append(label)
    several = [alike for alike in groups.values() if len(alike) > 1]
    notes = [
        "the labels "
        + " and ".join(f"{excerpt(label)!r} ({counts[label]:,})" for label in alike[:EXAMPLES])
        + " differ in upper and lower case alone, and are classes of their own; where they are "
        "one, write them alike in the data and under labels in params.yaml"
        for alike in several[:EXAMPLES]
    ]
    if others := several[EXAMPLES:]:
        notes.append(f"so do {len(others):,} further groups of labels")
    return tuple(notes)

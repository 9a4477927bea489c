"""What a modality asks of the objective, without knowing what is learned.

Reads and writes nothing. A modality reads, measures and splits rows by their content; which further
columns a row needs, and which rows can't be learned from because of them, the objective says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from assay.records import DataSummary, KeptRows


class Targets(Protocol):
    """The columns beside a row's content, and the rules that hold for them."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a row needs beside its content."""

    @property
    def meanings(self) -> Mapping[str, str]:
        """Each kind of :meth:`defects`, as a reader of the report understands it."""

    def defects(
        self, rows: pd.DataFrame, key: pd.Series[str], exempt: pd.Series[bool]
    ) -> pd.DataFrame:
        """Return a boolean column for each kind of defect, aligned with ``rows``.

        Rows of one ``key`` have the same content (None: no content). Rows that are ``exempt``
        stay what they are: a test split that came with the source.
        """

    def measured(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> pd.DataFrame:
        """Return the columns that the suite may name, aligned with ``rows``."""

    def classes(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> dict[str, KeptRows]:
        """Return how many rows of each class there are; empty where there are no classes."""

    def notes(self, rows: pd.DataFrame) -> tuple[str, ...]:
        """Return in sentences what a reader of the report should look at; most often nothing."""

    def require(self, rows: pd.DataFrame, place: pd.Series[str], noun: str) -> None:
        """Refuse kept rows that leave the train split without something to learn.

        ``place`` holds each row's split; ``noun`` is what the user calls a row.

        Raises:
            DataRefused: says what is lacking.

        """

    def counts(self, rows: pd.DataFrame) -> dict[str, int]:
        """Return the rows of each class, for the split report."""


@dataclass(frozen=True)
class Measurement:
    """The raw table with a column for each measured property, and what was found in short."""

    table: pd.DataFrame
    summary: DataSummary

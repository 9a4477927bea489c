"""What is known at a scheduled tick. Reads and writes nothing, and holds no rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.monitoring.drift import Drift


@dataclass(frozen=True)
class Facts:
    """What is known at a tick.

    Attributes:
        champion: whether the model has one.
        age_days: since the champion was trained; None where there is none.
        new_rows: since the champion, or all rows where there is none.
        rows: of the data set.
        drift: what the tests found; None where there was nothing to test.
        changed_source: whether the source is another one than the champion's.
        changed_settings: names of settings that differ from the champion's.
        changed_code: names of files of code that differ from the champion's.
        forced: whether a person asked for a training.
        refused_data: whether this very data set was refused before.
        refusal: what refused it; empty where nothing did.

    """

    champion: bool
    age_days: float | None
    new_rows: int
    rows: int
    drift: Drift | None
    changed_source: bool = False
    changed_settings: tuple[str, ...] = ()
    changed_code: tuple[str, ...] = ()
    forced: bool = False
    refused_data: bool = False
    refusal: str = ""

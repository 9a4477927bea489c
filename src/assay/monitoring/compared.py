"""How a challenger's answers compared with the champion's, in counts: no text is among them.

Reads and appends to the file that it is given: a line of JSON for each stretch of time. Two servers
may append to one file. Lines of the same two bundles add up.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field, ValidationError

from assay.errors import RecordRefused
from assay.files import write_text
from assay.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# A latency is kept as a power of this, rounded up: to 10 % of itself.
STEP = 1.1
# A file that is larger, in bytes, is written anew with a line for each two bundles.
LARGE = 1_000_000

Latencies = dict[int, int]
Key = TypeVar("Key", int, str)


class Compared(Record):
    """Rows that both answered.

    Attributes:
        champion: its version, and the digest of its bundle.
        champion_digest: of the bundle.
        challenger: its version, or "workspace".
        challenger_digest: of the bundle.
        since: when the first of these rows was asked, in UTC.
        until: when the last one was.
        rows: that both answered.
        agreements: rows with the same label.
        disagreements: rows by the champion's label, then by the challenger's.
        failed: rows that the challenger could not answer.
        dropped: rows that it was not asked about, since it could not keep up.
        champion_latencies: rows by the seconds that a row of their request took on average, see
            :func:`bucket`.
        challenger_latencies: rows by the seconds that each took, asked alone.

    """

    champion: str
    champion_digest: str
    challenger: str
    challenger_digest: str
    since: str
    until: str
    rows: int = 0
    agreements: int = 0
    disagreements: dict[str, dict[str, int]] = Field(default_factory=dict)
    failed: int = 0
    dropped: int = 0
    champion_latencies: Latencies = Field(default_factory=dict)
    challenger_latencies: Latencies = Field(default_factory=dict)

    @property
    def bundles(self) -> tuple[str, str]:
        """The two bundles that were compared."""
        return self.champion_digest, self.challenger_digest

    def __add__(self, other: Compared) -> Compared:
        """Return both together; the names are the later one's."""
        first, last = sorted((self, other), key=lambda one: one.until)
        pairs = {**self.disagreements, **other.disagreements}
        return last.model_copy(
            update={
                "since": min(self.since, other.since),
                "rows": self.rows + other.rows,
                "agreements": self.agreements + other.agreements,
                "disagreements": {
                    label: _sum(self.disagreements.get(label), other.disagreements.get(label))
                    for label in pairs
                },
                "failed": self.failed + other.failed,
                "dropped": self.dropped + other.dropped,
                "champion_latencies": _sum(first.champion_latencies, last.champion_latencies),
                "challenger_latencies": _sum(first.challenger_latencies, last.challenger_latencies),
            }
        )


def bucket(seconds: float) -> int:
    """Return the number under which a latency is counted."""
    return math.ceil(math.log(max(seconds, 1e-6), STEP))


def quantile(latencies: Latencies, share: float) -> float | None:
    """Return the latency in seconds that a share of rows does not exceed; None without one."""
    total = sum(latencies.values())
    reached = 0
    for number in sorted(latencies):
        reached += latencies[number]
        if reached >= share * total:
            return float(STEP**number)
    return None


def append(path: Path, found: Compared) -> None:
    """Add a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(found.model_dump_json() + "\n")


def read(path: Path) -> list[Compared]:
    """Return what was compared, each two bundles once, those last seen at the end.

    Raises:
        RecordRefused: a line is not one that a server wrote.

    """
    together: dict[tuple[str, str], Compared] = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            found = Compared.model_validate_json(line)
        except ValidationError as problem:
            raise RecordRefused(
                f"line {number} of {path} is no record of a challenger",
                expected="lines as this version of `assay serve` writes them",
                cure="move the file away; the server begins a new one",
            ) from problem
        before = together.pop(found.bundles, None)
        together[found.bundles] = before + found if before else found
    return sorted(together.values(), key=lambda one: one.until)


def compact(path: Path) -> None:
    """Write a file that grew large anew, shorter."""
    if path.is_file() and path.stat().st_size > LARGE:
        write_text(path, "".join(f"{one.model_dump_json()}\n" for one in read(path)))


def _lines(path: Path) -> Iterable[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else ()


def _sum(first: Mapping[Key, int] | None, second: Mapping[Key, int] | None) -> dict[Key, int]:
    return dict(Counter(first or {}) + Counter(second or {}))

"""Comparisons in turns, medians with their spread, and the facts of this machine.

Reads ``/proc/cpuinfo`` and the versions of installed packages. Writes nothing.
"""

from __future__ import annotations

import math
import platform
import statistics
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from assay import cores
from assay.processor import INSTRUCTIONS, processor_class
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

# What decides these figures; onnxruntime's wheel has two names.
PACKAGES = ("torch", "transformers", "onnxruntime", "onnxruntime-gpu", "dvc", "prefect")


@dataclass(frozen=True)
class Spread:
    """Several runs of one thing."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the median, the least and the greatest of ``values``."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.low)}–{number(self.high)})"


def in_turns(
    contenders: Mapping[str, Callable[[], T]], rounds: int, name: str = "measuring"
) -> dict[str, list[T]]:
    """Run A B C, A B C, ... ; return each contender's answers, a round each.

    What slows the machine for a while then slows all of a round, and their ratio stays.
    """
    answers: dict[str, list[T]] = {contender: [] for contender in contenders}
    with Progress(name, len(contenders) * rounds) as bar:
        for _ in range(rounds):
            for contender, run in contenders.items():
                answers[contender].append(run())
                bar.advance(note=contender)
    return answers


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return ``above / below`` of each round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` of ``values`` do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-int(share * 100) * len(ranked) // 100) - 1)]


def figure(value: float | None) -> float:
    """Return a metric's value, NaN where it is undefined."""
    return math.nan if value is None else value


def number(value: float) -> str:
    """Return three digits or so, as a person writes them."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def facts(runs: str, figures: str = "each figure is the median (least–greatest)") -> str:
    """Return the lines that every table stands under: hardware, versions, number of runs."""
    flags = " ".join(name for name in INSTRUCTIONS if name in processor_class().split())
    versions = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    return "\n".join(
        [
            f"- Hardware: {processor_name()}, {cores.usable()} cores ({flags or 'no flags known'})",
            f"- Versions: python {platform.python_version()}, {', '.join(versions)}",
            f"- Runs: {runs}; {figures}",
        ]
    )


def processor_name() -> str:
    """Return the processor's name as Linux gives it, or what Python knows."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

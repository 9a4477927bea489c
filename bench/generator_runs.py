"""One ``assay run`` of a language model after another, and the table of what they came to.

Reads and writes the throw-away project that it is given.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import records
from assay.paths import ModelPaths
from assay.records import Parity, Timings
from bench import examples, runs, tables
from bench.measure import figure, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.project import Project
    from bench.runs import Run

HEAD = (
    *("model", "bits per byte (95 %)", "nats per token", "n-grams, nats", "bits against n-grams"),
    *("copied texts", "training, s", "bundle, MB", "tokens a second"),
)


@dataclass(frozen=True)
class GeneratorRun:
    """A run of a language model, and what stands beside it.

    Attributes:
        name: of the example.
        run: its test split and times.
        parity: which precision is served, and its size.
        timings: of the export.
        more: cells of further columns.

    """

    name: str
    run: Run
    parity: Parity
    timings: Timings
    more: tuple[str, ...] = ()

    def value(self, name: str) -> float:
        """Return a metric's value."""
        return figure(self.run.evaluation.metric(name).value)

    def baseline(self, name: str) -> float:
        """Return the baseline's value of a metric."""
        return figure(self.run.evaluation.metric(name).baseline)

    @property
    def gain(self) -> float:
        """By which share the model needs fewer bits than the baseline; negative is better."""
        return self.value("bits_per_byte") / self.baseline("bits_per_byte") - 1

    @property
    def note(self) -> str:
        """Its loss, for the progress."""
        return f"{self.value('nats_per_token'):.4f}"


def of(built: Project, name: str, seed: int) -> GeneratorRun:
    """Run a model from a seed.

    Raises:
        StageFailed: the command failed.

    """
    run = runs.of(built, name, seed)
    files = ModelPaths(name)
    return GeneratorRun(
        name,
        run,
        parity=records.read(built.folder / files.parity, Parity),
        timings=records.read(built.folder / files.timings, Timings),
    )


def table(found: Sequence[GeneratorRun], more: Sequence[str] = ()) -> str:
    """Return a line for each run, and the mean of those that differ by their seed alone.

    Args:
        found: the runs.
        more: the heads of their further columns.

    """
    return tables.markdown((*HEAD, *more), examples.lines(found, _line, _mean))


def _line(one: GeneratorRun) -> list[str]:
    metric = one.run.evaluation.metric("bits_per_byte")
    served = one.parity.precision
    return [
        f"`{one.name}`, seed {one.run.seed}",
        f"{one.value('bits_per_byte'):.4f} ({figure(metric.low):.3f}–{figure(metric.high):.3f})",
        f"{one.value('nats_per_token'):.4f}",
        f"{one.baseline('nats_per_token'):.4f}",
        f"{one.gain:+.1%}",
        f"{one.value('copied_share'):.3f} (held out {one.baseline('copied_share'):.3f})",
        number(one.run.training),
        f"{served}, {one.parity.served.megabytes:.1f}",
        number(one.timings.served(served)),
        *one.more,
    ]


def _mean(name: str, found: Sequence[GeneratorRun]) -> list[str]:
    bits, nats = (
        f"**{statistics.mean(one.value(metric) for one in found):.4f}**"
        for metric in ("bits_per_byte", "nats_per_token")
    )
    gain = f"**{statistics.mean(one.gain for one in found):+.1%}**"
    return [f"**`{name}`, mean**", bits, nats, "", gain, *[""] * (4 + len(found[0].more))]

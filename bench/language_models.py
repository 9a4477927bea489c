"""The language models of ``examples/`` by the real command, three seeds each, beside n-grams.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. Most of an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay import records
from assay.paths import ModelPaths
from assay.progress import Progress
from assay.records import Parity, Timings
from bench import project, runs, tables, tunes
from bench.measure import facts, figure, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.project import Project
    from bench.runs import Run
    from bench.tunes import Form

EXAMPLES = Path("examples")
POEMS = "songci"
HEAD = (
    *("model", "bits per byte (95 %)", "nats per token", "n-grams, nats", "bits against n-grams"),
    *("copied texts", "keep the form", "training, s", "bundle, MB", "tokens a second"),
)


@dataclass(frozen=True)
class Size:
    """How much is measured: the seeds of each model, and changes to its settings by block."""

    seeds: Mapping[str, Sequence[int]]
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


FULL = Size(dict.fromkeys(("shakespeare", POEMS), (13, 14, 15)))
QUICK = Size(
    {"shakespeare": (13,)},
    {"train": {"epochs": 1, "layers": 1, "width": 64}, "evaluate": {"samples": 10}},
)


@dataclass(frozen=True)
class Built:
    """A run of a language model, and what stands beside it; ``form`` is that of poems alone."""

    name: str
    run: Run
    parity: Parity
    timings: Timings
    form: Form | None

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


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    examples = [EXAMPLES / f"{name}.yaml" for name in size.seeds]
    order = [(name, seed) for name, seeds in size.seeds.items() for seed in seeds]
    found: list[Built] = []
    with tempfile.TemporaryDirectory() as scratch, Progress("language models", len(order)) as bar:
        built = project.from_examples(
            Path(scratch) / "project", *examples, stage_command="python -m bench.stopwatch"
        )
        for name, seed in order:
            project.change(built, name, size.changes)
            found.append(_of(built, name, seed))
            bar.advance(note=f"{name} {found[-1].value('nats_per_token'):.4f}")
    return _page(found)


def _of(built: Project, name: str, seed: int) -> Built:
    run = runs.of(built, name, seed)
    files = ModelPaths(name)
    form = None
    if name == POEMS:
        with contextlib.chdir(built.folder):
            form = tunes.measured(files, seed)
    return Built(
        name,
        run,
        parity=records.read(built.folder / files.parity, Parity),
        timings=records.read(built.folder / files.timings, Timings),
        form=form,
    )


def _page(found: Sequence[Built]) -> str:
    return "\n\n".join(
        [
            "**Language models.** `assay new NAME --from examples/NAME.yaml`, then `assay run "
            "NAME` for each seed; the bundle as it is served, on the test split (`shakespeare`: "
            "the last tenth of the file, as in nanoGPT). A token is a character here. N-grams are "
            "interpolated Kneser-Ney on the same tokens and train split. Copied: 200 texts "
            "generated from no prompt at temperature 1, of which this share has a passage of a "
            "train text (50 characters of `shakespeare`, 20 of `songci`), and of held-out texts of "
            f"equal length. The form: of {tunes.TUNES * tunes.EACH} poems to the ten commonest "
            f"tunes at temperature {tunes.TEMPERATURE}, those whose lines are as long as those of "
            "a train poem of the same tune, all of them; and of the test split's poems to these "
            "tunes. Tokens a second are those of the export's timing on validation documents.",
            facts(f"{len(found)} runs, each once", figures="those of a seed are its one run's"),
            tables.markdown(HEAD, _lines(found)),
        ]
    )


def _lines(found: Sequence[Built]) -> list[list[str]]:
    lines = []
    for name in dict.fromkeys(one.name for one in found):
        own = [one for one in found if one.name == name]
        lines += [_line(one) for one in own]
        lines += [_mean(name, own)] if len(own) > 1 else []
    return lines


def _line(one: Built) -> list[str]:
    metric = one.run.evaluation.metric("bits_per_byte")
    served = one.parity.precision
    return [
        f"`{one.name}`, seed {one.run.seed}",
        f"{one.value('bits_per_byte'):.4f} ({figure(metric.low):.3f}–{figure(metric.high):.3f})",
        f"{one.value('nats_per_token'):.4f}",
        f"{one.baseline('nats_per_token'):.4f}",
        f"{one.gain:+.1%}",
        f"{one.value('copied_share'):.3f} (held out {one.baseline('copied_share'):.3f})",
        "" if one.form is None else f"{one.form.generated:.1%} (test {one.form.held_out:.1%})",
        number(one.run.training),
        f"{served}, {one.parity.served.megabytes:.1f}",
        number(one.timings.served(served)),
    ]


def _mean(name: str, found: Sequence[Built]) -> list[str]:
    bits, nats = (
        f"**{statistics.mean(one.value(metric) for one in found):.4f}**"
        for metric in ("bits_per_byte", "nats_per_token")
    )
    gain = f"**{statistics.mean(one.gain for one in found):+.1%}**"
    return [f"**`{name}`, mean**", bits, nats, "", gain, *[""] * 5]

"""The text models of Assay and its examples by the real command, beside TF-IDF.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.progress import Progress
from bench import project, text_runs
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.text_runs import TextRun

EXAMPLES = Path("examples")


@dataclass(frozen=True)
class Size:
    """How much is measured: the seeds of each model, and changes to its settings by block."""

    seeds: Mapping[str, Sequence[int]]
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# Three seeds where a target names their mean.
FULL = Size({**dict.fromkeys((project.MODEL, "sst2", "hotels"), (13, 14, 15)), "banking77": (13,)})
QUICK = Size({"sst2": (13,)}, {"ingest": {"limit": 900}, "train": {"mode": "probe"}})


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    return page(runs_of(QUICK if quick else FULL))


def runs_of(size: Size) -> list[TextRun]:
    """Run every model from each of its seeds, one after another.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    examples = [EXAMPLES / f"{name}.yaml" for name in size.seeds if name != project.MODEL]
    order = [(name, seed) for name, seeds in size.seeds.items() for seed in seeds]
    runs: list[TextRun] = []
    with tempfile.TemporaryDirectory() as scratch, Progress("texts", len(order)) as bar:
        built = project.from_examples(
            Path(scratch) / "project", *examples, stage_command="python -m bench.stopwatch"
        )
        for name, seed in order:
            project.change(built, name, size.changes)
            runs.append(text_runs.of(built, name, seed))
            bar.advance(note=f"{name} {runs[-1].run.accuracy:.4f}")
    return runs


def page(runs: Sequence[TextRun]) -> str:
    """Return the table and what it is of."""
    return "\n\n".join(
        [
            "**Texts.** `opinions`, and `assay new NAME --from examples/NAME.yaml`; then `assay "
            "run NAME` for each seed. Accuracy and macro F1 of the bundle as it is served, on the "
            "test split that the pipeline made (`sst2`: its own dev file); beside it the accuracy "
            "of TF-IDF and logistic regression on the same rows. Training is what its loop takes; "
            "the whole run begins with the data (later seeds find it there). Rows a second are "
            "those of the export's timing on validation texts. Settings were chosen on validation "
            "splits alone.",
            facts(f"{len(runs)} runs, each once", figures="those of a seed are its one run's"),
            text_runs.table(runs),
        ]
    )

"""Text networks from random weights, by the real command: the LSTM and the bag of n-grams.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assay.progress import Progress
from bench import project, text_runs
from bench.examples import EXAMPLES
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.text_runs import TextRun

NETWORKS = ("bow", "lstm")
FULL = (project.MODEL, "sst2", "banking77", "hotels", "reviews", "shop10")
SEED = 13


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    names = ("sst2",) if quick else FULL
    examples = [EXAMPLES / f"{name}.yaml" for name in names if name != project.MODEL]
    runs: list[TextRun] = []
    with tempfile.TemporaryDirectory() as scratch, Progress("networks", 2 * len(names)) as bar:
        built = project.from_examples(
            Path(scratch) / "project", *examples, stage_command="python -m bench.stopwatch"
        )
        for name in names:
            if quick:
                project.change(built, name, {"ingest": {"limit": 900}})
            for network in NETWORKS:
                shown = f"{name}, {network}"
                project.replace_training(built, name, _training(network, quick))
                runs.append(text_runs.of(built, name, SEED, shown))
                bar.advance(note=f"{shown} {runs[-1].run.accuracy:.4f}")
    return _page(runs)


def _training(network: str, quick: bool) -> dict[str, str | int | None]:
    """Return the settings of a network's training: its defaults."""
    own: dict[str, str | int | None] = {"checkpoint": None, "network": network}
    return own | ({"epochs": 1} if quick else {})


def _page(runs: Sequence[TextRun]) -> str:
    return "\n\n".join(
        [
            "**Networks from random weights.** The models of the table above with `network: bow` "
            "or `lstm`, `checkpoint: null` and no other setting of training: the same rows, test "
            "split and columns.",
            facts(f"{len(runs)} runs, each once", figures="of one seed"),
            text_runs.table(runs),
        ]
    )

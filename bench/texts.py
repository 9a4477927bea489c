"""The text models of Assay and its examples by the real command, beside TF-IDF.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import examples, project, text_runs
from bench.examples import Size
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.text_runs import TextRun

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
    return examples.each("texts", size, text_runs.of)


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

"""The examples of larger Chinese tables by the real command, from one seed, beside TF-IDF.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

from bench import texts
from bench.examples import Size

FULL = Size(dict.fromkeys(("reviews", "shop10"), (13,)))
QUICK = Size(
    {"reviews": (13,)},
    {"ingest": {"limit": 900}, "train": {"mode": "probe", "layers": 1}},
)


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    return texts.page(texts.runs_of(QUICK if quick else FULL))

"""The language model of characters in ``examples/`` by the real command, three seeds, and n-grams.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import examples, generator_runs
from bench.examples import Size
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.generator_runs import GeneratorRun

FULL = Size({"shakespeare": (13, 14, 15)})
QUICK = Size(
    {"shakespeare": (13,)},
    {"train": {"epochs": 1, "layers": 1, "width": 64}, "evaluate": {"samples": 10}},
)


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    return _page(examples.each("language models", QUICK if quick else FULL, generator_runs.of))


def _page(found: Sequence[GeneratorRun]) -> str:
    return "\n\n".join(
        [
            "**Language models.** `assay new shakespeare --from examples/shakespeare.yaml`, then "
            "`assay run shakespeare` for each seed; the bundle as it is served, on the test split "
            "(the last tenth of the file, as in nanoGPT). A token is a character here. N-grams are "
            "interpolated Kneser-Ney on the same tokens and train split. Copied: 200 texts "
            "generated from no prompt at temperature 1, of which this share has a passage of 50 "
            "characters of a train text, and of held-out texts of equal length. Tokens a second "
            "are those of the export's timing on validation documents.",
            facts(f"{len(found)} runs, each once", figures="those of a seed are its one run's"),
            generator_runs.table(found),
        ]
    )

"""The language model of Song-dynasty poems by the real command, three seeds, and their form.

Reads ``examples/songci.yaml`` and its source, which ``ASSAY_MIRROR`` alone has. Writes a temporary
folder alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.paths import ModelPaths
from bench import examples, generator_runs, tunes
from bench.examples import Size
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.generator_runs import GeneratorRun
    from bench.project import Project

FULL = Size({"songci": (13, 14, 15)})
QUICK = Size(
    {"songci": (13,)},
    {
        "ingest": {"limit": 600},
        "train": {"epochs": 1, "layers": 1, "width": 64},
        "evaluate": {"samples": 10},
    },
)


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks the example.
        StageFailed: a command failed.

    """
    return _page(examples.each("poems", QUICK if quick else FULL, _of))


def _of(built: Project, name: str, seed: int) -> GeneratorRun:
    one = generator_runs.of(built, name, seed)
    with contextlib.chdir(built.folder):
        form = tunes.measured(ModelPaths(name), seed)
    return replace(one, more=(f"{form.generated:.1%} (test {form.held_out:.1%})",))


def _page(found: Sequence[GeneratorRun]) -> str:
    return "\n\n".join(
        [
            "**Poems.** `assay new songci --from examples/songci.yaml`, then `assay run songci` "
            "for each seed; the columns of the table above, but that copied texts have 20 "
            "characters of a train poem. The form: of "
            f"{tunes.TUNES * tunes.EACH} poems to the ten commonest tunes at temperature "
            f"{tunes.TEMPERATURE}, those whose lines are as long as those of a train poem of the "
            "same tune, all of them; and of the test split's poems to these tunes.",
            facts(f"{len(found)} runs, each once", figures="those of a seed are its one run's"),
            generator_runs.table(found, more=("keep the form",)),
        ]
    )

"""The pretrained decoder of ``examples/`` by the real command, three seeds: gain and forgetting.

Reads ``examples/smollm.yaml`` and its sources, one of which ``ASSAY_MIRROR`` alone has. Writes a
temporary folder alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench import examples, generator_runs
from bench.examples import Size
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.generator_runs import GeneratorRun
    from bench.project import Project

FULL = Size({"smollm": (13, 14, 15)})
QUICK = Size(
    {"smollm": (13,)},
    {"ingest": {"limit": 60}, "train": {"epochs": 1}, "evaluate": {"samples": 10}},
)
MORE = ("bits before fine-tuning", "bits against before", "perplexity of other texts")


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks the example.
        StageFailed: a command failed.

    """
    return _page(examples.each("fine-tuning", QUICK if quick else FULL, _of))


def _of(built: Project, name: str, seed: int) -> GeneratorRun:
    one = generator_runs.of(built, name, seed)
    before = one.value("before_bits_per_byte")
    return replace(
        one,
        more=(
            f"{before:.4f}",
            f"{one.value('bits_per_byte') / before - 1:+.1%}",
            f"{one.value('also_perplexity_rise'):+.1%}",
        ),
    )


def _page(found: Sequence[GeneratorRun]) -> str:
    return "\n\n".join(
        [
            "**Fine-tuning.** `assay new smollm --from examples/smollm.yaml`, then `assay run "
            "smollm` for each seed: SmolLM2-135M-Instruct on the answers of a bank. The columns of "
            "the first table; a token is a piece of the decoder's own vocabulary, and of 50 "
            "generated texts those are copied that have 50 characters of a train text. Beside "
            "them the decoder as it came, on the same held-out answers, and what fine-tuning adds "
            "to its perplexity on the validation file of WikiText-2.",
            facts(f"{len(found)} runs, each once", figures="those of a seed are its one run's"),
            generator_runs.table(found, more=MORE),
        ]
    )

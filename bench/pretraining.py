"""Whether masked language modelling on the train split's own texts helps the Chinese models.

Reads the workspace's settings and its train and validation splits, never the test split. Writes
temporary folders alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assay.progress import say
from assay.tasks import registry
from assay.tasks.text_classification.settings import TextClassificationModel
from assay.tasks.text_classification.splits import Splits, train_texts
from assay.tasks.text_classification.start import Start
from bench import masking, project, tables, tuning
from bench.measure import facts, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.masking import Learned
    from bench.tuning import FineTuned, Scores

ALL = 10**9


@dataclass(frozen=True)
class Plan:
    """How much of one data set is used; ``texts`` are unlabelled, ``labelled`` fine-tune."""

    passes: int
    texts: int = ALL
    labelled: int = ALL
    validation: int = ALL


@dataclass(frozen=True)
class Size:
    """The data sets, and the seeds of fine-tuning; pretraining has the first one."""

    plans: Mapping[str, Plan]
    seeds: tuple[int, ...]


# Few labels and many texts: where pretraining should help most.
FULL = Size(
    {"reviews": Plan(1, texts=12_000, labelled=2_000), "hotels": Plan(1, labelled=2_000)},
    seeds=(13, 14, 15),
)
QUICK = Size({"hotels": Plan(1, texts=64, labelled=64, validation=64)}, seeds=(13,))


@dataclass(frozen=True)
class Comparison:
    """One data set with and without pretraining."""

    name: str
    plan: Plan
    texts: int
    labelled: int
    validation: int
    without: FineTuned
    with_it: FineTuned
    learned: Learned
    seconds: float


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        UnknownModel: the workspace lacks one of the models.
        MissingFile: it was not built.

    """
    size = QUICK if quick else FULL
    found = {name: _settings(name, size.seeds[0]) for name in size.plans}
    return _table([_compare(found[name], name, plan, size) for name, plan in size.plans.items()])


def _settings(name: str, seed: int) -> TextClassificationModel:
    """Return a model's settings, its fine-tuning cut down to one epoch."""
    found = registry.load_model(name)
    if not isinstance(found, TextClassificationModel):
        raise project.other_task(name, found, "text-classification")
    files = project.workspace(model=name)
    project.workspace(files.split("train"), files.split("validation"), model=name)
    return tuning.changed(found, epochs=1, seed=seed)


def _compare(settings: TextClassificationModel, name: str, plan: Plan, size: Size) -> Comparison:
    files = project.workspace(model=name)
    texts = train_texts(files)
    start = Start.chosen(settings, texts)
    whole = Splits.of(settings, files, start.tokenizer)
    splits = replace(
        whole,
        train=tuning.spread(whole.train, plan.labelled),
        validation=tuning.spread(whole.validation, plan.validation),
    )
    without = tuning.fine_tuned(start, splits, settings, size.seeds, None)
    say(f"bench: {name} without: {without}")
    read = [texts[place] for place in tuning.places(len(texts), plan.texts)]
    encoder = start.network(settings).encoder
    began = time.perf_counter()
    learned = masking.learn(encoder, start.tokenizer, read, settings.train, plan.passes)
    seconds = time.perf_counter() - began
    say(f"bench: {name}: {learned}, {number(seconds)} s")
    with_it = tuning.fine_tuned(start, splits, settings, size.seeds, encoder.state_dict())
    say(f"bench: {name} with: {with_it}")
    rows = (len(splits.train.labels), len(splits.validation.labels))
    return Comparison(name, plan, len(read), *rows, without, with_it, learned, seconds)


def _lines(found: Comparison) -> list[list[str]]:
    """Return a line for the probe, one for each seed, and one for the mean difference."""
    before, after = found.without, found.with_it
    pairs = [(before.tuned[seed], after.tuned[seed]) for seed in before.tuned]
    lines = [_line(f"`{found.name}`, the probe alone", before.probe, after.probe)]
    for seed, pair in zip(before.tuned, pairs, strict=True):
        lines.append(_line(f"`{found.name}`, seed {seed}", *pair))
    gains = (
        _mean([100 * (b.accuracy - a.accuracy) for a, b in pairs]),
        _mean([100 * (b.macro_f1 - a.macro_f1) for a, b in pairs]),
    )
    mean = [f"**`{found.name}`, mean of seeds**", "", "", gains[0], "", "", gains[1]]
    return [*lines, mean]


def _line(name: str, before: Scores, after: Scores) -> list[str]:
    cells = [name]
    for a, b in ((before.accuracy, after.accuracy), (before.macro_f1, after.macro_f1)):
        cells += [f"{a:.4f}", f"{b:.4f}", f"{100 * (b - a):+.2f}"]
    return cells


def _mean(gains: Sequence[float]) -> str:
    spread = f" ± {statistics.stdev(gains):.2f}" if len(gains) > 1 else ""
    return f"**{statistics.mean(gains):+.2f}{spread}**"


def _size(found: Comparison) -> str:
    passes = f"{found.plan.passes} pass{'es' if found.plan.passes > 1 else ''}"
    return (
        f"- `{found.name}`: {passes} over {found.texts:,} unlabelled texts of the train split, "
        f"{number(found.seconds)} s; loss on {min(masking.LOOKED_AT, found.texts)} of them "
        f"{found.learned.before:.2f} before, {found.learned.after:.2f} after. One epoch of "
        f"fine-tuning on {found.labelled:,} labelled rows, {found.validation:,} validation rows."
    )


def _table(comparisons: Sequence[Comparison]) -> str:
    head = ["data", *("accuracy without", "with", "difference, points")]
    head += ["macro F1 without", "with", "difference, points"]
    return "\n\n".join(
        [
            "**Pretraining on a model's own texts.** Masked language modelling on texts of the "
            "train split, then the model's own recipe (the linear probe, then one epoch of "
            "fine-tuning), beside the same without it; scores on the validation split, of the "
            "epoch that is kept. Pretraining has one seed, fine-tuning several; ± is the standard "
            "deviation of the differences. The test split is not read.",
            facts("one of each line", figures="those of a seed are its one run's"),
            "\n".join(map(_size, comparisons)),
            tables.markdown(head, [line for one in comparisons for line in _lines(one)]),
        ]
    )

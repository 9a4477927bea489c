"""The image generator of ``examples/`` beside the MLP of tutorials at equal seconds, three seeds.

Reads ``examples/fashion-vae.yaml`` and its source (``ASSAY_MIRROR`` first). Writes a temporary
folder alone. An hour on two cores: it is measured when it is asked for by name. Both learn the same
likelihood of the same images, by the real command; the MLP has one hidden layer of 400 and 20
latents (Kingma & Welling 2014, and PyTorch's example), and as many epochs as take as long.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.paths import ModelPaths
from assay.progress import Progress
from bench import project, runs, tables
from bench.measure import facts, figure, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.project import Project
    from bench.runs import Run

EXAMPLE = Path("examples/fashion-vae.yaml")
MODEL, TUTORIAL = "fashion-vae", "tutorial"
MLP = {"network": "mlp", "width": 400, "latents": 20, "learning_rate": 1e-3}
HEAD = (
    *("network, seed", "importance-weighted bound, nats (95 %)", "bits per dimension"),
    *("Fréchet distance", "of PCA", "active latents", "epochs", "training, s"),
)


@dataclass(frozen=True)
class Size:
    """How much is measured: seeds, epochs of the MLP's first trial, changes to the settings."""

    seeds: Sequence[int]
    trial: int
    changes: Mapping[str, Mapping[str, Any]]


FULL = Size((13, 14, 15), 3, {})
QUICK = Size(
    (13,),
    1,
    {
        "ingest": {"limit": 2000},
        "train": {"epochs": 2, "width": 8},
        "evaluate": {"bound_images": 20, "bound_samples": 4, "samples": 64, "bootstrap": 100},
    },
)


@dataclass(frozen=True)
class Pair:
    """Both networks from one seed, and the epochs of each."""

    ours: Run
    tutorial: Run
    epochs: tuple[int, int]


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks the example.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as scratch:
        built = project.from_examples(
            Path(scratch) / "project", EXAMPLE, stage_command="python -m bench.stopwatch"
        )
        project.change(built, MODEL, size.changes)
        project.copy_model(built, MODEL, TUTORIAL)
        project.change(built, TUTORIAL, {"train": {**MLP, "epochs": size.trial}})
        with Progress("autoencoders", len(size.seeds)) as bar:
            each = runs.of(built, TUTORIAL, size.seeds[0]).training / size.trial
            pairs = []
            for seed in size.seeds:
                pairs.append(_pair(built, seed, each))
                bar.advance(note=f"{_bound(pairs[-1].ours):.1f} {_bound(pairs[-1].tutorial):.1f}")
    return _page(pairs)


def _pair(built: Project, seed: int, each: float) -> Pair:
    """Train both; the MLP for as many epochs of ``each`` seconds as ours took."""
    ours = runs.of(built, MODEL, seed)
    epochs = max(1, round(ours.training / each))
    project.change(built, TUTORIAL, {"train": {"epochs": epochs, "patience": epochs}})
    return Pair(ours, runs.of(built, TUTORIAL, seed), (_epochs(built), epochs))


def _epochs(built: Project) -> int:
    """Return after how many epochs our training ended."""
    curve = pd.read_csv(built.folder / ModelPaths(MODEL).curve)
    return round(float(curve["epoch"].max()))


def _value(run: Run, name: str) -> float:
    return figure(run.evaluation.metric(name).value)


def _bound(run: Run) -> float:
    return _value(run, "negative_bound")


def _page(pairs: Sequence[Pair]) -> str:
    gain = statistics.mean(_bound(pair.tutorial) - _bound(pair.ours) for pair in pairs)
    share = statistics.mean(
        _value(pair.ours, "frechet_distance")
        / figure(pair.ours.evaluation.metric("frechet_distance").baseline)
        for pair in pairs
    )
    return "\n\n".join(
        [
            "**Image generation.** `assay new fashion-vae --from examples/fashion-vae.yaml`, then "
            "`assay run fashion-vae` for each seed, beside the MLP of tutorials (one hidden layer "
            "of 400, 20 latents, Adam at 0.001) with as many epochs as take as long. Both give "
            "8-bit images the same discretised logistic likelihood. The negative "
            "importance-weighted bound is of the bundle on the test split, lower is better: "
            f"**{gain:.1f} nats an image** lie between the two on average. The Fréchet distance is "
            f"**{share:.0%}** of that of images drawn from PCA with a normal distribution.",
            facts(f"{2 * len(pairs)} runs, each once", figures="those of a seed are its one run's"),
            tables.markdown(HEAD, [line for pair in pairs for line in _lines(pair)]),
        ]
    )


def _lines(pair: Pair) -> list[list[str]]:
    named = (("convolutional", pair.ours), ("tutorial's MLP", pair.tutorial))
    return [
        _line(f"{name}, {run.seed}", run, epochs)
        for (name, run), epochs in zip(named, pair.epochs, strict=True)
    ]


def _line(name: str, run: Run, epochs: int) -> list[str]:
    bound, distance = (
        run.evaluation.metric(each) for each in ("negative_bound", "frechet_distance")
    )
    return [
        name,
        f"{figure(bound.value):.1f} ({figure(bound.low):.1f}–{figure(bound.high):.1f})",
        f"{_value(run, 'bits_per_dimension'):.4f}",
        f"{figure(distance.value):.2f}",
        f"{figure(distance.baseline):.2f}",
        f"{_value(run, 'active_latents'):.0f}",
        str(epochs),
        number(run.training),
    ]

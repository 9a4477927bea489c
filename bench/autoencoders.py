"""The image generator of ``examples/`` beside the MLP of tutorials at equal seconds, three seeds.

Reads ``examples/fashion-vae.yaml`` and its source (``ASSAY_MIRROR`` first), and the checkpoint of
the workspace's ``fashion``, in whose features images are compared. Writes a temporary folder alone.
An hour on two cores: it is measured when it is asked for by name. Both learn the same
likelihood of the same images, by the real command; the MLP has one hidden layer of 400 and 20
latents (Kingma & Welling 2014, and PyTorch's example), and as many epochs as take as long.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.paths import ModelPaths
from assay.progress import Progress
from bench import drawn, project, runs, tables
from bench.measure import facts, figure, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.project import Project
    from bench.runs import Run

EXAMPLE = Path("examples/fashion-vae.yaml")
MODEL, TUTORIAL = "fashion-vae", "tutorial"
MLP = {"network": "mlp", "width": 400, "latents": 20, "learning_rate": 1e-3}
HEAD = (
    *("network, seed", "importance-weighted bound, nats (95 %)", "bits per dimension"),
    *("active latents", "epochs", "training, s"),
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
class Trained:
    """A network's run, its epochs, and how far each set of images is from test images."""

    run: Run
    epochs: int
    distances: Mapping[str, float]

    def value(self, name: str) -> float:
        """Return a figure of the report."""
        return figure(self.run.evaluation.metric(name).value)

    @property
    def bound(self) -> float:
        """The negative importance-weighted bound in nats an image."""
        return self.value("negative_bound")

    @property
    def share_of_simple(self) -> float:
        """The model's distance as a share of that of the nearest simple model."""
        apart = self.distances
        return apart[drawn.MODEL] / min(apart[name] for name in _simple(apart))


@dataclass(frozen=True)
class Pair:
    """Both networks from one seed."""

    ours: Trained
    tutorial: Trained


def measure(quick: bool) -> str:
    """Return the tables.

    Raises:
        MissingFile: the project lacks the example, or the workspace ``fashion``.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    files = project.workspace(ModelPaths(project.IMAGES).checkpoint, model=project.IMAGES)
    classifier = files.checkpoint.absolute()
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
                pairs.append(_pair(built, seed, each, classifier))
                bar.advance(note=f"{pairs[-1].ours.bound:.1f} {pairs[-1].tutorial.bound:.1f}")
    return _page(pairs)


def _pair(built: Project, seed: int, each: float, classifier: Path) -> Pair:
    """Train both; the MLP for as many epochs of ``each`` seconds as ours took."""
    ours = _trained(built, MODEL, seed, classifier)
    epochs = max(1, round(ours.run.training / each))
    project.change(built, TUTORIAL, {"train": {"epochs": epochs, "patience": epochs}})
    return Pair(ours, _trained(built, TUTORIAL, seed, classifier))


def _trained(built: Project, model: str, seed: int, classifier: Path) -> Trained:
    run = runs.of(built, model, seed)
    curve = pd.read_csv(built.folder / ModelPaths(model).curve)
    answer = built.call(project.script("python"), "-m", "bench.drawn", model, str(classifier))
    return Trained(run, round(float(curve["epoch"].max())), json.loads(answer.splitlines()[-1]))


def _simple(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in (drawn.TRAIN, drawn.MODEL)]


def _page(pairs: Sequence[Pair]) -> str:
    gain = statistics.mean(pair.tutorial.bound - pair.ours.bound for pair in pairs)
    share = statistics.mean(pair.ours.share_of_simple for pair in pairs)
    return "\n\n".join(
        [
            "**Image generation.** `assay new fashion-vae --from examples/fashion-vae.yaml`, then "
            "`assay run fashion-vae` for each seed, beside the MLP of tutorials (one hidden layer "
            "of 400, 20 latents, Adam at 0.001) with as many epochs as take as long. Both give "
            "8-bit images the same discretised logistic likelihood. The negative "
            "importance-weighted bound is of the bundle on the test split, lower is better: "
            f"**{gain:.1f} nats an image** lie between the two on average.",
            facts(f"{2 * len(pairs)} runs, each once", figures="those of a seed are its one run's"),
            tables.markdown(HEAD, [_line(*named) for pair in pairs for named in _named(pair)]),
            "The Fréchet distance of 2,000 images of each kind from as many test images, in what "
            "the last layer of the workspace's `fashion` reads of an image; train images are the "
            "floor. The simple models are those of the reports, of as many latents. Ours is "
            f"**{share:.0%}** of that of the nearest of them, the mean of the seeds.",
            _distances(pairs),
        ]
    )


def _named(pair: Pair) -> tuple[tuple[str, Trained], ...]:
    return (("convolutional", pair.ours), ("tutorial's MLP", pair.tutorial))


def _line(name: str, trained: Trained) -> list[str]:
    run = trained.run
    bound = run.evaluation.metric("negative_bound")
    return [
        f"{name}, {run.seed}",
        f"{figure(bound.value):.1f} ({figure(bound.low):.1f}–{figure(bound.high):.1f})",
        f"{trained.value('bits_per_dimension'):.4f}",
        f"{trained.value('active_latents'):.0f}",
        str(trained.epochs),
        number(run.training),
    ]


def _distances(pairs: Sequence[Pair]) -> str:
    """Return the distances; simple models have the latents of the network in their line."""
    lines = [
        [f"{name}, {trained.run.seed}", *(f"{far:.4g}" for far in _in_order(trained.distances))]
        for pair in pairs
        for name, trained in _named(pair)
    ]
    kinds = ("histograms of pixels", "PCA, one Gaussian", "PCA, mixture")
    return tables.markdown(("network, seed", drawn.TRAIN, drawn.MODEL, *kinds), lines)


def _in_order(distances: Mapping[str, float]) -> list[float]:
    return [distances[name] for name in (drawn.TRAIN, drawn.MODEL, *_simple(distances))]

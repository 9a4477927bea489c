"""Sections of an image generator's report.

Reads and writes nothing: returns Markdown, and functions that draw. What comes from data as text is
escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assay.objectives.generation import figure_table, image_plots
from assay.objectives.generation.figure_table import interval, signed
from assay.reporting import grid
from assay.reporting.markdown import escaped, number
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from assay.objectives.generation.image_figures import Compared, Drawn
    from assay.records import Metric
    from assay.reporting.grid import Pixels


@dataclass(frozen=True)
class Picture:
    """Images side by side, as a section: what they are, and how many stand in a row.

    Attributes:
        name: of the section and its file.
        title: heading.
        words: below it.
        images: uint8, shape (images, height, width, 1 or 3), in the order of reading.
        columns: images in a row.

    """

    name: str
    title: str
    words: str
    images: Pixels
    columns: int


@dataclass(frozen=True)
class Measured:
    """On how much of the test split the expensive figures were measured.

    Attributes:
        images: of which the importance-weighted bound was taken.
        samples: latents of each.
        binarised: whether the model's images have two levels.
        features: what distances are measured in, in a few words.
        prior: what latents of new images are drawn from, in a few words.

    """

    images: int
    samples: int
    binarised: bool
    features: str
    prior: str


def lead(
    kind: str, precision: str, compared: Compared, baseline: str, measured: Measured, rows: int
) -> str:
    """Return the page's first paragraph: what the model is, how good, and beside what."""
    own, base = compared.model.bits_per_dimension, compared.baseline.bits_per_dimension
    share = "" if not (own.value and base.value) else f", {own.value / base.value - 1:+.1%}"
    apart = compared.difference.bits_per_dimension
    shown = f"{measured.images:,} of {rows:,}" if measured.images < rows else f"{rows:,}"
    binarised = " (binarised)" if measured.binarised else ""
    return (
        f"This {escaped(kind)} model is served as ONNX in {precision}. On {shown} test images"
        f"{binarised} that it never saw it needs at most {number(own.value)} bits per dimension"
        f"{interval(own.low, own.high)}.\n\n"
        f"{figure_table.verdict(compared.better, 'image')} On the same images the baseline "
        f"({baseline}) needs {number(base.value)} bits per dimension{share}: the model minus the "
        f"baseline is {signed(apart.value)}{interval(apart.low, apart.high, is_signed=True)}."
    )


def figures(metrics: Sequence[Metric], resamples: int, measured: Measured) -> Section:
    """Return every figure of the model and of the baseline, with intervals."""
    words = (
        f"{figure_table.table(metrics)}\n\nAll bounds are of the log probability of held-out "
        f"images: the model's is the importance-weighted one of {measured.samples:,} latents an "
        f"image (Burda et al. 2016), of {measured.images:,} images evenly spread over the test "
        "split; its ELBO is of the same images and latents. The prior of both is "
        f"{measured.prior}: new images come from it. Bits per dimension are that bound "
        "divided by the numbers of an image. The reconstruction error is the mean squared "
        "difference of an image and its reconstruction, pixels from 0 to 1, of all test images. A "
        "latent is active if its posterior mean varies over images by more than 0.01. The Frechet "
        "distance stands beside that of the simple model whose images are nearest.\n\n"
        f"Intervals are percentiles of {resamples:,} bootstrap samples of the test images (Efron & "
        "Tibshirani 1993). They tell of chance in the choice of images, not of another training "
        "run. Bits of binarised and of 8-bit images do not compare."
    )
    return Section("figures", "Figures", words)


def baselines(table: pd.DataFrame, name: str) -> Section:
    """Return the simple models beside the model, with what each costs."""
    words = (
        "Simple models, fitted to the train split. Compared with is the one that needs the fewest "
        f"bits on the validation split: {escaped(name)}. Of histograms of pixels the log "
        "probability is exact; of principal components with Gaussians it is a bound, on 8-bit "
        "images alone."
    )
    return Section("baselines", "Baselines", words, table)


def distances(table: pd.DataFrame, drawn: Drawn, measured: Measured) -> Section:
    """Return how far generated images are from test images, beside train images."""
    words = (
        f"The Frechet distance of {drawn.images:,} images from as many test images, in "
        f"{measured.features}. This is no FID, which is that of Inception's features: it compares "
        "with nothing but this table. As many train images are the floor: what a perfect model "
        "would have. Gaussians on principal components are fitted to the very moments that are "
        "compared here, and do better by it than their images look. Of the model's images "
        f"{number(drawn.manifold.precision.value)} lie where "
        f"test images are (precision), and {number(drawn.manifold.recall.value)} of the test "
        "images where the model's are (recall; Kynkaanniemi et al. 2019)."
    )
    return Section("distances", "Generated images beside real ones", words, table)


def picture(shown: Picture, scale: int) -> Section:
    """Return images side by side, each pixel ``scale`` pixels wide."""
    return Section(shown.name, shown.title, shown.words, draw=partial(_draw, shown, scale))


def memorisation(name: str, nearest: pd.DataFrame, measured: Measured) -> Section:
    """Return how near generated images are to train images, beside test images."""
    words = (
        f"The distance of each image to the nearest train image, in {measured.features}: of "
        "generated images, and of test images, which are as near as new images are. Generated "
        "ones that are much nearer would be copies."
    )
    draw = partial(image_plots.nearest, table=nearest, title=f"{name}: nearest train image")
    return Section("memorisation", "Memorisation", words, draw=draw)


def use() -> Section:
    """Return what the model is meant for."""
    words = (
        "- Meant to generate images like those of the train split, and to compare images with "
        "them.\n"
        "- Its images are of nothing real: no data, no evidence.\n"
        "- It knows what its train images show, and as often as they do, with all their gaps."
    )
    return Section("use", "Use and limits", words)


def _draw(shown: Picture, scale: int, path: Path) -> None:
    grid.write(path, grid.grid(shown.images, shown.columns, scale))

"""How ``assay generate`` asks a model of images: it draws some, side by side in one file.

Writes the PNG file that the user names, and to standard output.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any

from assay.cli.answer import give
from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.cli.generate import Target

# The options that belong to images alone.
OPTIONS = frozenset(("output", "columns", "scale", "noise"))
# Where --count is not given.
COUNT = 64
SUFFIX = ".png"
# Seeds of numpy's generators are not negative.
LARGEST_SEED = 2**32


def answer(target: Target, given: Mapping[str, Any]) -> None:
    """Draw images, and write them side by side.

    Raises:
        UsageError: ``--output`` names no PNG file in a folder that is there; a seed out of bounds.
        BundleRefused: the bundle was altered, or answers here otherwise than it was measured.

    """
    from assay.bundle.image_generator import ImageGenerator
    from assay.reporting import grid

    output = _output(target.model, given["output"])
    count, seed = given["count"] or COUNT, _seed(given["seed"])
    opened, about = target.opened(ImageGenerator)
    images = opened.sample(count, seed, noise=given["noise"])
    columns = min(count, given["columns"] or isqrt(count - 1) + 1)
    whole = grid.grid(images, columns, given["scale"])
    _write(output, whole)
    height, width, _ = whole.shape
    lines = [f"{output}: {count:,} images, {columns:,} in a row, {width:,} x {height:,} pixels"]
    found = {"output": str(output), "images": count, "columns": columns, "seed": seed}
    give({**about, **found, "width": width, "height": height}, lines, json_=target.json_)


def _output(model: str, output: Path | None) -> Path:
    if output is None:
        raise UsageError(
            "--output is missing: images are written to a file",
            expected="the PNG file to write",
            cure=f"assay generate {model} --output samples.png",
        )
    if output.suffix.lower() != SUFFIX or not output.parent.is_dir() or output.is_dir():
        raise UsageError(
            f"images can't be written to {output}",
            expected=f"a file whose name ends in {SUFFIX}, in a folder that is there",
            cure="name another file",
        )
    return output


def _seed(seed: int) -> int:
    if not 0 <= seed < LARGEST_SEED:
        raise UsageError(f"seed is {seed}", expected=f"0 or more, less than {LARGEST_SEED:,}")
    return seed


def _write(output: Path, image: Any) -> None:
    from assay.reporting import grid

    try:
        grid.write(output, image)
    except OSError as problem:
        raise UsageError(
            f"{output} can't be written: {problem.strerror or problem}",
            expected="a folder that you may write to",
            cure="name another file",
        ) from problem

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest

from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
images = pytest.mark.usefixtures("built_image_generator")


def _generate(output: Path, *words: str) -> Answer:
    answer = assay("generate", made.MODEL, "--output", str(output), *words)
    assert answer.code == 0, answer.err
    return answer


@images
def test_images_are_written_side_by_side(tmp_path: Path) -> None:
    answer = _generate(tmp_path / "grid.png", "--count", "10", "--columns", "5", "--scale", "3")
    width, height = PIL.Image.open(tmp_path / "grid.png").size
    assert (width, height) == (5 * 38 - 2, 2 * 38 - 2)
    assert answer.out == f"{tmp_path}/grid.png: 10 images, 5 in a row, {width} x {height} pixels\n"
    assert "from the workspace" in answer.err


@images
def test_a_seed_decides_and_noise_makes_other_pixels(tmp_path: Path) -> None:
    found = {}
    for name, words in {
        "one": ("--seed", "7"),
        "two": ("--seed", "7"),
        "other": ("--seed", "8"),
        "noise": ("--seed", "7", "--noise"),
    }.items():
        _generate(tmp_path / f"{name}.png", "--count", "4", *words)
        found[name] = (tmp_path / f"{name}.png").read_bytes()
    assert found["one"] == found["two"]
    assert len(set(found.values())) == 3


@images
def test_a_program_is_told_where_it_is(tmp_path: Path) -> None:
    answer = _generate(tmp_path / "grid.PNG", "--json")
    assert json.loads(answer.out) == {
        "model": made.MODEL,
        "source": "workspace",
        "version": None,
        "output": f"{tmp_path}/grid.PNG",
        "images": 64,
        "columns": 8,
        "seed": 0,
        "width": 8 * 14 - 2,
        "height": 8 * 14 - 2,
    }
    assert np.asarray(PIL.Image.open(tmp_path / "grid.PNG")).dtype == np.uint8


@images
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), "--output is missing"),
        (("--output", "grid.jpg"), "can't be written to grid.jpg"),
        (("--output", "nowhere/grid.png"), "can't be written to nowhere/grid.png"),
        (("--output", "grid.png", "--seed", "-1"), "seed is -1"),
        (("coffee", "--output", "grid.png"), "PROMPT is for models of texts"),
        (("--output", "grid.png", "--top-k", "3", "--stop", "x"), "--stop, --top-k is for models"),
    ],
)
def test_wrong_usage_is_answered(words: tuple[str, ...], found: str) -> None:
    answer = assay("generate", made.MODEL, *words)
    assert answer.code == 2
    assert found in answer.err
    assert "next:" in answer.err or "expected:" in answer.err
    assert answer.out == ""


@pytest.mark.usefixtures("built_generator")
@pytest.mark.parametrize("words", [("--output", "grid.png"), ("--noise",), ("--columns", "3")])
def test_options_of_images_are_refused_for_texts(words: tuple[str, ...]) -> None:
    answer = assay("generate", made.MODEL, "coffee", *words)
    assert answer.code == 2
    assert (
        f"{words[0]} is for models of images, and reviews is one of text-generation" in answer.err
    )

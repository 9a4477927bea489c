"""Small labelled tables, and a project without git: what the tests of stages start from."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from assay.paths import STAGES, ModelPaths
from assay.stages.__main__ import main
from assay.tasks.text_classification import TEXT_CLASSIFICATION
from assay.tasks.text_classification.settings import TextClassificationModel
from tests import blocks
from tests.conftest import ROOT, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LABELS = ("negative", "neutral", "positive")
MODEL = "reviews"
# A class that no machine is of: no vendor has this name.
OTHER_PROCESSOR = "ExampleVendor avx2"
_TELLING = {
    "negative": "awful boring broken cheap cold dull poor rude slow ugly weak worst",
    "neutral": "average common medium normal plain regular simple standard usual",
    "positive": "bright clean fast friendly fresh great kind lovely quick smart warm",
}
_SUBJECTS = (
    "bread bridge camera chair coffee cook dinner doctor driver engine film garden guide hotel "
    "kitchen lamp letter market meal menu movie music novel office painting park phone photo "
    "pizza river road room salad school screen singer soup station story street table teacher "
    "ticket tour train village waiter window winter writer"
)
TELLING = {label: words.split() for label, words in _TELLING.items()}
SUBJECTS = _SUBJECTS.split()


def texts(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return distinct texts of seven words with the label that two or three of them tell."""
    random = np.random.default_rng(seed)
    found: dict[str, str] = {}
    while len(found) < rows:
        label = LABELS[len(found) % len(LABELS)]
        telling = random.choice(TELLING[label], 3, replace=False)
        words = [*random.choice(SUBJECTS, 4, replace=False), *telling]
        found[" ".join(random.permutation(words))] = label
    return pd.DataFrame({"text": list(found), "label": list(found.values())})


def lay_out_plain(
    folder: Path, block: Mapping[str, Any], table: pd.DataFrame | None = None
) -> Path:
    """Make a project of the one model ``reviews`` without git or DVC: for stages alone."""
    shutil.copytree(ROOT / "expectations", folder / "expectations")
    shutil.copyfile(ROOT / "dvc.yaml", folder / "dvc.yaml")
    with (folder / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {MODEL: block}}, stream)
    inbox = folder / "data/inbox" / MODEL
    inbox.mkdir(parents=True)
    if table is not None:
        table.to_csv(inbox / "rows.csv", index=False)
    return folder


@functools.cache
def built(checkpoint: Path) -> Path:
    """Return a project whose model went through all stages; made once, to be looked at only."""
    block = settings(checkpoint, train__learning_rate=1e-2, train__epochs=6)
    return _made_once(checkpoint, "built", lambda at: _build(at, block, texts(300)))


def _build(folder: Path, block: Mapping[str, Any], table: pd.DataFrame | None = None) -> None:
    """Make a project of one model from a table, or from 300 digits, and run all stages."""
    folder.mkdir()
    lay_out_plain(folder, block, table)
    if table is None:
        digits(folder / "data/inbox" / MODEL / "digits", 300)
    _run_all(folder)


@functools.cache
def built_from_scratch(checkpoint: Path, network: str) -> Path:
    """Return a project like :func:`built` whose network starts from random weights."""
    block = blocks.scratch_settings(network)
    return _made_once(checkpoint, f"built {network}", lambda at: _build(at, block, texts(300)))


def _run_all(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        for stage in STAGES:
            assert main(stage, MODEL) == 0, stage


@functools.cache
def built_generator(checkpoint: Path) -> Path:
    """Return a project whose language model went through all stages; made once, to be looked at."""
    table = texts(300)[["text"]]
    return _made_once(
        checkpoint, "built generator", lambda at: _build(at, blocks.generator_settings(), table)
    )


@functools.cache
def built_images(checkpoint: Path) -> Path:
    """Return a project whose model of images went through all stages, as :func:`built`."""
    return _made_once(checkpoint, "built images", lambda at: _build(at, blocks.image_settings()))


def digits(folder: Path, images: int) -> None:
    """Write scans of handwritten digits 0 to 4 as ``digits/CLASS/NUMBER.png``, 24 pixels a side."""
    from PIL import Image
    from sklearn.datasets import load_digits

    scans, numbers = load_digits(n_class=5, return_X_y=True)
    for place, (scan, number) in enumerate(zip(scans[:images], numbers, strict=False)):
        target = folder / f"digit {number}" / f"{place:03}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = (scan.reshape(8, 8) * 15).astype(np.uint8)
        Image.fromarray(pixels).resize((24, 24)).save(target)


@functools.cache
def built_image_generator(checkpoint: Path) -> Path:
    """Return a project whose generator of images went through all stages; made once, to look at."""
    block = blocks.image_generator_settings()
    return _made_once(checkpoint, "built image generator", lambda at: _build(at, block))


@functools.cache
def built_table(checkpoint: Path) -> Path:
    """Return a project whose model of a table went through all stages, as :func:`built`."""
    return _made_once(
        checkpoint, "built table", lambda at: _build(at, blocks.table_settings(), loans(400))
    )


def loans(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return loans as texts, as a file holds them: ``repaid`` by age, debt and job, not always.

    ``debt`` is a tenth missing, of ``job`` some are "?", ``branch`` tells nothing.
    """
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    debt = random.exponential(20_000, rows).round(2)
    job = random.choice(["clerk", "nurse", "waiter", "?"], rows, p=[0.4, 0.3, 0.2, 0.1])
    risk = debt / 20_000 - (age - 45) / 20 + (job == "waiter") - (job == "nurse")
    repaid = np.where(risk + random.normal(0, 0.4, rows) < 1, "yes", "no")
    missing = random.random(rows) < 0.1
    return pd.DataFrame(
        {
            "age": age.astype(str),
            "debt": np.where(missing, "", debt.astype(str)),
            "job": job,
            "branch": random.choice(["north", "south"], rows),
            "repaid": repaid,
        }
    )


@functools.cache
def fp32_bundle(checkpoint: Path) -> Path:
    """Return a bundle of the same model that is surely fp32, whatever it earned."""
    return _exported(checkpoint, "fp32", export__precision="fp32")


@functools.cache
def int8_bundle(checkpoint: Path) -> Path:
    """Return a bundle of the same model that is surely int8, with its fp32 graph beside it."""
    return _exported(checkpoint, "int8", export__precision="int8", export__fallback=True)


def _exported(checkpoint: Path, name: str, **changes: Any) -> Path:
    project = built(checkpoint)
    model = TextClassificationModel.model_validate(settings(checkpoint, **changes))

    def export(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(project)
            TEXT_CLASSIFICATION.export(model, ModelPaths(MODEL), folder)

    return _made_once(checkpoint, name, export)


def _made_once(checkpoint: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of this test session that one of its processes makes for all of them.

    ``checkpoint`` only says in which folder this session makes things.
    """
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    session = checkpoint.parent if alone else checkpoint.parent.parent
    done = session / f"{name}.done"
    with (session / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(session / name)
            done.touch()
    return session / name

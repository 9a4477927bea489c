"""How much memory ingest and validate take of a large folder of images: it must not grow with it.

Writes a folder of small noisy PNG files, runs the two stages on it, each in a process of its own,
and prints seconds and peak memory: RSS of the stage and of its workers together, in MiB.
``python -m bench.images [IMAGES]``; 200,000 images take some minutes and 400 MB of disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from ruamel.yaml import YAML

from assay.errors import StageFailed
from assay.gateways.sources.images import png
from assay.paths import INBOX, PARAMS, PIPELINE, SUITES
from assay.progress import track
from bench.project import BENCH

IMAGES = 200_000
MODEL = "many"
CLASSES, SIDE = 10, 24
STAGES = ("ingest", "validate")
LOOK_EVERY = 0.05  # seconds


@dataclass(frozen=True)
class Taken:
    """What one stage took."""

    stage: str
    seconds: float
    mebibytes: float


def measure(images: int, folder: Path) -> list[Taken]:
    """Make a project of so many images in ``folder``, and run the stages.

    Raises:
        StageFailed: a stage refused or failed.

    """
    _lay_out(folder)
    draw(folder / INBOX / MODEL, images)
    return [_timed(stage, folder) for stage in STAGES]


def draw(target: Path, images: int) -> None:
    """Write noisy grey squares with a bright bar, class by class, a thousand files a folder."""
    random = np.random.default_rng(0)
    for place in track("drawing images", range(images)):
        pixels = random.integers(0, 120, (SIDE, SIDE), np.uint8)
        number = place % CLASSES
        pixels[number * 2 : number * 2 + 3] += 100
        file = target / str(place // 1000) / f"bar {number}" / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(pixels))


def _lay_out(folder: Path) -> None:
    for name in (PIPELINE, SUITES):
        source = BENCH / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copyfile(source, folder / name)
    labels = [f"bar {n}" for n in range(CLASSES)]
    block = {"data": "image", "task": "classification", "labels": labels}
    with (folder / PARAMS).open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {MODEL: block}}, stream)


def _timed(stage: str, folder: Path) -> Taken:
    paths = [str(BENCH / "src"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    started, peak = time.monotonic(), 0
    with subprocess.Popen(
        [sys.executable, "-m", "assay.stages", stage, MODEL],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    ) as running:
        while running.poll() is None:
            peak = max(peak, _resident(running.pid))
            time.sleep(LOOK_EVERY)
    if running.returncode:
        raise StageFailed(f"{stage} ended with {running.returncode}")
    return Taken(stage, time.monotonic() - started, peak / 2**20)


def _resident(pid: int) -> int:
    """Return the bytes that a process and all it started hold; what they share counts for each."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total


def main(images: int = IMAGES) -> None:
    """Measure in a temporary folder, and print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(images, Path(scratch))
    print(f"| stage, {images:,} images | seconds | peak memory |\n| --- | ---: | ---: |")
    for taken in found:
        print(f"| {taken.stage} | {taken.seconds:.1f} | {taken.mebibytes:,.0f} MiB |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

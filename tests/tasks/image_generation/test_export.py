from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle import golden, manifest
from assay.bundle.image_generator import ImageGenerator
from assay.tasks.image_generation import pixels
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import Parity
    from assay.tasks.image_generation.settings import ImageGenerationModel

pytestmark = pytest.mark.processor


@dataclass(frozen=True)
class Exported:
    settings: ImageGenerationModel
    project: Path
    folder: Path
    parity: Parity


# With little weight of the divergence, latents are far from the standard normal prior.
TRAININGS: dict[str, dict[str, Any]] = {
    "logistic": {"epochs": 12, "beta": 0.02},
    "bernoulli": {"likelihood": "bernoulli"},
}


@pytest.fixture(scope="module", params=TRAININGS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a bundle of each likelihood."""
    project = tmp_path_factory.mktemp("exported")
    settings = projects.settings(**TRAININGS[request.param])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        projects.write()
        parity = projects.exported(settings, FILES.bundle)
    return Exported(settings, project, project / FILES.bundle, parity)


def test_the_bundle_holds_four_graphs_and_says_what_they_are_for(exported: Exported) -> None:
    stated = manifest.read(exported.folder)
    assert {"model.onnx", "encoder.onnx", "prior.onnx", "weights.onnx", "golden.parquet"} < set(
        stated.files
    )
    assert [port.name for port in stated.inputs] == ["latents", "noise"]
    assert [port.name for port in stated.outputs] == ["parameters", "images", "samples"]
    binary = exported.settings.train.likelihood == "bernoulli"
    assert stated.encoder == {
        "side": 8,
        "channels": 1,
        "latents": 3,
        "levels": 2 if binary else 256,
        "gaussians": 0 if binary else 1,
    }
    card = (exported.folder / "README.md").read_text(encoding="utf-8")
    assert ("binarised images" if binary else "8-bit images") in card
    prior = "the standard normal distribution" if binary else "one Gaussian, fitted"
    assert f"`prior.onnx`, {prior}" in card


def test_new_latents_come_from_the_prior_that_was_fitted(exported: Exported) -> None:
    model = ImageGenerator.open(exported.folder, threads=1)
    found = model.prior(4000, 1)
    assert np.array_equal(found[:10], model.prior(10, 1))
    moments = np.abs(found.mean(axis=0)).max(), np.abs(found.std(axis=0) - 1).max()
    assert (max(moments) < 0.1) == (model.gaussians == 0)


def test_the_parity_report_is_what_the_graphs_say(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exported.project)
    report = exported.parity
    assert (report.metric, report.precision, report.int8) == ("bits per dimension", "fp32", None)
    assert report.served is report.fp32
    assert report.validation_rows == 40
    assert 0 < report.grid_max_abs_diff < 1e-3
    assert 0 < report.validation_max_abs_diff < 1e-3
    sizes = sum(file.stat().st_size for file in exported.folder.glob("*.onnx"))
    assert report.fp32.megabytes == pytest.approx(sizes / 1e6, abs=1e-3)
    model = ImageGenerator.open(exported.folder, threads=1)
    seen = model.seen(pixels.of_split(FILES, "validation", exported.settings.train), 0)
    bits = -model.log_weights(seen, 8, 0).mean() / np.log(2) / 64
    assert report.fp32.score == pytest.approx(bits, rel=0.05)


def test_golden_rows_are_latents_of_nobody(exported: Exported) -> None:
    rows = golden.read(exported.folder)
    assert len(rows.feeds) == golden.ROWS
    assert rows.feeds[0]["latents"].shape == (1, 3)
    assert len({feeds["latents"].tobytes() for feeds in rows.feeds}) == golden.ROWS
    outputs = 1 if exported.settings.train.likelihood == "bernoulli" else 2
    assert rows.logits.shape == (golden.ROWS, outputs * 64)


def test_a_second_export_has_the_same_bytes(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.tasks.image_generation import IMAGE_GENERATION

    monkeypatch.chdir(exported.project)
    IMAGE_GENERATION.export(exported.settings, FILES, tmp_path / "again")
    first, again = manifest.read(exported.folder), manifest.read(tmp_path / "again")
    assert first.files == again.files

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay import records
from assay.bundle.manifest import Manifest
from assay.errors import RecordRefused
from assay.files import write_text
from assay.objectives.generation import image_evaluation
from assay.paths import ModelPaths
from assay.records import SplitPart, SplitReport
from assay.settings.generation import GenerationModel
from tests.objectives.generation import images_made as made
from tests.reporting.made import PARITY

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

FILES = ModelPaths("toy")
SETTINGS = GenerationModel.model_validate(
    {"data": "image", "task": "generation", "evaluate": {"bootstrap": 200, "seed": 1}}
)
MANIFEST = Manifest(
    model="toy",
    data="image",
    task="generation",
    precision="fp32",
    inputs=(),
    outputs=(),
    made_from={"weights": "ab" * 32},
    processor="none",
    versions={},
)


@pytest.fixture(autouse=True)
def _reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the reports of split, training and export."""
    monkeypatch.chdir(tmp_path)
    parts = {name: SplitPart(rows=60) for name in ("train", "validation", "test")}
    records.write(
        FILES.split_report, SplitReport(rows=180, kept=180, dropped={}, splits=parts, leaks={})
    )
    records.write(FILES.parity, PARITY)
    write_text(FILES.curve, "step,loss\n10,1.0\n20,0.8\n")


def _evaluated(bits: float, baseline: float) -> Report:
    return image_evaluation.evaluate(made.tested(bits, baseline), MANIFEST, SETTINGS, FILES)


@pytest.mark.parametrize(("bits", "ahead"), [(3.0, "model"), (5.0, "baseline")])
def test_the_record_says_who_is_ahead(bits: float, ahead: str) -> None:
    found = _evaluated(bits, 4.0).evaluation
    assert (found.better, found.rows, found.baseline) == (ahead, made.IMAGES, "a simple model")
    assert [one.name for one in found.metrics] == [
        "bits_per_dimension",
        "negative_bound",
        "negative_elbo",
        "reconstruction_error",
        "active_latents",
        "frechet_distance",
        "sample_precision",
        "sample_recall",
    ]
    assert found.metric("active_latents").value == 2


def test_the_page_shows_what_is_written_beside_it(tmp_path: Path) -> None:
    report = _evaluated(3.0, 4.0)
    assert set(report.tables) == {"baselines", "distances"}
    assert set(report.pictures) == {"memorisation", "samples", "training"}
    for name, draw in report.pictures.items():
        assert f"(pictures/{name}.png)" in report.page
        draw(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 100
    assert list(report.plots) == ["generation"]
    assert report.predictions["id"].tolist() == [str(row) for row in range(made.IMAGES)]


def test_equal_input_gives_equal_pages() -> None:
    assert _evaluated(3.0, 4.0).page == _evaluated(3.0, 4.0).page


def test_a_missing_report_is_refused() -> None:
    FILES.parity.unlink()
    with pytest.raises(RecordRefused):
        _evaluated(3.0, 4.0)

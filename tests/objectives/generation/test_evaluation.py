from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.bundle.manifest import Manifest
from assay.errors import RecordRefused
from assay.files import write_text
from assay.objectives.generation import evaluation
from assay.objectives.generation.report import Sample
from assay.paths import ModelPaths
from assay.records import SplitPart, SplitReport
from tests.objectives.generation import made
from tests.reporting.made import PARITY

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

FILES = ModelPaths("toy")
ROWS = 120
TRAIN = ("the quick brown fox jumps over the lazy dog",)
SAMPLED = made.sampled(["fox jumps over", "qu 99"], ["over the lazy", "0"], TRAIN)
SETTINGS = made.settings()
MANIFEST = Manifest(
    model="toy",
    data="text",
    task="generation",
    labels=(),
    precision="int8",
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
    parts = {name: SplitPart(rows=ROWS) for name in ("train", "validation", "test")}
    records.write(
        FILES.split_report,
        SplitReport(rows=400, kept=360, dropped={"duplicate": 40}, splits=parts, leaks={}),
    )
    records.write(FILES.parity, PARITY)
    write_text(FILES.curve, "step,loss\n10,1.0\n20,0.8\n")


def _evaluated(own: float = 1.5, base: float = 2.0, overlap: float | None = 0.25) -> Report:
    tested = evaluation.Tested(
        table=pd.DataFrame({"id": [str(row) for row in range(ROWS)], "text": "a text"}),
        model=made.scores(own, ROWS),
        baseline=made.scores(base, ROWS, seed=2).losses,
        baseline_name="3-grams",
        sampled=SAMPLED,
        samples=[Sample("the", 0.5, " fox"), Sample("the", 1.0, " <b>dog</b>")],
        overlap=overlap,
        surcharge="4 characters are unknown.\n\n",
    )
    return evaluation.evaluate(tested, MANIFEST, SETTINGS, FILES)


def test_the_record_holds_every_figure_of_the_bundle() -> None:
    found = _evaluated().evaluation
    assert (found.data, found.task, found.rows) == ("text", "generation", ROWS)
    assert (found.precision, found.baseline, found.better) == ("int8", "3-grams", "model")
    assert _evaluated(2.0, 1.5).evaluation.better == "baseline"
    names = [one.name for one in found.metrics]
    assert names[0] == "bits_per_byte"
    assert {"copied_share", "distinct_2", "next_token"} < set(names)
    assert len(names) == len(set(names))
    records.write(FILES.metrics, found)
    assert records.read(FILES.metrics, records.Evaluation) == found


def test_the_page_has_every_section_in_its_order() -> None:
    page = _evaluated().page
    assert page.startswith("# toy\n")
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == [
        "Figures",
        "Memorisation",
        "Generated texts",
        "Samples",
        "Training",
        "What is served",
        "Data",
        "Use and limits",
    ]
    for said in ("Better than the baseline", "4 characters are unknown", "int8 costs"):
        assert said in page
    assert "<b>" not in page


def test_each_document_has_what_it_costs_both() -> None:
    found = _evaluated().predictions
    assert list(found.columns) == [
        "id",
        "text",
        "tokens",
        "nats",
        "bits_per_byte",
        "baseline_bits_per_byte",
    ]
    own, base = made.model(1.5, ROWS), made.model(2.0, ROWS, seed=2)
    assert found["nats"].tolist() == own.nats.tolist()
    assert found["tokens"].tolist() == own.tokens.tolist()
    np.testing.assert_allclose(found["bits_per_byte"], own.nats / np.log(2) / own.size)
    np.testing.assert_allclose(found["baseline_bits_per_byte"], base.nats / np.log(2) / base.size)


def test_tables_plots_and_pictures_are_ready_to_be_written(tmp_path: Path) -> None:
    found = _evaluated()
    assert set(found.tables) == {"samples", "memorisation"}
    assert found.tables["samples"].values.tolist() == [
        ["the", 0.5, " fox"],
        ["the", 1.0, " <b>dog</b>"],
    ]
    assert set(found.plots) == {"generation"}
    assert set(found.plots["generation"]["series"]) == {"generated", "held out"}
    assert {"memorisation", "training"} == set(found.pictures)
    for name, draw in found.pictures.items():
        assert f"pictures/{name}.png" in found.page
        draw(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_equal_documents_give_an_equal_page() -> None:
    one, two = _evaluated(), _evaluated()
    assert one.page == two.page
    assert one.evaluation == two.evaluation


@pytest.mark.parametrize("file", ["split_report", "parity"])
def test_a_report_that_is_missing_is_named(file: str) -> None:
    path: Path = getattr(FILES, file)
    path.unlink()
    with pytest.raises(RecordRefused, match=path.name):
        _evaluated()

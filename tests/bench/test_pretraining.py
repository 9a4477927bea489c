from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from assay.paths import ModelPaths
from bench import pretraining
from bench.__main__ import main
from bench.masking import Learned
from bench.pretraining import Comparison, Plan
from bench.tuning import FineTuned, Scores
from tests.bench.made import rows_of_text
from tests.conftest import settings

if TYPE_CHECKING:
    from pathlib import Path

NAME = "hotels"


def _params(folder: Path, checkpoint: Path) -> None:
    block = settings(checkpoint, train__batch_size=8, train__trim_vocabulary=True)
    with (folder / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": {NAME: block}}, stream)


def test_a_model_is_measured_with_and_without_and_no_test_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    _params(tmp_path, checkpoint)
    files = ModelPaths(NAME)
    files.splits.mkdir(parents=True)
    for split, count in (("train", 96), ("validation", 72)):
        rows_of_text(count).to_parquet(files.split(split), index=False)
    before = sorted(tmp_path.rglob("*"))
    text = pretraining.measure(quick=True)
    assert "1 pass over 64 unlabelled texts" in text
    assert "64 labelled rows, 64 validation rows" in text
    lines = [line for line in text.splitlines() if line.startswith(("| `", "| **`"))]
    assert [line.split("|")[1].strip(" *") for line in lines] == [
        "`hotels`, the probe alone",
        "`hotels`, seed 13",
        "`hotels`, mean of seeds",
    ]
    assert sorted(tmp_path.rglob("*")) == before


def _comparison() -> Comparison:
    without = FineTuned(Scores(0.8, 0.7), {13: Scores(0.81, 0.80), 14: Scores(0.83, 0.82)})
    with_it = FineTuned(Scores(0.7, 0.6), {13: Scores(0.80, 0.81), 14: Scores(0.83, 0.81)})
    learned = Learned(before=9.5, after=4.25)
    return Comparison(NAME, Plan(2), 5000, 1000, 600, without, with_it, learned, 300.0)


def test_differences_are_points_with_and_without_and_have_a_spread() -> None:
    text = pretraining._table([_comparison()])
    assert (
        "| `hotels`, the probe alone | 0.8000 | 0.7000 | -10.00 | 0.7000 | 0.6000 | -10.00 |"
        in text
    )
    assert "| `hotels`, seed 13 | 0.8100 | 0.8000 | -1.00 | 0.8000 | 0.8100 | +1.00 |" in text
    assert "|  |  | **-0.50 ± 0.71** |  |  | **+0.00 ± 1.41** |" in text
    assert "2 passes over 5,000 unlabelled texts of the train split, 300 s" in text
    assert "9.50 before, 4.25 after" in text


@pytest.mark.usefixtures("page")
def test_without_the_models_it_refuses_with_a_sentence(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params.yaml").write_text("models: {}\n", encoding="utf-8")
    assert main(["--quick", "--only", "pretraining"]) == 2
    assert NAME in capsys.readouterr().err
    _params(tmp_path, checkpoint)
    assert main(["--quick", "--only", "pretraining"]) == 2
    assert f"there is no data/splits/{NAME}/train.parquet" in capsys.readouterr().err

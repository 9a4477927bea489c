from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.objectives.classification.metrics import Predictions
from assay.paths import ModelPaths
from bench import project, suspicion
from bench.__main__ import main
from tests.objectives.classification.made import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _build(model: str, skill: float) -> None:
    found, files = drawn(2400, 3, skill, seed=5), ModelPaths(model)
    for path in (files.split("test"), files.predictions):
        path.parent.mkdir(parents=True)
    table = pd.DataFrame({"label": np.array(found.labels)[found.truth]})
    table.to_parquet(files.split("test"))
    for number, label in enumerate(found.labels):
        table[f"p_{label}"] = found.probabilities[:, number]
    table.to_parquet(files.predictions)


def _rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if "flipped" in line or "as good" in line or "class shares" in line:
            cells = [cell.strip() for cell in line.strip("| ").split("|")]
            if len(cells) == 4:
                yield cells


def test_both_models_are_measured_on_sound_and_on_flipped_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _build(project.MODEL, 2.0)
    _build(project.IMAGES, 6.0)
    text = suspicion.measure(quick=True)
    rows = list(_rows(text))
    assert len(rows) == 9
    for name, _, opinions, fashion in rows:
        if name.startswith("20% flipped"):
            assert (opinions, fashion) == ("1.000", "1.000")
        if name.endswith("as good"):
            assert float(opinions) <= 0.3 and float(fashion) <= 0.3
    assert "1,200 for `opinions`" in text


def test_shifted_rows_lack_most_of_some_classes() -> None:
    pool = drawn(9000, 3, 2.0, seed=5)
    case = suspicion.Case(rows=3000, shifted=True)
    shares = []
    for seed in range(8):
        rows = suspicion._new(pool, np.arange(9000), case, np.random.default_rng(seed))
        shares.append((np.bincount(pool.truth[rows], minlength=3) / len(rows)).min())
    assert min(shares) < 0.2


def test_the_share_of_refusals_is_counted() -> None:
    sure = drawn(2400, 3, 9.0, seed=5)
    assert suspicion.refused(sure, suspicion.Case(share=0.2), 5) == 1.0
    unsure = Predictions(sure.truth, np.full((2400, 3), 1 / 3), sure.labels)
    assert suspicion.refused(unsure, suspicion.Case(share=0.2), 5) == 0.0


@pytest.mark.usefixtures("page")
def test_without_a_built_model_it_refuses_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--quick", "--only", "suspicion"]) == 2
    shown = capsys.readouterr()
    assert f"there is no data/splits/{project.MODEL}/" in shown.err
    assert f"make run MODEL={project.MODEL}" in shown.err

"""What looks wrong and is not: long texts are cut and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.gateways.tracking import Journal
from assay.learning.run import TrainingRun
from assay.stages.__main__ import main
from assay.tasks import registry
from tests import made
from tests.cli.command import assay
from tests.end_to_end.refusal import FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def test_a_text_of_a_megabyte_is_cut_and_counted(
    project: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    table = made.texts(120)
    table["text"] = table["text"].where(table.index != 7, "a long story " * 80_000)
    limits = {"cell_characters": 2_000_000, "row_characters": 2_000_000}
    project(table, split__seed=1, train__epochs=1, ingest__limits=limits)
    for stage in ("ingest", "validate", "split"):
        assert main(stage, made.MODEL) == 0, capfd.readouterr().err
    assert pd.read_parquet(FILES.split("train"))["text"].str.len().max() > 10**6
    model = registry.load_model(made.MODEL)
    run = TrainingRun(FILES.checkpoint, FILES.curve, FILES.resume, "any", Journal.silent())
    registry.task_of(model).train(model, FILES, run)
    assert "train: 1 texts are longer than 64 tokens and were cut" in capfd.readouterr().err


def test_a_text_as_long_as_may_be_is_answered_and_counted(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built(checkpoint))
    texts = ["short", ("a long story " * 8_000)[:100_000]]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "rows.csv", index=False)
    answer = assay("predict", made.MODEL, "--file", str(tmp_path / "rows.csv"))
    assert answer.code == 0, answer.err
    assert "1 texts are longer than 64 tokens; the rest was not read" in answer.err

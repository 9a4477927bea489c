from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from ruamel.yaml import YAML

from bench import project, seeds
from tests.bench.made import rows_of_text
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_spread_out_takes_the_same_rows_each_time_and_never_more_than_there_are() -> None:
    table = pd.DataFrame({"n": range(100)})
    assert project.spread_out(table, 5)["n"].tolist() == [0, 24, 49, 74, 99]
    assert len(project.spread_out(table, 1000)) == 100


def test_a_throw_away_project_holds_one_model_its_rows_and_the_stopwatch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    rows = rows_of_text(12)
    made = project.lay_out(tmp_path / "a b", rows, stage_command="python -m bench.stopwatch")
    models = YAML(typ="safe").load((made.folder / "params.yaml").read_text())["models"]
    assert list(models) == [project.SLICE]
    assert models[project.SLICE]["ingest"]["source"] is None
    inbox = pd.read_parquet(made.folder / "data/inbox" / project.SLICE / "rows.parquet")
    assert inbox["text"].tolist() == rows["text"].tolist()
    commands = (made.folder / "dvc.yaml").read_text()
    assert commands.count("python -m bench.stopwatch") == 6
    assert "assay.stages " not in commands
    assert "clean" in made.call("git", "status")


def test_a_throw_away_project_takes_its_model_from_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    built = project.from_examples(
        tmp_path / "a b", seeds.EXAMPLE, stage_command="python -m bench.stopwatch"
    )
    models = YAML(typ="safe").load((built.folder / "params.yaml").read_text())["models"]
    assert list(models)[-1] == seeds.MODEL
    project.change(built, seeds.MODEL, {"train": {"seed": 99}})
    models = YAML(typ="safe").load((built.folder / "params.yaml").read_text())["models"]
    assert models[seeds.MODEL]["train"]["seed"] == 99
    assert models[seeds.MODEL]["train"]["network"] == "speednet"


def test_labels_that_need_quotes_keep_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = ROOT / "examples/banking77.yaml"
    built = project.from_examples(tmp_path / "a b", example, stage_command="true")
    project.change(built, "banking77", {"train": {"seed": 99}})
    built.call(project.script("dvc"), "params", "diff", "--targets", "params.yaml")
    assert '"reverted_card_payment?"' in (built.folder / "params.yaml").read_text()

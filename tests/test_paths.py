from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assay.errors import UsageError
from assay.paths import SPLITS, ModelPaths, require_project
from tests.conftest import ROOT


def test_outside_a_project_it_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no params\.yaml and no dvc\.yaml"):
        require_project()
    monkeypatch.chdir(ROOT)
    require_project()


def test_every_path_of_a_model_bears_its_name_and_stays_in_the_project() -> None:
    files = ModelPaths("mine")
    names = [name for name in vars(ModelPaths) if not name.startswith("_")]
    paths = [value for name in names if isinstance(value := getattr(files, name), Path)]
    assert len(paths) > 15
    for path in paths:
        assert "mine" in path.as_posix()
        assert not path.is_absolute()
        assert os.pardir not in path.parts
    assert len(set(paths)) == len(paths)
    assert files.refusal("train") != files.refusal("split")
    assert json.loads(json.dumps([str(files.split(name)) for name in SPLITS])) == [
        f"data/splits/mine/{name}.parquet" for name in SPLITS
    ]

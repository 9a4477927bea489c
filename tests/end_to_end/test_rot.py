"""Bytes that change behind everyone's back, with the real command: found, named and mended.

Size and time stamp stay as they were, so that DVC by itself notices nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.gateways.tracking import store
from assay.paths import SPLITS
from tests import made
from tests.conftest import Project, lay_out, settings
from tests.release.test_soundness import rot

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities.model_registry import ModelVersion

MODEL = made.MODEL


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Project:
    """A model that two `assay run` built at once, in a folder that DVC has looked at since."""
    block = settings(checkpoint, train__learning_rate=1e-2, train__epochs=4)
    project = lay_out(tmp_path_factory.mktemp("rot") / "a project", {MODEL: block})
    made.texts(300).to_csv(project.folder / "data/inbox" / MODEL / "rows.csv", index=False)
    both = [project.start("run", MODEL, "--json") for _ in range(2)]
    answers = [json.loads(run.communicate()[0]) for run in both]
    assert [answer["version"] for answer in answers] == [1, 1]
    assert "up to date" in project.dvc("status").stdout
    return project


def versions(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[ModelVersion]:
    monkeypatch.chdir(project.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return list(store.connect().search_model_versions(f"name = '{MODEL}'"))


def test_two_runs_at_once_register_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(versions(project, monkeypatch)) == 1


def mended(project: Project, path: Path) -> str:
    """Run the cure that every refusal prints; return what it said."""
    done = project.assay("run", MODEL)
    assert done.returncode == 0, done.stderr
    assert f"{path} is not what dvc.lock records" in done.stdout
    assert "Running stage" not in done.stdout
    return done.stdout


def test_an_altered_bundle_is_not_registered_and_the_cure_restores_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = project.files(MODEL).bundle
    rot(project.folder / bundle / "model.onnx")
    refused = project.assay("track", MODEL)
    assert refused.returncode == 3
    assert f"{bundle}: altered" in refused.stderr
    assert f"assay run {MODEL}" in refused.stderr

    mended(project, bundle)
    assert project.assay("predict", MODEL, "a fine film").returncode == 0
    assert project.assay("track", MODEL).returncode == 0
    assert len(versions(project, monkeypatch)) == 1


@pytest.mark.parametrize(
    ("stage", "output", "inner"),
    [("train", "splits", "train.parquet"), ("split", "raw", ""), ("evaluate", "checkpoint", "")],
)
def test_a_dvc_that_is_called_by_hand_refuses_what_rotted(
    project: Project, stage: str, output: str, inner: str
) -> None:
    path: Path = getattr(project.files(MODEL), output)
    file = project.folder / path / inner
    rot(next(file.glob("*.safetensors")) if file.is_dir() else file)
    lock = (project.folder / "dvc.lock").read_bytes()
    refused = project.dvc("repro", "--force", "--single-item", f"{stage}@{MODEL}")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert f"what {stage} reads is not what an earlier stage wrote: {path}: altered" in said
    assert f"assay run {MODEL} restores them" in said
    assert "Traceback" not in said
    assert (project.folder / "dvc.lock").read_bytes() == lock

    done = project.assay("run", MODEL)
    assert done.returncode == 0, done.stderr
    assert f"{path} is not what dvc.lock records" in done.stdout
    assert (project.folder / "dvc.lock").read_bytes() == lock


def test_a_file_that_sorts_first_with_near_duplicates_moves_no_row(project: Project) -> None:
    splits = project.folder / project.files(MODEL).splits

    def sides() -> dict[str, str]:
        parts = {side: pd.read_parquet(splits / f"{side}.parquet")["text"] for side in SPLITS}
        return {text: side for side, texts in parts.items() for text in texts}

    before = sides()
    near = made.texts(300).assign(text=lambda table: "so " + table["text"])
    near.to_csv(project.folder / "data/inbox" / MODEL / "2026-12-01.csv", index=False)
    done = project.dvc("repro", f"split@{MODEL}")
    assert done.returncode == 0, done.stderr
    after = sides()
    assert {text: after[text] for text in before if text in after} == {
        text: side for text, side in before.items() if text in after
    }
    assert len(after) > 1.9 * len(before)
    assert all(after[f"so {text}"] == after[text] for text in before if f"so {text}" in after)

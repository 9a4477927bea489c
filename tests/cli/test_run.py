from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from assay.paths import ModelPaths
from assay.settings import deploying
from tests import blocks, made
from tests.conftest import Project, lay_out, settings

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

OTHER = "digits"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Project:
    """A project of two models, neither of which was built."""
    folder = tmp_path_factory.mktemp("run") / "a project"
    project = lay_out(folder, {made.MODEL: settings(checkpoint), OTHER: blocks.image_settings()})
    made.texts(120).to_csv(folder / ModelPaths(made.MODEL).inbox / "rows.csv", index=False)
    return project


@pytest.fixture(scope="module")
def answer(project: Project) -> subprocess.CompletedProcess[str]:
    return project.assay("run", made.MODEL)


def test_a_run_ends_with_the_models_that_were_not_asked_for(
    answer: subprocess.CompletedProcess[str],
) -> None:
    assert answer.returncode == 0, answer.stderr
    _, _, behind = answer.stdout.partition("\nnext:\n")
    (line,) = (line for line in behind.splitlines() if "not built here" in line)
    command, _, said = line.strip().partition("  ")
    assert command == f"assay run {OTHER}"
    classes = ", ".join(f"digit {number}" for number in range(5))
    assert said.strip() == f"also in params.yaml, not built here: 5 classes ({classes})"


def test_a_program_is_told_of_them_too(
    project: Project, answer: subprocess.CompletedProcess[str]
) -> None:
    again = project.assay("run", made.MODEL, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["not_built"] == [OTHER]


def test_of_the_model_that_was_asked_for_nothing_is_stale(
    project: Project, answer: subprocess.CompletedProcess[str]
) -> None:
    for words in ((), ("--with-deps",)):
        status = project.dvc("status", *words, f"evaluate@{made.MODEL}")
        assert status.returncode == 0, status.stderr
        assert "up to date" in status.stdout
    everything = project.dvc("status").stdout
    assert f"evaluate@{OTHER}" in everything
    assert made.MODEL not in everything


def test_the_flow_is_named_where_the_model_has_a_deployment(
    project: Project, answer: subprocess.CompletedProcess[str]
) -> None:
    assert f"give {made.MODEL} a deployment" in answer.stdout
    deployments = project.folder / deploying.DEPLOYMENTS
    before = deployments.read_bytes()
    try:
        deploying.add(deployments, made.MODEL)
        again = project.assay("run", made.MODEL).stdout
        deployments.write_text("deployments: [")
        torn = project.assay("run", made.MODEL)
    finally:
        deployments.write_bytes(before)
    assert f"prefect deployment run retrain/{made.MODEL} --watch" in again
    assert "edit prefect.yaml" not in again
    assert torn.returncode == 0, torn.stderr
    assert "edit prefect.yaml" in torn.stdout

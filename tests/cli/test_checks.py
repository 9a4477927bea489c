from __future__ import annotations

import json
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from assay.cli import checks
from assay.paths import ModelPaths
from tests import made
from tests.cli.command import assay
from tests.conftest import ROOT, Project, lay_out, settings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.cli.checks import Finding

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture(scope="module")
def made_project(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Project:
    """A project whose first stage has run."""
    folder = tmp_path_factory.mktemp("checks") / "a project"
    project = lay_out(folder, {made.MODEL: settings(checkpoint)})
    shutil.copyfile(ROOT / "requirements.lock", folder / "requirements.lock")
    made.texts(60).to_csv(folder / FILES.inbox / "rows.csv", index=False)
    return project


@pytest.fixture
def project(made_project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(made_project.folder)
    for variable in checks.SERVERS:
        monkeypatch.delenv(variable, raising=False)
    return made_project


def _checked() -> dict[str, Finding]:
    found = checks.check()
    for finding in found:
        assert finding.found
        assert finding.cure or finding.state == "ok", finding
    return {finding.subject: finding for finding in found}


def test_a_healthy_project(project: Project) -> None:
    found = _checked()
    assert found["packages"].state == "ok", found["packages"].found
    assert found["git"].found.endswith(" with changes")
    assert found["settings"].found == f"models: {made.MODEL}"
    assert found[f"{made.MODEL}: starts from"].state == "ok"
    assert found["Prefect server"].found == "none asked for (PREFECT_API_URL is not set)"
    assert "int8" not in found
    assert {"python", "processor", "bf16", "disk", "MLflow server"} <= set(found)


@pytest.mark.parametrize(
    ("supported", "said"),
    [
        (True, "training uses bf16"),
        (False, "training uses fp32: this processor has no bf16 instructions"),
    ],
)
def test_the_arithmetic_of_training_is_said_and_is_no_fault(supported: bool, said: str) -> None:
    finding = checks._bf16(supported=supported)
    assert (finding.state, finding.found) == ("ok", said)


def test_outputs_are_rehashed(project: Project) -> None:
    subject = f"{made.MODEL}: outputs"
    assert _checked()[subject].found == "not built yet"
    answer = project.dvc("repro", f"validate@{made.MODEL}")
    assert answer.returncode == 0, answer.stderr
    found = _checked()
    assert found[subject].found == "every byte as in dvc.lock"
    assert found[f"{made.MODEL}: bundle"].found == "not built yet"
    FILES.raw.unlink()
    made.texts(61).to_parquet(FILES.raw)
    spoiled = _checked()[subject]
    assert spoiled.state == "wrong"
    assert f"{FILES.raw}: altered" in spoiled.found
    assert f"assay run {made.MODEL}" in spoiled.cure
    FILES.raw.unlink()
    partly = _checked()[subject]
    assert partly.state == "wrong"
    assert f"{FILES.raw}: missing" in partly.found
    _is_no_fault_where_nothing_is_there(subject)
    outputs = (FILES.raw, FILES.validation, FILES.data_docs)
    assert project.dvc("checkout", *map(str, outputs)).returncode == 0
    FILES.bundle.mkdir(parents=True)
    refused = _checked()[f"{made.MODEL}: bundle"]
    assert refused.state == "wrong"
    assert "assay.json is missing" in refused.found
    FILES.bundle.rmdir()


def _is_no_fault_where_nothing_is_there(subject: str) -> None:
    """Take the rest away too: what remains is a clone, where nobody asked for this model yet."""
    FILES.validation.unlink()
    shutil.rmtree(FILES.data_docs)
    absent = _checked()[subject]
    assert (absent.state, absent.found) == ("note", "not built here")
    assert f"assay run {made.MODEL} builds it; dvc pull fetches it" in absent.cure
    assert f"{made.MODEL}: bundle" not in _checked()
    assert assay("doctor").code == 0


def test_packages_that_differ_from_the_lock(project: Project) -> None:
    before = checks.LOCK.read_text()
    lines = ["# a comment", "", "torch==1.0", "no-such-package==1", "x==1; sys_platform == 'mars'"]
    try:
        checks.LOCK.write_text("\n".join(lines))
        wrong = _checked()["packages"]
        assert wrong.state == "wrong"
        assert wrong.found.startswith("2 differ from requirements.lock: torch is 2.")
        assert "no-such-package is missing" in wrong.found
        checks.LOCK.unlink()
        assert _checked()["packages"].found == "requirements.lock is missing"
    finally:
        checks.LOCK.write_text(before)


def test_a_checkpoint_that_is_not_there(project: Project) -> None:
    params = project.folder / "params.yaml"
    before = params.read_text()
    try:
        params.write_text(before.replace("checkpoint: /", "checkpoint: /nowhere/"))
        wrong = _checked()[f"{made.MODEL}: starts from"]
        assert wrong.state == "wrong"
        assert "which is not there" in wrong.found
    finally:
        params.write_text(before)


def test_broken_settings_are_a_finding_and_the_rest_is_looked_at(project: Project) -> None:
    params = project.folder / "params.yaml"
    before = params.read_text()
    try:
        params.write_text(before + "modles: {}\n")
        found = _checked()
        assert found["project"].state == "wrong"
        assert "unknown key `modles`" in found["project"].found
        assert "MLflow server" in found
    finally:
        params.write_text(before)


def test_servers_that_answer_and_that_do_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
        assert _checked()["Prefect server"].found == f"answers at 127.0.0.1:{port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    dead = _checked()["MLflow server"]
    assert dead.state == "wrong"
    assert dead.cure == "make up, or unset MLFLOW_TRACKING_URI"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/mlflow.db")
    assert _checked()["MLflow server"].state == "ok"


def test_doctor_says_it_with_cures_and_an_exit_code(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "ENOUGH_DISK", 2**80)
    answer = assay("doctor")
    assert answer.code == 1
    assert "WRONG  disk" in answer.out
    assert "\ncures:\n" in answer.out
    assert "  disk: free some space" in answer.out
    found = json.loads(assay("doctor", "--json").out)["findings"]
    assert {finding["state"] for finding in found} <= {"ok", "note", "wrong"}
    monkeypatch.setattr(checks, "ENOUGH_DISK", 0)
    assert assay("doctor").code == 0

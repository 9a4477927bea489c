"""A model that learned from another one is released, and rebuilt from what DVC kept of that one."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from assay.files import remove
from assay.paths import ModelPaths
from tests.blocks import scratch_settings
from tests.conftest import ROOT, lay_out
from tests.made import texts
from tests.release.project import Released

if TYPE_CHECKING:
    from pathlib import Path

LARGE, SMALL = ModelPaths("large"), ModelPaths("small")


def _block(**train: Any) -> dict[str, Any]:
    block = scratch_settings("bow", epochs=3, **train)
    # DVC wants each parameter that dvc.yaml names to be there.
    return {**block, "ingest": {"source": None, "slices": []}, "split": {"seed": 13}}


def _write(project: Released, chosen: dict[str, Any]) -> None:
    models = {"small": _block(width=8, teacher=chosen), "large": _block()}
    with (project.folder / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"models": models}, stream)


def test_a_student_is_released_and_rebuilt_without_its_teacher_at_hand(tmp_path: Path) -> None:
    blocks = {"small": _block(), "large": _block()}
    project = Released(lay_out(tmp_path / "a project", blocks).folder)
    shutil.copyfile(ROOT / "requirements.lock", project.folder / "requirements.lock")
    for files in (SMALL, LARGE):
        texts(300).to_csv(project.folder / files.inbox / "rows.csv", index=False)
    project.assay("doctor", "--fix")
    done = project.dvc("repro", "train@large")
    assert done.returncode == 0, done.stdout + done.stderr

    _write(project, {"model": "large"})
    said = project.refused("run", "small", code=2)
    assert "train.teacher.digest is missing" in said
    found = re.search(r"write `digest: ([0-9a-f]{64})`", said)
    assert found
    _write(project, {"model": "large", "digest": found[1]})
    done = project.assay("run", "small")
    assert done.returncode == 0, done.stdout + done.stderr
    project.commit("Build")

    assert project.answer("promote", "small")["promoted"]
    path = project.folder / "releases/small/1/certificate.json"
    content = _content(path)
    outputs = content["lock"]["stages"]["train@large"]["outs"]
    assert [one["path"] for one in outputs] == [LARGE.checkpoint.as_posix()]
    assert LARGE.splits.as_posix() in content["materials"]

    for gone in (LARGE.checkpoint, LARGE.splits):
        remove(project.folder / gone)
    answer = project.answer("verify", "small", "--quick")
    assert answer["result"] == "equal_so_far"
    assert not (project.folder / LARGE.checkpoint).exists()


def _content(certificate: Path) -> dict[str, Any]:
    """Return the materials' names and the lock of a certificate."""
    import base64

    envelope = json.loads(certificate.read_text())
    stated = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    materials = {one["name"] for one in stated["buildDefinition"]["resolvedDependencies"]}
    (lock,) = (
        one["annotations"]["content"]
        for one in stated["runDetails"]["byproducts"]
        if one["name"] == "lock"
    )
    return {"materials": materials, "lock": lock}

"""A new task makes no other model stale, and a change of a model's own code does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from assay.paths import SPLITS, ModelPaths
from tests.conftest import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

MODEL = "reviews"


def record_everything(project: Project) -> None:
    """Write something in the place of every output, and have DVC record all of it as up to date."""
    stages = YAML(typ="safe").load(project.folder / "dvc.yaml")["stages"]
    for stage in stages.values():
        body = stage["do"]
        for entry in [*body.get("outs", []), *body.get("metrics", []), *body.get("plots", [])]:
            name = next(iter(entry)) if isinstance(entry, dict) else entry
            path = project.folder / name.replace("${key}", MODEL)
            target = path if path.suffix else path / "file"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("{}\n" if path.suffix == ".json" else "a,b\n1,2\n")
    for name in SPLITS:
        path = project.folder / ModelPaths(MODEL).split(name)
        path.write_text("rows\n")
    done = project.dvc("commit", "--force")
    assert done.returncode == 0, done.stderr


def status(project: Project) -> str:
    answer = project.dvc("status")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_an_empty_task_folder_leaves_every_model_up_to_date(
    make_project: Callable[..., Project], checkpoint: Path
) -> None:
    block = settings(checkpoint)
    project = make_project({MODEL: block})
    record_everything(project)
    assert "up to date" in status(project)

    for folder in ("tasks/sound_regression", "modalities/sound", "objectives/regression"):
        new = project.folder / "src/assay" / folder
        new.mkdir()
        (new / "__init__.py").write_text('"""Nothing yet."""\n')
    assert "up to date" in status(project)

    own = project.folder / "src/assay/tasks/text_classification/train.py"
    own.write_text(own.read_text() + "# changed\n")
    found = status(project)
    assert f"train@{MODEL}" in found
    assert f"export@{MODEL}" in found
    assert f"split@{MODEL}" not in found

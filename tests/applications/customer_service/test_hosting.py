from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from assay.applications.customer_service.feedback import Inbox
from assay.applications.customer_service.hosting import open_service
from tests.applications.customer_service.small import RETURNS, lay_out, with_model
from tests.made import LABELS, MODEL

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PROGRAM = """
import pathlib, sys
from assay.applications.customer_service.feedback import Inbox
from assay.applications.customer_service.hosting import open_service
from assay.applications.customer_service.turn import State
hosted = open_service(pathlib.Path("service.yaml"), threads=1)
turn, _ = hosted.now.dialogue.turn("How do I return an item?", State())
assert turn.kind == "answer", turn
hosted.routes()
hosted.close()
print(*sorted({"torch", "transformers", "mlflow", "prefect"} & set(sys.modules)))
"""


def test_the_service_runs_without_torch(tmp_path: Path, checkpoint: Path) -> None:
    with_model(tmp_path, checkpoint)
    words = [sys.executable, "-c", PROGRAM]
    answer = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "torch" not in answer.stdout
    assert "transformers" not in answer.stdout


def test_corrections_go_to_the_intent_model(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hosted = open_service(with_model(tmp_path, checkpoint), threads=1)
    assert hosted.now.inbox == Inbox(MODEL, LABELS)
    assert hosted.now.notes == (f"{MODEL} has not been released: the workspace's bundle is asked",)
    hosted.close()


def test_a_model_that_is_trained_elsewhere_gets_no_corrections(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = with_model(tmp_path, checkpoint)
    (tmp_path / "params.yaml").write_text("models: {}\n", encoding="utf-8")
    hosted = open_service(path, threads=1)
    assert hosted.now.inbox is None
    assert hosted.now.about.models[0].model == MODEL
    hosted.close()


def test_conversations_end_when_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = lay_out(tmp_path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("sessions: {store: 'sqlite:///kept.db', minutes: 5}\n")
    hosted = open_service(path, threads=1)
    assert hosted.sessions.expiry_s == 300
    assert (tmp_path / "kept.db").exists()
    assert not (tmp_path / ".assay/service/sessions.db").exists()
    assert hosted.now.about.answers["returns"] == RETURNS
    hosted.close()

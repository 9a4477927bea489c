"""Bundles with altered bytes, and disks that fill up."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from assay.stages.__main__ import main
from tests import disks, made
from tests.cli.command import assay
from tests.conftest import settings
from tests.end_to_end.refusal import FILES, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_bundle_with_altered_bytes(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(made.built(checkpoint), folder)
    monkeypatch.chdir(folder)
    content = bytearray((FILES.bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (FILES.bundle / name).write_bytes(content)
    answer = assay("predict", made.MODEL, "a wonderful film")
    assert answer.code == 3
    assert answer.out == ""
    assert f"the bytes of {name} were altered" in answer.err
    assert "expected: exactly the bytes that assay.json lists" in answer.err
    assert "next: build it again (assay run MODEL)" in answer.err


def test_a_disk_that_fills_up_under_a_table(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    folder = project(made.texts(90))
    FILES.raw.parent.parent.mkdir(exist_ok=True)
    with disks.small_disk(folder / FILES.raw.parent):
        assert main("ingest", made.MODEL) == 0
        before = FILES.raw.read_bytes()
        made.texts(30_000, seed=4).to_csv(FILES.inbox / "more.csv", index=False)
        refusal = refused("ingest")
        assert refusal.code == 1
        assert f"the disk is full: {FILES.raw} could not be written" in refusal.found
        assert "dvc gc" in refusal.cure
        assert FILES.raw.read_bytes() == before, "what was there is there"
        assert list(FILES.raw.parent.iterdir()) == [FILES.raw], "nothing half-written is"


def test_a_disk_that_fills_up_under_a_checkpoint_costs_no_training(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    store = made.built(checkpoint) / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    folder = project(made.texts(120), split__seed=1)
    FILES.checkpoint.parent.parent.mkdir()
    with disks.small_disk(folder / FILES.checkpoint.parent):
        refusal = refused("ingest", "validate", "split", "train")
        assert refusal.code == 1
        assert f"the disk is full: {FILES.checkpoint} could not be written" in refusal.found
        assert "finished stages are kept" in refusal.cure
        # The trace of a training that ended is whole; DVC removes it before the next one.
        left = [path for path in FILES.checkpoint.parent.iterdir() if path != FILES.trace]
        assert left == []
    assert main("train", made.MODEL) == 0
    assert "training resumes at step" in capfd.readouterr().err


def test_a_disk_without_room_for_the_refusal_itself(
    tmp_path: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "rows.csv"
    made.texts(30_000).to_csv(source, index=False)
    with disks.small_disk(tmp_path / "full") as folder:
        made.lay_out_plain(folder, settings(checkpoint))
        (folder / FILES.inbox / "rows.csv").symlink_to(source)
        with (folder / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        monkeypatch.chdir(folder)
        assert main("ingest", made.MODEL) == 1
        shown = capfd.readouterr().err
        monkeypatch.chdir(tmp_path)
    assert "the disk is full" in shown
    assert "next: free some space" in shown

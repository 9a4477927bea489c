from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from assay.errors import (
    OutOfSpace,
    SettingsError,
    SourceRefused,
    StageFailed,
    UsageError,
)
from assay.gateways import versioning
from tests.gateways.versioning.made import build, linux


def test_a_refusal_keeps_its_kind_its_exit_code_and_its_words(project: Path) -> None:
    Path("data/inbox/tiny/rows.csv").write_text("words,label\nfine,good\n")
    with pytest.raises(SourceRefused, match="no column 'text'") as caught:
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert caught.value.exit_code == 3
    assert "ingest.text" in caught.value.cure


def test_a_refusal_of_an_earlier_run_is_not_told_again(project: Path) -> None:
    Path(".assay/refusals").mkdir(parents=True)
    old = SourceRefused("old", expected="", cure="")
    Path(".assay/refusals/ingest@tiny.json").write_text(json.dumps(old.as_dict()))
    Path("train.py").write_text("raise ValueError('the loss is not a number')")
    with pytest.raises(StageFailed, match="the loss is not a number") as caught:
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert "failed to reproduce 'train@tiny'" in caught.value.found


def test_a_stage_that_was_killed_says_so(project: Path) -> None:
    Path("train.py").write_text("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(StageFailed, match="memory"):
        versioning.reproduce("train@tiny", on_line=lambda _: None)


@pytest.mark.parametrize(
    ("file", "text", "kind", "words"),
    [
        ("params.yaml", "  : [", SettingsError, "params.yaml is not readable YAML"),
        ("params.yaml", "rest: 1\n", SettingsError, "unknown key `rest`"),
        ("dvc.yaml", "  : [", SettingsError, "dvc.yaml"),
        ("dvc.yaml", "stagez: 1\n", SettingsError, "stagez"),
    ],
)
def test_a_broken_file_is_named(
    project: Path, file: str, text: str, kind: type[Exception], words: str
) -> None:
    with Path(file).open("a") as stream:
        stream.write(text)
    with pytest.raises(kind, match=words):
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    with pytest.raises(kind, match=words):
        versioning.stages_of("tiny")


def test_an_unknown_stage_is_wrong_usage(project: Path) -> None:
    with pytest.raises(UsageError, match="trian@tiny"):
        versioning.reproduce("trian@tiny", on_line=lambda _: None)


@linux
def test_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    try:
        build(disk / "project", monkeypatch)
        # The workspace has room for it, DVC's cache beside it has not.
        Path("train.py").write_text(
            "import os; os.makedirs('models/tiny'); "
            "open('models/tiny/weights', 'wb').write(bytes(2000000))"
        )
        versioning.reproduce("ingest@tiny", on_line=lambda _: None)
        before = Path("dvc.lock").read_text()
        with pytest.raises(OutOfSpace, match="the disk is full"):
            versioning.reproduce("train@tiny", on_line=lambda _: None)
        assert Path("dvc.lock").read_text() == before
    finally:
        monkeypatch.chdir(tmp_path)
        subprocess.run(["umount", str(disk)], check=True)

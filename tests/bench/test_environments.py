from __future__ import annotations

from typing import TYPE_CHECKING

from assay.paths import CACHE, user_cache
from bench import environments

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_program_that_cannot_be_installed_is_left_out_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    assert environments.python_with("None", [str(tmp_path / "absent.whl")]) is None
    assert "None can't be installed here" in capsys.readouterr().err
    assert not (user_cache() / "bench/none/ready").exists()


def test_an_environment_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE, str(tmp_path))
    ready = user_cache() / "bench/litserve/ready"
    ready.parent.mkdir(parents=True)
    ready.touch()
    found = environments.python_with("LitServe", [str(tmp_path / "absent.whl")])
    assert found == ready.parent / "bin/python"

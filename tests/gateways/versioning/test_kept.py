from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.gateways import versioning
from tests.gateways.versioning.test_content import RAW, cached, rot

MODEL = Path("models/tiny")


@pytest.fixture
def built(project: Path) -> None:
    """Build, and take the outputs away, as DVC does before it runs a stage."""
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    shutil.rmtree(MODEL)
    RAW.unlink()


@pytest.mark.usefixtures("built")
def test_the_last_version_of_an_output_or_of_a_file_of_one_is_found() -> None:
    whole, inner = (
        versioning.last_version(RAW, "tiny"),
        versioning.last_version(MODEL / "b", "tiny"),
    )
    assert whole is not None
    assert whole.read_bytes()[:4] == b"PAR1"
    assert inner is not None
    assert inner.read_text() == "b"


@pytest.mark.usefixtures("built")
def test_what_was_never_recorded_has_none() -> None:
    assert versioning.last_version(MODEL / "c", "tiny") is None
    assert versioning.last_version(Path("elsewhere"), "tiny") is None
    assert versioning.last_version(RAW, "tiny-two") is None
    Path("dvc.lock").unlink()
    assert versioning.last_version(RAW, "tiny") is None


@pytest.mark.usefixtures("built")
def test_a_rotten_one_is_fetched_from_the_remote_or_not_taken(tmp_path: Path) -> None:
    rot(cached(RAW))
    assert versioning.last_version(RAW, "tiny") is None
    shutil.rmtree(".dvc/cache/files")
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    dvc = (sys.executable, "-m", "dvc")
    subprocess.run([*dvc, "remote", "add", "-d", "far", str(tmp_path / "far")], check=True)
    subprocess.run([*dvc, "push", "-q"], check=True)
    for path, place in ((RAW, cached(RAW)), (MODEL / "b", cached(MODEL, "b"))):
        sound = place.read_bytes()
        rot(place)
        found = versioning.last_version(path, "tiny")
        assert found is not None
        assert found.read_bytes() == sound


def test_outside_dvc_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert versioning.last_version(RAW, "tiny") is None

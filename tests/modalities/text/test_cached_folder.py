from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.modalities.text.cached_folder import is_whole, kept

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache of its own."""
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _write(folder: Path) -> None:
    (folder / "one").write_text("1")


def _never(folder: Path) -> None:
    raise AssertionError(f"{folder} was whole")


def test_it_is_written_once(cache: Path) -> None:
    assert kept("name", _write) == cache / "name"
    assert kept("name", _never) == cache / "name"


def test_a_changed_byte_is_noticed_and_healed(cache: Path) -> None:
    (kept("name", _write) / "one").write_text("2")
    assert not is_whole(cache / "name")
    assert (kept("name", _write) / "one").read_text() == "1"
    (cache / "name/one").unlink()
    assert not is_whole(cache / "name")
    assert not is_whole(cache / "nowhere")


def test_what_failed_leaves_no_folder(cache: Path) -> None:
    with pytest.raises(AssertionError):
        kept("name", _never)
    assert not (cache / "name").exists()

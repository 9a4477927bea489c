from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import hotels
from assay.paths import DOWNLOADS
from tests.gateways.served import served

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 'label,review\r\n1,"早餐不错,下次再来"\r\n0,房间太小\r\n1,\r\n'


def test_every_review_comes_with_its_sentiment(mirror: Path) -> None:
    (mirror / "text" / hotels.FILE).write_text(ROWS, encoding="utf-8")
    table = sources.texts("hotels")
    assert list(table) == ["text", "label"]
    assert table["label"].tolist() == ["positive", "negative", "positive"]
    assert table["text"].tolist()[:2] == ["早餐不错,下次再来", "房间太小"]
    assert table["text"].isna().tolist() == [False, False, True]


def test_the_address_is_asked_where_the_mirror_has_none(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "official.csv").write_text(ROWS, encoding="utf-8")
    with served(tmp_path) as url:
        monkeypatch.setattr(hotels, "URL", url + "official.csv")
        assert len(sources.texts("hotels")) == 3
    assert [file.name for file in DOWNLOADS.iterdir()] == [hotels.FILE]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("label,text\n1,good\n", "has no column 'review'"),
        ("label,review\n3,good\n", "holds the label '3'"),
        ("<!DOCTYPE html>\n<p>Not found</p>\n", "has no column 'review' and 'label'"),
        ("", "is empty"),
    ],
)
def test_another_file_is_refused(mirror: Path, content: str, found: str) -> None:
    (mirror / "text" / hotels.FILE).write_text(content)
    with pytest.raises(SourceRefused, match=found):
        sources.texts("hotels")

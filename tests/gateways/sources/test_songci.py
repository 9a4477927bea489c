from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import fetching, sources
from assay.gateways.sources import songci

if TYPE_CHECKING:
    from pathlib import Path

POEMS = [
    {"title": "如梦令", "author": "李清照", "text": "常记溪亭日暮。\n沉醉不知归路。"},
    {"title": "菩萨蛮", "author": "无名氏", "text": "宝刀迎面摇寒雪。"},
]


def test_a_document_is_the_tune_and_the_poem(mirror: Path) -> None:
    lines = "".join(json.dumps(poem, ensure_ascii=False) + "\n" for poem in POEMS)
    (mirror / "text" / songci.FILE).write_bytes(lines.encode())
    assert sources.corpus("songci").to_dict("list") == {
        "text": ["如梦令\n常记溪亭日暮。\n沉醉不知归路。", "菩萨蛮\n宝刀迎面摇寒雪。"],
        "title": ["如梦令", "菩萨蛮"],
        "author": ["李清照", "无名氏"],
    }


def test_lines_without_poems_are_refused(mirror: Path) -> None:
    (mirror / "text" / songci.FILE).write_text('{"title": "a", "author": "b"}\n')
    with pytest.raises(SourceRefused, match="has no column 'text'"):
        sources.corpus("songci")


def test_what_the_mirror_lacks_is_refused_with_what_it_should_be(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceRefused, match=r"mirror/ has no text/songci.jsonl") as refused:
        sources.corpus("songci")
    assert "no address" in refused.value.expected
    monkeypatch.delenv(fetching.MIRROR)
    with pytest.raises(SourceRefused, match="ASSAY_MIRROR is not set"):
        sources.corpus("songci")


def test_the_mirrors_poems_are_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    if fetching.mirrored(f"text/{songci.FILE}") is None:
        pytest.skip("ASSAY_MIRROR names no folder that holds the poems")
    table = sources.corpus("songci")
    assert len(table) > 15_000
    assert table.notna().all(axis=None)
    assert all(map(str.startswith, table["text"], table["title"] + "\n"))

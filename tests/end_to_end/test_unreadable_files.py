"""Files that cannot be read are refused, each with its exit code and what to do."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.gateways import fetching
from assay.gateways.sources import opinions
from assay.stages.__main__ import main
from tests import made
from tests.end_to_end.refusal import FILES, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_empty_file(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(b"")
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "rows.csv is empty" in refusal.found
    assert "take the file away" in refusal.cure


def test_nothing_at_all(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project()
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "nothing to learn from" in refusal.found
    assert f"cp YOUR.csv {FILES.inbox}/" in refusal.cure


def test_a_wrong_column(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(60).rename(columns={"label": "labels"}))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "no column 'label'; it has 'text', 'labels'" in refusal.found
    assert "did you mean 'labels'?" in refusal.cure


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_an_encoding_that_is_not_read(
    project: Callable[..., Path], refused: Callable[..., Refusal], encoding: str
) -> None:
    table = made.texts(60)
    table["text"] += " café … naïve" if encoding == "cp1252" else " café, naïve"
    project(table.to_csv(index=False).encode(encoding))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "neither UTF-8 nor Chinese in GB18030: byte 0xe9" in refusal.found
    assert "iconv -f YOUR_ENCODING -t UTF-8 rows.csv" in refusal.cure


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_an_encoding_that_is_read(project: Callable[..., Path], encoding: str) -> None:
    texts = ["酒店位置很好，早餐也不错。", "房间太小，服务员态度很差！", "“还可以”——价格便宜"]
    table = pd.DataFrame({"text": texts, "label": ["好评", "差评", "中评"]})
    project(table.to_csv(index=False).encode(encoding))
    assert main("ingest", made.MODEL) == 0
    raw = pd.read_parquet(FILES.raw)
    assert raw[["text", "label"]].to_dict("list") == table.to_dict("list")


def test_a_torn_archive(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    content = made.texts(60).to_csv(index=False).encode()
    project(gzip.compress(content)[:200], "rows.csv.gz")
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "rows.csv.gz cannot be read" in refusal.found


def test_a_source_with_a_wrong_checksum(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project(ingest__source="opinions")
    (tmp_path / "mirror/text").mkdir(parents=True)
    (tmp_path / "mirror/text" / opinions.ARCHIVE).write_bytes(b"PK another archive")
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "vaderSentiment-0.5.zip has SHA-256 " in refusal.found
    assert refusal.expected == opinions.SHA256
    assert "do not use it" in refusal.cure
    assert not FILES.raw.exists()

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.applications.customer_service import feedback
from assay.applications.customer_service.feedback import Inbox
from assay.paths import ModelPaths
from assay.serving.refusals import BadRequest, TooMany
from assay.stages.__main__ import main
from tests.conftest import settings
from tests.made import MODEL, lay_out_plain, texts

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("negative", "neutral", "positive")
NOW = 1_800_000_000.0  # 2027-01-15, 08:00 UTC


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_corrected_row_is_what_the_model_learns_from_next(
    project: Path, checkpoint: Path
) -> None:
    block = settings(checkpoint) | {
        "ingest": {"source": None, "text": "message", "label": "topic", "slices": []}
    }
    table = texts(30).rename(columns={"text": "message", "label": "topic"})
    lay_out_plain(project, block, table)
    inbox = Inbox(MODEL, LABELS)
    for text, label in (
        ("=cmd|'/c calc' 说“不”\n行", "negative"),
        ("call ann@example.org", "neutral"),
    ):
        inbox.add(text, label, NOW)
    assert main("ingest", MODEL) == 0
    raw = pd.read_parquet(ModelPaths(MODEL).raw)
    assert raw[["text", "label"]].values.tolist()[-2:] == [
        ["=cmd|'/c calc' 说“不”\n行", "negative"],
        ["call [e-mail]", "neutral"],
    ]


def test_each_day_has_its_file(project: Path) -> None:
    inbox = Inbox(MODEL, LABELS)
    names = [inbox.add("a text", "neutral", at).name for at in (NOW, NOW + 1, NOW + 24 * 3600)]
    assert names == [
        "service-2027-01-15.jsonl",
        "service-2027-01-15.jsonl",
        "service-2027-01-16.jsonl",
    ]
    first = (ModelPaths(MODEL).inbox / names[0]).read_text(encoding="utf-8")
    assert [json.loads(line) for line in first.splitlines()] == [
        {"text": "a text", "label": "neutral"}
    ] * 2


def test_a_link_into_the_cache_is_replaced_and_never_written_through(project: Path) -> None:
    inbox = Inbox(MODEL, LABELS)
    file = inbox.add("first", "neutral", NOW)
    cached = project / "cached"
    os.link(file, cached)
    before = cached.read_bytes()
    inbox.add("second", "neutral", NOW)
    assert cached.read_bytes() == before
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_many_at_once_are_all_kept(project: Path) -> None:
    inbox = Inbox(MODEL, LABELS)
    with ThreadPoolExecutor(8) as pool:
        files = set(pool.map(lambda at: inbox.add(f"text {at}", "neutral", NOW), range(40)))
    (file,) = files
    found = {json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()}
    assert found == {f"text {at}" for at in range(40)}


@pytest.mark.parametrize("label", ["sideways", "", "Neutral", "../neutral"])
def test_a_label_that_the_model_does_not_have_is_refused(project: Path, label: str) -> None:
    with pytest.raises(BadRequest, match="no such label"):
        Inbox(MODEL, LABELS).add("a text", label, NOW)
    assert not ModelPaths(MODEL).inbox.exists()


def test_a_label_is_spelt_as_at_ingest(project: Path) -> None:
    assert Inbox(MODEL, ("caf\u00e9",)).require(" cafe\u0301 ") == "caf\u00e9"


def test_a_blank_text_is_refused(project: Path) -> None:
    with pytest.raises(BadRequest, match="blank"):
        Inbox(MODEL, LABELS).add(" \n", "neutral", NOW)


def test_a_day_takes_only_so_many_rows(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST_ROWS", 2)
    inbox = Inbox(MODEL, LABELS)
    inbox.add("one", "neutral", NOW)
    inbox.add("two", "neutral", NOW)
    with pytest.raises(TooMany, match="the most"):
        inbox.add("three", "neutral", NOW)
    inbox.add("three", "neutral", NOW + 24 * 3600)

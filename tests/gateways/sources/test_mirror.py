"""The real files of a mirror, where ``ASSAY_MIRROR`` names one that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.gateways import fetching, sources
from assay.settings import reading
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FILES = {
    "hotels": ("chnsenticorp_hotel.csv",),
    "shop10": ("online_shopping_10_cats.csv",),
    "shop10-sentiment": ("online_shopping_10_cats.csv",),
    "sst2": ("sst2/train.tsv", "sst2/dev.tsv"),
    "banking77": ("banking77/train.csv",),
    "clinc150": ("clinc150/data_full.json",),
}
CLASSES = {
    "hotels": 2,
    "shop10": 10,
    "shop10-sentiment": 2,
    "sst2": 2,
    "banking77": 77,
    "clinc150": 151,
}


EXAMPLES = [path for path in (ROOT / "examples").glob("*.yaml") if path.stem in FILES]


def _texts(name: str) -> pd.DataFrame:
    if absent := [file for file in FILES[name] if fetching.mirrored(f"text/{file}") is None]:
        pytest.skip(f"ASSAY_MIRROR names no folder that holds text/{absent[0]}")
    return sources.texts(name)


@pytest.mark.parametrize("name", FILES)
def test_a_mirrors_file_holds_every_class_and_hardly_a_missing_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = _texts(name)
    assert table["label"].nunique() == CLASSES[name]
    assert table["label"].notna().all()
    assert table["text"].isna().sum() <= 1
    assert table["text"].nunique() > 5000
    assert list(tmp_path.iterdir()) == [], "nothing was fetched"


def test_sst2_comes_with_a_test_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = _texts("sst2")["given"].value_counts()
    assert given["train"] > 6000
    assert given["test"] > 800


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_names_its_sources_classes_and_columns(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = reading.mapping(path, path.read_bytes()).values()
    table = _texts(block["ingest"]["source"])
    assert set(block["labels"]) == set(table["label"])
    assert set(block["ingest"]["slices"]) <= set(table)
    assert table["label"].value_counts(normalize=True).max() < block["validate"]["max_class_share"]

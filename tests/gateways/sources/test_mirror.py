"""The real files of a mirror, where ``ASSAY_MIRROR`` names one that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.gateways import sources
from assay.gateways.sources import fetching

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize("name", FILES)
def test_a_mirrors_file_holds_every_class_and_hardly_a_missing_text(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if absent := [file for file in FILES[name] if fetching.mirrored(f"text/{file}") is None]:
        pytest.skip(f"ASSAY_MIRROR names no folder that holds text/{absent[0]}")
    monkeypatch.chdir(tmp_path)
    table = sources.texts(name)
    assert table["label"].nunique() == CLASSES[name]
    assert table["label"].notna().all()
    assert table["text"].isna().sum() <= 1
    assert table["text"].nunique() > 5000
    assert list(tmp_path.iterdir()) == [], "nothing was fetched"


def test_sst2_comes_with_a_test_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if fetching.mirrored("text/sst2/dev.tsv") is None:
        pytest.skip("ASSAY_MIRROR names no folder that holds text/sst2/dev.tsv")
    monkeypatch.chdir(tmp_path)
    given = sources.texts("sst2")["given"].value_counts()
    assert given["train"] > 6000
    assert given["test"] > 800

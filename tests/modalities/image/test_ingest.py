from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.files import sha256
from assay.modalities.image import ingest as module
from assay.modalities.image import row_groups
from assay.settings.image import ImageIngest
from tests.tasks.image_classification import pictures

if TYPE_CHECKING:
    from pathlib import Path


def ingest(inbox: Path, target: Path, **settings: Any) -> dict[str, int]:
    found = ImageIngest.model_validate(settings)
    return module.ingest(found, {"label": "label"}, inbox, target)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    for row in pictures.table(12):
        target = folder / row["label"] / f"{int(row['id']):02}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(row["image"])
    return folder


def test_folders_become_one_table_of_encoded_images(inbox: Path, tmp_path: Path) -> None:
    counts = ingest(inbox, tmp_path / "raw.parquet")
    assert counts == {"class folders": 12}
    raw = pd.read_parquet(tmp_path / "raw.parquet")
    assert list(raw.columns) == ["id", "image", "label", "given"]
    for _, row in raw.iterrows():
        assert row["image"] == (inbox / row["id"]).read_bytes()
        assert row["label"] == row["id"].partition("/")[0]
    assert raw["given"].isna().all()


def test_the_same_data_makes_the_same_bytes(inbox: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ingest(inbox, tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    assert parquet.read_schema(tmp_path / "one").metadata is None


def test_rows_without_a_path_are_named_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    rows = pictures.table(3)
    again = [{**rows[0], "label": "one"}]
    pictures.write(tmp_path / "inbox/rows.parquet", [*rows, *again])
    ingest(tmp_path / "inbox", tmp_path / "raw.parquet")
    ids = pd.read_parquet(tmp_path / "raw.parquet")["id"].tolist()
    first = hashlib.sha256(rows[0]["image"]).hexdigest()[:16]
    assert ids[0] == first
    assert ids[3] == f"{first}-1"
    assert len(set(ids)) == 4


def test_a_given_split_and_slice_columns_come_along(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    given = pd.Series(["train", "test", "?", None])
    table = pd.DataFrame(pictures.table(4)).assign(given=given, shop=1)
    table.to_parquet(tmp_path / "inbox/rows.parquet")
    ingest(tmp_path / "inbox", tmp_path / "raw.parquet", slices=["shop"])
    raw = pd.read_parquet(tmp_path / "raw.parquet")
    assert raw["given"].fillna("-").tolist() == ["train", "test", "-", "-"]
    assert raw["shop"].tolist() == ["1"] * 4


def test_a_slice_that_no_table_has_is_refused(inbox: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match=r"ingest.slices names 'shop'"):
        ingest(inbox, tmp_path / "raw.parquet", slices=["shop"])


def test_a_limit_keeps_rows_evenly_spread(inbox: Path, tmp_path: Path) -> None:
    ingest(inbox, tmp_path / "all")
    ingest(inbox, tmp_path / "some", limit=10)
    every, some = (pd.read_parquet(tmp_path / name)["id"].tolist() for name in ("all", "some"))
    assert some == [name for name in every if name in set(some)]
    assert len(some) == 10
    assert {every[0], every[-1]} <= set(some)


def test_row_groups_stay_small(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 1)
    monkeypatch.setattr(row_groups, "GROUP_ROWS", 5)
    ingest(inbox, tmp_path / "raw.parquet")
    found = parquet.read_metadata(tmp_path / "raw.parquet")
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups)] == [5, 5, 2]
    monkeypatch.setattr(row_groups, "GROUP_BYTES", 1)
    ingest(inbox, tmp_path / "raw.parquet")
    assert parquet.read_metadata(tmp_path / "raw.parquet").num_row_groups == 12


def test_an_empty_inbox_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/.gitkeep").touch()
    with pytest.raises(SourceRefused, match="there is nothing to learn from") as refused:
        ingest(tmp_path / "inbox", tmp_path / "raw.parquet")
    assert "holds no image" in refused.value.found
    assert "a folder a class" in refused.value.expected
    assert "cp -r YOUR_FOLDER" in refused.value.cure


def test_files_that_are_left_alone_are_said(
    inbox: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inbox / "zero/scan.tiff").touch()
    ingest(inbox, tmp_path / "raw.parquet")
    assert "1 files of" in capsys.readouterr().err


def test_a_file_that_is_no_image_is_kept_for_validate_to_count(inbox: Path, tmp_path: Path) -> None:
    (inbox / "zero/empty.png").touch()
    ingest(inbox, tmp_path / "raw.parquet")
    raw = pd.read_parquet(tmp_path / "raw.parquet").set_index("id")
    assert raw.loc["zero/empty.png", "image"] == b""


def test_without_labels_none_are_read(inbox: Path, tmp_path: Path) -> None:
    (inbox / "loose.png").write_bytes((inbox / "zero/00.png").read_bytes())
    target = tmp_path / "raw.parquet"
    counts = module.ingest(ImageIngest(), {}, inbox, target)
    assert counts == {"image files": 13}
    raw = pd.read_parquet(target)
    assert list(raw.columns) == ["id", "image", "given"]
    assert "loose.png" in set(raw["id"])


def test_a_table_without_labels_is_read_where_none_are_wanted(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    table = pd.DataFrame(pictures.table(4))[["image"]].assign(shop=1)
    table.to_parquet(tmp_path / "inbox/rows.parquet")
    target = tmp_path / "raw.parquet"
    module.ingest(ImageIngest(slices=("shop",)), {}, tmp_path / "inbox", target)
    raw = pd.read_parquet(target)
    assert list(raw.columns) == ["id", "image", "given", "shop"]
    with pytest.raises(SourceRefused, match="no column 'label'"):
        ingest(tmp_path / "inbox", target)


def test_an_empty_inbox_names_no_class_folders_where_none_are_wanted(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    with pytest.raises(SourceRefused, match="nothing to learn from") as refused:
        module.ingest(ImageIngest(), {}, tmp_path / "inbox", tmp_path / "raw.parquet")
    assert "class" not in refused.value.expected

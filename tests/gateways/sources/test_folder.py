from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.errors import SourceRefused
from assay.gateways.sources import folder, listed
from assay.gateways.sources.images import png
from assay.gateways.sources.listed import Columns, Joined

if TYPE_CHECKING:
    from pathlib import Path

    from assay.gateways.sources.images import ImageRow

HOUSE = Columns()


def shade(value: int) -> bytes:
    return png(np.full((8, 8), value, np.uint8))


def put(root: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(shade(number))


def read(root: Path, columns: Columns = HOUSE) -> list[ImageRow]:
    part = Joined(list(folder.contents(root, columns).parts.values()))
    return list(part.read(range(len(part))))


def test_the_folder_of_an_image_is_its_class(tmp_path: Path) -> None:
    put(tmp_path, "cat/b.png", "cat/a.jpg", "deep/er/dog/c.WEBP")
    found = read(tmp_path)
    assert [(one.path, one.label) for one in found] == [
        ("cat/a.jpg", "cat"),
        ("cat/b.png", "cat"),
        ("deep/er/dog/c.WEBP", "dog"),
    ]
    assert found[1].image == shade(0)
    assert {one.given for one in found} == {None}


def test_a_test_folder_above_the_classes_is_the_test_split(tmp_path: Path) -> None:
    put(tmp_path, "pets/train/cat/a.png", "pets/val/cat/b.png", "pets/Test/cat/c.png", "cat/d.png")
    given = {one.path: one.given for one in read(tmp_path)}
    assert given == {
        "cat/d.png": None,
        "pets/train/cat/a.png": "train",
        "pets/val/cat/b.png": "train",
        "pets/Test/cat/c.png": "test",
    }


def test_a_train_folder_alone_makes_no_split(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/a.png", "train/test/b.png")  # here `test` is a class
    assert [(one.label, one.given) for one in read(tmp_path)] == [("cat", None), ("test", None)]


def test_what_is_neither_image_nor_table_is_left_alone_and_named(tmp_path: Path) -> None:
    put(tmp_path, "cat/a.png", "cat/notes.txt", "cat/raw.tiff", ".hidden/b.png", "cat/.c.png")
    (tmp_path / "cat.dvc").touch()
    found = folder.contents(tmp_path, HOUSE)
    assert [file.name for file in found.left_alone] == ["notes.txt", "raw.tiff"]
    assert [one.path for one in read(tmp_path)] == ["cat/a.png"]


def test_images_without_a_class_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "cat/b.png")
    with pytest.raises(SourceRefused, match=r"1 images lie in .* itself, such as a.png") as refused:
        folder.contents(tmp_path, HOUSE)
    assert "cat/1.jpg" in refused.value.expected


def test_an_empty_folder_has_no_part(tmp_path: Path) -> None:
    assert folder.contents(tmp_path, HOUSE).parts == {}
    assert folder.contents(tmp_path / "nowhere", HOUSE).parts == {}


def test_a_table_of_paths_is_read_once_with_its_columns(tmp_path: Path) -> None:
    put(tmp_path, "set/a.png", "set/b.png", "cat/c.png")
    rows = {"file": ["a.png", "b.png"], "kind": ["x", None], "shop": ["007", ""]}
    pd.DataFrame(rows | {"given": ["test", "?"]}).to_csv(tmp_path / "set/rows.csv", index=False)
    first, second, third = read(tmp_path, Columns("file", "kind", ("shop", "colour")))
    assert (first.path, first.label, first.given, first.columns) == (
        "a.png",
        "x",
        "test",
        {"shop": "007"},
    )
    assert (second.label, second.given, second.columns) == (None, None, {"shop": None})
    assert (third.path, third.label) == ("cat/c.png", "cat")


def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    pd.DataFrame({"imag": ["a.png"], "label": ["x"]}).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(SourceRefused, match="has no column 'image'; it has 'imag'") as refused:
        folder.contents(tmp_path, HOUSE)
    assert "did you mean 'imag'?" in refused.value.cure
    assert "ingest.image" in refused.value.expected


def test_files_that_a_table_names_must_be_there(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    rows = {"image": ["a.png", "gone.png", None], "label": ["x", "y", "z"]}
    pd.DataFrame(rows).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(SourceRefused, match="names 2 image files that are not there") as refused:
        folder.contents(tmp_path, HOUSE)
    assert "'gone.png', '(an empty cell)'" in refused.value.found


def test_files_outside_the_tables_folder_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/a.png")
    (tmp_path / "set").mkdir()
    rows = pd.DataFrame({"image": ["../elsewhere/a.png"], "label": ["x"]})
    rows.to_csv(tmp_path / "set/rows.csv", index=False)
    with pytest.raises(SourceRefused, match=r"outside its folder: '../elsewhere/a.png'"):
        listed.listed(tmp_path / "set/rows.csv", HOUSE)


def write(path: Path, rows: list[dict[str, Any]], notes: dict[bytes, bytes] | None = None) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows).replace_schema_metadata(notes), path)
    return path


def test_bytes_in_a_parquet_file_are_read_with_their_columns(tmp_path: Path) -> None:
    rows = [
        {"image": shade(n % 250), "label": n % 2, "shop": n, "given": "train"} for n in range(600)
    ]
    part = listed.listed(write(tmp_path / "a.parquet", rows), Columns(others=("shop",)))
    assert len(part) == 600
    found = list(part.read({0, 255, 256, 599}))
    assert [one.image for one in found] == [shade(n) for n in (0, 5, 6, 99)]
    assert [one.label for one in found] == ["0", "1", "0", "1"]
    assert found[3].columns == {"shop": "599"}
    assert found[3].given == "train"


def test_hugging_faces_layout_brings_the_names_of_its_classes(tmp_path: Path) -> None:
    rows = [{"img": {"bytes": shade(n), "path": f"{n}.png"}, "label": n} for n in range(2)]
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    notes = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    path = write(tmp_path / "a.parquet", rows, notes)
    found = list(listed.listed(path, Columns(image="img")).read(range(2)))
    assert [(one.path, one.label) for one in found] == [("0.png", "cat"), ("1.png", "dog")]


def test_an_empty_cell_is_a_broken_image(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"image": shade(1), "label": "a"}, {"image": None, "label": "b"}]
    found = list(listed.listed(write(tmp_path / "a.parquet", rows), HOUSE).read(range(2)))
    assert [one.image for one in found] == [shade(1), b""]


def test_paths_in_a_parquet_file_are_read_too(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    rows = [{"image": "a.png", "label": "x"}]
    part = listed.listed(write(tmp_path / "rows.parquet", rows), HOUSE)
    assert [one.image for one in part.read(range(1))] == [shade(0)]


def test_a_torn_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(SourceRefused, match=r"a.parquet cannot be read"):
        listed.listed(tmp_path / "a.parquet", HOUSE)


def test_a_file_far_too_large_for_an_image_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "cat/a.png")
    monkeypatch.setattr(listed, "MOST_BYTES", 10)
    with pytest.raises(SourceRefused, match=r"a.png holds \d+ bytes"):
        read(tmp_path)


def test_without_labels_any_folder_will_do_and_a_test_folder_is_the_test_split(
    tmp_path: Path,
) -> None:
    put(tmp_path, "a.png", "train/b.png", "test/c.png", "test/cat/d.png")
    found = {one.path: (one.label, one.given) for one in read(tmp_path, Columns(label=None))}
    assert found == {
        "a.png": (None, None),
        "test/c.png": (None, "test"),
        "test/cat/d.png": (None, "test"),
        "train/b.png": (None, "train"),
    }


def test_without_labels_a_table_of_paths_needs_none(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.png")
    pd.DataFrame({"image": ["a.png"]}).to_csv(tmp_path / "rows.csv", index=False)
    found = read(tmp_path, Columns(label=None))
    assert [(one.path, one.label) for one in found] == [("a.png", None), ("b.png", None)]
    with pytest.raises(SourceRefused, match="no column 'label'"):
        read(tmp_path)

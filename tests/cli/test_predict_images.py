from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.gateways.sources.images import png
from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay
from tests.tasks.image_classification.made import LABELS, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

DARK, BRIGHT = (png(np.full((9, side), shade, np.uint8)) for side, shade in ((9, 30), (14, 220)))


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose one model tells dark images from bright ones."""
    folder = tmp_path / "a project"
    folder.mkdir()
    made.lay_out_plain(folder, {"data": "image", "task": "classification", "labels": list(LABELS)})
    monkeypatch.chdir(folder)
    write_bundle(ModelPaths(made.MODEL).bundle)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    (folder / "night.png").write_bytes(DARK)
    (folder / "deep/noon.png").write_bytes(BRIGHT)
    (folder / "deep/torn.png").write_bytes(BRIGHT[:50])
    (folder / "notes.txt").touch()
    return folder


def _ask(*words: str) -> Answer:
    return assay("predict", made.MODEL, *words)


def test_files_get_a_label_and_a_score_each(photos: Path) -> None:
    answer = _ask(str(photos / "deep/noon.png"), str(photos / "night.png"))
    assert answer.code == 0, answer.err
    first, second = answer.out.splitlines()
    assert first.split()[0] == "bright"
    assert second.split()[0] == "dark"
    assert first.endswith("noon.png")


def test_a_program_gets_one_json_object(photos: Path) -> None:
    found = json.loads(_ask(str(photos / "night.png"), "--json").out)
    assert found["truncated"] == 0
    (one,) = found["predictions"]
    assert one["image"] == str(photos / "night.png")
    assert one["predicted_label"] == "dark"
    assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_a_folder_is_asked_about_as_a_whole(photos: Path, tmp_path: Path) -> None:
    answer = _ask("--file", str(photos), "--output", str(tmp_path / "out.csv"))
    assert answer.code == 0, answer.err
    assert "1 images can't be read and get no label" in answer.err
    found = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert list(found.columns) == ["image", "predicted_label", "score"]
    assert dict(zip(found["image"], found["predicted_label"], strict=True)) == {
        "deep/noon.png": "bright",
        "deep/torn.png": "",
        "night.png": "dark",
    }


def test_a_table_of_paths_comes_back_with_two_columns_more(photos: Path) -> None:
    rows = pd.DataFrame({"shop": ["007", "008"], "image": ["night.png", "deep/noon.png"]})
    rows.to_csv(photos / "rows.csv", index=False)
    header, *lines = _ask("--file", str(photos / "rows.csv")).out.splitlines()
    assert header == "shop,image,predicted_label,score"
    assert [line.split(",")[:3] for line in lines] == [
        ["007", "night.png", "dark"],
        ["008", "deep/noon.png", "bright"],
    ]


@pytest.mark.parametrize("nested", [True, False])
def test_a_table_of_bytes_names_its_images(tmp_path: Path, nested: bool) -> None:
    cells = [{"bytes": one, "path": f"{n}.png"} for n, one in enumerate((DARK, BRIGHT, b""))]
    rows = [{"img": cell if nested else cell["bytes"]} for cell in cells]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    answer = _ask("--file", str(tmp_path / "in.parquet"), "--column", "img", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)["predictions"]
    assert [one["predicted_label"] for one in found] == ["dark", "bright", None]
    assert (found[0]["img"] == "0.png") == nested
    assert len({one["img"] for one in found}) == 3


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        ((), 2, "there is nothing to predict"),
        (("a.png", "--file", "x.csv"), 2, "both images and --file were given"),
        (("nowhere.png",), 2, "there is no file nowhere.png"),
        (("data",), 2, "data is a folder"),
        (("params.yaml",), 3, "params.yaml is not a whole image"),
        (("--file", "nowhere"), 2, "there is no file nowhere"),
        (("--file", "data/inbox"), 3, "data/inbox/ holds no image"),
    ],
)
def test_wrong_usage_is_answered(words: tuple[str, ...], code: int, found: str) -> None:
    answer = _ask(*words)
    assert answer.code == code
    assert found in answer.err
    assert "expected:" in answer.err


def test_a_missing_column_is_named(photos: Path) -> None:
    pd.DataFrame({"file": ["night.png"]}).to_csv(photos / "rows.csv", index=False)
    answer = _ask("--file", str(photos / "rows.csv"))
    assert answer.code == 3
    assert "has no column 'image'; it has 'file'" in answer.err


def test_a_file_that_a_table_names_must_be_there(photos: Path) -> None:
    pd.DataFrame({"image": ["night.png", "gone.png"]}).to_csv(photos / "rows.csv", index=False)
    answer = _ask("--file", str(photos / "rows.csv"))
    assert answer.code == 3
    assert "names 1 image files that are not there: 'gone.png'" in answer.err


def test_explanations_are_of_texts(photos: Path) -> None:
    answer = _ask(str(photos / "night.png"), "--explain")
    assert answer.code == 2
    assert "--explain marks the words of texts" in answer.err
    assert "is asked about images" in answer.err

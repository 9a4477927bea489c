from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from assay.errors import DataRefused
from assay.files import sha256
from assay.gateways.sources.images import png
from assay.modalities.assigned import FILE
from assay.modalities.image.scan import scan
from assay.modalities.image.split import leaks, split
from assay.objectives.classification.label_rules import LabelRules
from assay.paths import SPLITS
from assay.settings.image import ImageSplit
from tests.tasks.image_classification import pictures

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import SplitReport

ROWS = 300


def assigned(
    folder: Path, rows: list[dict[str, Any]], earlier: Path | None = None, **settings: Any
) -> tuple[SplitReport, dict[str, str]]:
    """Split; return the report, and the side of every row that was kept."""
    folder.mkdir()
    raw = pictures.write(folder / "raw", rows)
    rules = LabelRules(pictures.LABELS)
    chosen = ImageSplit.model_validate(settings)
    report = split(raw, chosen, rules, folder / "splits", earlier)
    sides = {
        str(row): name
        for name in SPLITS
        for row in pd.read_parquet(folder / f"splits/{name}.parquet")["id"]
    }
    return report, sides


def test_no_image_changes_sides_when_its_near_duplicate_sorts_first(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    _, before = assigned(tmp_path / "before", rows)
    record = tmp_path / "before/splits" / FILE
    first = [near(row) for row in rows[:100]] + rows
    report, after = assigned(tmp_path / "after", first, record)
    assert {row: after[row] for row in before if row in after} == {
        row: side for row, side in before.items() if row in after
    }
    assert len([row for row in before if row in after]) > 0.9 * len(before)
    assert report.leaks == {"exact": 0, "near": 0}
    _, moved = assigned(tmp_path / "without", first)
    assert any(moved[row] != before[row] for row in before if row in moved), "the test tests"


def near(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return row | {"id": f"{row['id']} as JPEG", "image": pictures.jpeg(row["image"])} | changes


def test_every_row_goes_to_one_side_with_its_image(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    report, sides = assigned(tmp_path / "a", rows)
    assert set(sides) == {row["id"] for row in rows}
    assert report.kept == report.rows == ROWS
    assert report.leaks == {"exact": 0, "near": 0}
    assert {name: part.rows for name, part in report.splits.items()} == {
        name: list(sides.values()).count(name) for name in SPLITS
    }
    contents = {row["id"]: row["image"] for row in rows}
    for name in SPLITS:
        part = pd.read_parquet(tmp_path / f"a/splits/{name}.parquet")
        assert list(part.columns) == ["id", "image", "label", "given"]
        assert [contents[row] for row in part["id"]] == part["image"].tolist()
        assert parquet.read_schema(tmp_path / f"a/splits/{name}.parquet").metadata is None
    assert 0.04 < list(sides.values()).count("test") / ROWS < 0.2


def test_the_same_rows_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assigned(tmp_path / name, pictures.table(ROWS))
    assert sha256(tmp_path / "a/splits") == sha256(tmp_path / "b/splits")


def test_another_seed_assigns_otherwise(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    assert assigned(tmp_path / "a", rows)[1] != assigned(tmp_path / "b", rows, seed=14)[1]


def test_near_duplicates_go_where_the_first_went(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    report, sides = assigned(tmp_path / "a", rows + [near(row) for row in rows])
    alike = [sides[row["id"]] == sides[f"{row['id']} as JPEG"] for row in rows]
    assert np.mean(alike) == 1
    assert report.leaks["near"] == 0
    assert report.kept == 2 * ROWS


def test_rows_that_arrive_later_move_nothing(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    _, before = assigned(tmp_path / "a", rows[:200])
    _, after = assigned(tmp_path / "b", rows[:200] + [near(row) for row in rows] + rows[200:])
    assert {row: after[row] for row in before} == before


def test_rows_with_defects_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = pictures.table(ROWS)
    defective = [
        rows[0] | {"id": "again"},
        rows[1] | {"id": "other", "label": "two"},
        rows[2] | {"id": "torn", "image": rows[2]["image"][:100]},
        rows[3] | {"id": "flat", "image": png(np.zeros((40, 40), np.uint8))},
    ]
    report, sides = assigned(tmp_path / "a", rows + defective)
    assert {"again", "other", "torn", "flat", rows[1]["id"]} & set(sides) == set()
    assert rows[0]["id"] in sides
    counts = {kind: n for kind, n in report.dropped.items() if n}
    assert counts == {"broken": 1, "blank": 1, "duplicate": 2, "conflict": 2, "any_kind": 5}
    assert report.kept == ROWS - 1


def test_a_given_test_split_is_the_test_split(tmp_path: Path) -> None:
    rows = pictures.table(250, "train") + pictures.table(50, "test", start=250)
    report, sides = assigned(tmp_path / "a", rows, test=0.4)
    assert {row for row, side in sides.items() if side == "test"} == {
        row["id"] for row in rows[250:]
    }
    assert 0.02 < report.splits["validation"].rows / 250 < 0.2


def test_what_resembles_the_given_test_split_is_left_out_wherever_it_stands(tmp_path: Path) -> None:
    test = pictures.table(50, "test", start=250)
    near_ones = [near(row, given="train") for row in test[:20]]
    equal = [row | {"id": f"{row['id']} again", "given": None} for row in test[20:30]]
    rows = [*near_ones, *pictures.table(250, "train"), *test, *equal]
    report, sides = assigned(tmp_path / "a", rows)
    assert report.dropped["near_the_test_split"] == 20
    assert report.dropped["in_the_test_split"] == 10
    assert report.leaks == {"exact": 0, "near": 0}
    assert report.splits["test"].rows == 50
    assert not {row["id"] for row in [*near_ones, *equal]} & set(sides)


def test_an_image_like_two_on_different_sides_fits_neither(tmp_path: Path) -> None:
    # Of each scan a light one and a dark one, too far apart to be near; and one between them.
    shades = {
        shade: [
            row | {"id": f"{row['id']}+{shade}", "image": png(pixels // 10 * 7 + shade)}
            for row, (pixels, _) in zip(pictures.table(ROWS), pictures.scans(), strict=False)
        ]
        for shade in (10, 15, 20)
    }
    _, sides = assigned(tmp_path / "a", shades[10] + shades[20])
    report, after = assigned(tmp_path / "b", shades[10] + shades[20] + shades[15])
    assert {row: after[row] for row in sides} == sides
    torn = {
        row["id"]
        for row in pictures.table(ROWS)
        if sides[f"{row['id']}+10"] != sides[f"{row['id']}+20"]
    }
    assert torn
    assert report.dropped["between_two_splits"] == len(torn)
    for row in pictures.table(ROWS):
        expected = None if row["id"] in torn else sides[f"{row['id']}+10"]
        assert after.get(f"{row['id']}+15") == expected
    assert report.leaks == {"exact": 0, "near": 0}


@pytest.mark.parametrize(("one", "other"), list(permutations(SPLITS, 2)))
def test_leaks_are_seen_in_the_tables_that_were_written(
    tmp_path: Path, one: str, other: str
) -> None:
    rows = pictures.table(40)
    copies = [near(rows[0]), rows[1] | {"id": "again"}]
    found = scan(pictures.write(tmp_path / "raw", rows + copies), "looking")
    parts = dict.fromkeys(SPLITS, rows[30:]) | {one: rows[:30], other: copies}
    for name, part in parts.items():
        pictures.write(tmp_path / f"{name}.parquet", part)
    assert leaks(tmp_path, found, 4) == {"exact": 1, "near": 1}


def test_tables_that_are_read_in_many_pieces_hold_the_rows_of_their_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pictures.table(ROWS)
    whole, sides = assigned(tmp_path / "a", rows)
    monkeypatch.setattr("assay.modalities.image.split.CHUNK", 64)
    pieces, same = assigned(tmp_path / "b", rows)
    assert same == sides
    assert pieces == whole
    labels = {row["id"]: row["label"] for row in rows}
    for name, part in pieces.splits.items():
        own = Counter(labels[row] for row, side in sides.items() if side == name)
        assert (part.rows, part.labels) == (own.total(), dict(own))


def test_a_folder_that_is_there_and_one_within_others_are_written_to(tmp_path: Path) -> None:
    raw = pictures.write(tmp_path / "raw", pictures.table(ROWS))
    folder = tmp_path / "data/splits"
    rules = LabelRules(pictures.LABELS)
    first = split(raw, ImageSplit(), rules, folder)
    assert split(raw, ImageSplit(), rules, folder) == first


def test_a_row_that_is_dropped_is_not_counted_as_left_out_too(tmp_path: Path) -> None:
    test = pictures.table(50, "test", start=250)
    close = near(test[0], given="train")
    rows = [*pictures.table(250, "train"), *test, close, close | {"id": "again"}]
    report, _ = assigned(tmp_path / "a", rows)
    assert report.dropped["duplicate"] == 1
    assert report.dropped["near_the_test_split"] == 1


def test_a_class_without_an_image_to_learn_from_is_refused(tmp_path: Path) -> None:
    rows = [row for row in pictures.table(ROWS) if row["label"] != "two"]
    with pytest.raises(DataRefused, match="no image to learn from is left for two"):
        assigned(tmp_path / "a", rows)


def test_a_split_without_an_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"distinct images leave the split .*test.* empty"):
        assigned(tmp_path / "a", pictures.table(8), test=0.001, validation=0.001)

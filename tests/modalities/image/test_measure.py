from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay import records
from assay.errors import ExpectationsBroken
from assay.gateways.sources.images import png
from assay.modalities.image import measure as module
from assay.modalities.image.measure import MEANINGS
from assay.objectives.classification.label_rules import LabelRules
from assay.paths import ModelPaths
from assay.records import DataSummary, KeptRows, ValidationReport
from assay.stages import validate as stage
from assay.tasks.image_classification.settings import ImageClassificationModel
from tests.conftest import ROOT
from tests.tasks.image_classification import pictures

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FILES = ModelPaths("scans")


def settings(**bounds: Any) -> ImageClassificationModel:
    return ImageClassificationModel.model_validate(
        {
            "data": "image",
            "task": "classification",
            "labels": list(pictures.LABELS),
            "validate": bounds,
        }
    )


def row(content: bytes, label: str | None = "one", given: str | None = None) -> dict[str, Any]:
    return {"id": f"new-{content[-24:-8].hex()}-{label}", "image": content, "label": label,
            "given": given}  # fmt: skip


SCAN = pictures.table(1)[0]
BLANK = png(np.full((40, 40), 90, np.uint8))


def measure(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[pd.DataFrame, DataSummary]:
    raw = pictures.write(tmp_path / "raw", rows)
    found = module.measure(raw, LabelRules(pictures.LABELS))
    return found.table, found.summary


def test_properties_stand_beside_every_row(tmp_path: Path) -> None:
    rows = pictures.table(8)
    table, summary = measure(tmp_path, rows)
    assert len(table) == 8
    assert "image" not in table
    assert table["id"].tolist() == [one["id"] for one in rows]
    assert table["bytes"].tolist() == [len(one["image"]) for one in rows]
    assert set(table["width"]) == set(table["height"]) == {40}
    assert set(table["mode"]) == {"L"}
    assert table["decodes"].all()
    assert table["class_rows"].tolist() == [2.0] * 8
    assert table["class_share"].tolist() == [0.25] * 8
    assert not table[[*MEANINGS, "conflict"]].to_numpy().any()
    assert summary.kept == 8
    assert summary.classes["zero"] == KeptRows(rows=2, kept=2)
    assert summary.figures["median width"] == 40


def test_each_kind_of_defect_is_found_where_it_is(tmp_path: Path) -> None:
    rows = [
        *pictures.table(4),
        row(b"", "one"),
        row(SCAN["image"][:200], "two"),
        row(BLANK, "zero"),
        row(SCAN["image"], "zero"),
    ]
    table, summary = measure(tmp_path, rows)
    assert table["broken"].tolist() == [False] * 4 + [True, True, False, False]
    assert table["blank"].tolist() == [False] * 6 + [True, False]
    assert table["duplicate"].tolist() == [False] * 7 + [True]
    assert not table["conflict"].any()
    assert table["width"].isna().tolist() == table["broken"].tolist()
    assert summary.dropped == 4
    assert summary.kinds["broken"].rows == 2
    assert "not a whole image: it is empty" in summary.kinds["broken"].examples[0]


def test_the_same_pixels_under_two_labels_conflict_in_all_their_rows(tmp_path: Path) -> None:
    rows = [*pictures.table(4), row(SCAN["image"], "two")]
    table, _ = measure(tmp_path, rows)
    assert table["conflict"].tolist() == [True, False, False, False, True]


def test_a_given_test_split_stays_whole_and_rows_equal_to_its_own_are_dropped(
    tmp_path: Path,
) -> None:
    rows = [
        *pictures.table(4, "train"),
        row(SCAN["image"], "zero", "test"),
        row(SCAN["image"], "two", "test"),
        row(BLANK, "zero", "test"),
        row(b"", "zero", "test"),
    ]
    table, _ = measure(tmp_path, rows)
    assert table["in_the_test_split"].tolist() == [True] + [False] * 7
    assert not table["duplicate"].any()
    assert table["dropped"].tolist() == [True] + [False] * 6 + [True]


@pytest.fixture
def validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the stage on rows, with the shipped suite."""
    (tmp_path / "expectations").symlink_to(ROOT / "expectations")
    monkeypatch.chdir(tmp_path)

    def run(rows: list[dict[str, Any]], **bounds: Any) -> ValidationReport:
        FILES.raw.parent.mkdir(parents=True, exist_ok=True)
        pictures.write(FILES.raw, rows)
        stage.run(settings(**bounds), FILES)
        return records.read(FILES.validation, ValidationReport)

    return run


def test_sound_images_pass_the_shipped_suite(validated: Any) -> None:
    report = validated(pictures.table(120))
    assert report.summary.kept == 120
    assert (FILES.data_docs / "index.html").is_file()


def small(side: int) -> bytes:
    return png(np.arange(side * 40, dtype=np.uint8).reshape(side, 40))


@pytest.mark.parametrize(
    ("more", "bounds", "said"),
    [
        ([row(b"", "one")] * 4, {}, "Images that can't be read are dropped"),
        ([row(BLANK, "one")] * 3, {}, "An image of one colour shows nothing"),
        ([row(small(7), "one")], {}, "An image of a few pixels shows nothing"),
        ([row(small(20), "one")], {"max_side": 39}, "An image of a few pixels shows nothing"),
        ([row(small(20), "seven")], {}, "A label must be one of those"),
        ([row(small(20), None)], {}, "Every image needs a label"),
        ([], {"min_rows": 121}, "It takes this many images"),
        ([], {"min_rows_per_class": 31}, "Each class needs enough distinct, readable images"),
        ([], {"max_class_share": 0.2}, "When one class is nearly everything"),
        (pictures.table(40), {}, "Images that repeat, pixel by pixel"),
        ([{**one, "label": "two"} for one in pictures.table(9)], {}, "with different labels"),
        (
            [{**one, "given": "test"} for one in pictures.table(60)],
            {},
            "Images that also stand in the test split",
        ),
    ],
)
def test_what_the_suite_forbids_is_refused_with_a_sentence(
    validated: Any, more: list[dict[str, Any]], bounds: dict[str, Any], said: str
) -> None:
    rows = pictures.table(120) + [{**one, "id": f"m{n}"} for n, one in enumerate(more)]
    with pytest.raises(ExpectationsBroken) as refused:
        validated(rows, **bounds)
    assert said in " ".join(refused.value.found.replace("│", " ").split())
    assert FILES.validation.is_file(), "the report is written all the same"


def test_one_class_alone_is_refused(validated: Any) -> None:
    rows = [{**one, "label": "one"} for one in pictures.table(120)]
    with pytest.raises(ExpectationsBroken, match="With a single class"):
        validated(rows)

"""The limits of a model hold wherever its tables are read: at ingest, predict and ``assay new``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways.sources import folder
from assay.gateways.sources.listed import Columns
from assay.modalities.image.requests import ImageRequests
from assay.modalities.table import ingest as table_ingest
from assay.modalities.table.requests import RowRequests
from assay.modalities.text.requests import TextRequests
from assay.settings.limits import Limits
from assay.settings.table import TableIngest
from assay.tasks import registry

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(cell_characters=10)
FEATURES = TableIngest(categories=("text",), limits=LIMITS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "inbox/rows.csv"
    path.parent.mkdir()
    path.write_text("text,label,image\nshort,x,a.png\nmuch longer,y,b.png\n")
    return path


def test_what_predict_is_asked_about_is_bounded(file: Path) -> None:
    for requests in (TextRequests("text", LIMITS), ImageRequests("image", LIMITS)):
        with pytest.raises(SourceRefused, match="row 2, column 'text'"):
            requests.table(file, None)
    with pytest.raises(SourceRefused, match="row 2, column 'text'"):
        RowRequests(FEATURES).table(file, None)


def test_tables_of_features_and_of_images_are_bounded(file: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="row 2, column 'text'"):
        table_ingest.ingest(FEATURES, {"label": "label"}, file.parent, tmp_path / "raw.parquet")
    with pytest.raises(SourceRefused, match="row 2, column 'text'"):
        folder.contents(file.parent, Columns(limits=LIMITS))


@pytest.mark.parametrize("task", ["text-classification", "table-classification"])
def test_a_new_model_is_bounded_by_the_defaults(file: Path, task: str) -> None:
    file.write_text("text,label\nshort,x\n" + "z" * 100_001 + ",y\n")
    with pytest.raises(SourceRefused, match="row 2, column 'text'"):
        registry.BY_NAME[task].propose(file, {"text": "text", "label": "label"})

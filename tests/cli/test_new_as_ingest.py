"""``assay new`` refuses what ``ingest`` refuses, in the same words."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.errors import AssayError
from assay.gateways.sources.images import png
from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.image_classification.settings import ImageClassificationModel, ImageTrain
from assay.tasks.table_classification.settings import (
    TableClassificationIngest,
    TableClassificationModel,
    TableTrain,
)
from assay.tasks.text_classification.settings import TextClassificationModel, TextTrain
from tests import made
from tests.cli.command import assay
from tests.conftest import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.settings.schema import Model

ROWS = 40
LABELS = ("high", "low")
MODELS: dict[str, Model] = {
    "text-classification": TextClassificationModel(
        data="text", task="classification", labels=LABELS, train=TextTrain()
    ),
    "table-classification": TableClassificationModel(
        data="table",
        task="classification",
        labels=LABELS,
        ingest=TableClassificationIngest(numbers=("size",)),
        train=TableTrain(),
    ),
    "image-classification": ImageClassificationModel(
        data="image", task="classification", labels=LABELS, train=ImageTrain()
    ),
}
OPTIONS = {
    "text-classification": ("--text", "text", "--label", "label"),
    "table-classification": ("--label", "label"),
    "image-classification": (),
}


def shade(value: int) -> bytes:
    return png(np.full((16, 16), value, np.uint8))


def table(task: str, **changes: object) -> pd.DataFrame:
    """Return a table that is fit to learn from, but for the columns in ``changes``."""
    own = {
        "text-classification": {"text": made.texts(ROWS)["text"].tolist()},
        "table-classification": {"size": [float(row) for row in range(ROWS)]},
        "image-classification": {"image": [shade(row) for row in range(ROWS)]},
    }[task]
    return pd.DataFrame({**own, "label": list(LABELS) * (ROWS // 2), **changes})


def hidden(task: str, folder: Path) -> Path:
    path = folder / ".rows.parquet"
    table(task).to_parquet(path)
    return path


def bytes_as_labels(task: str, folder: Path) -> Path:
    path = folder / "rows.parquet"
    table(task, label=[b"high", b"low"] * (ROWS // 2)).to_parquet(path)
    return path


def structs_as_labels(task: str, folder: Path) -> Path:
    path = folder / "rows.parquet"
    table(task, label=[{"a": label} for label in LABELS] * (ROWS // 2)).to_parquet(path)
    return path


def lists_as_labels(task: str, folder: Path) -> Path:
    path = folder / "rows.parquet"
    table(task, label=[[label] for label in LABELS] * (ROWS // 2)).to_parquet(path)
    return path


def maps_as_labels(task: str, folder: Path) -> Path:
    path = folder / "rows.parquet"
    found = pa.Table.from_pandas(table(task).drop(columns="label"))
    cells = [[("a", label)] for label in LABELS] * (ROWS // 2)
    column = pa.array(cells, pa.map_(pa.string(), pa.string()))
    parquet.write_table(found.append_column("label", column), path)
    return path


def objects_as_labels(task: str, folder: Path) -> Path:
    path = folder / "rows.jsonl"
    rows = table(task).drop(columns="image", errors="ignore").to_dict("records")
    lines = [json.dumps({"image": "x.png"} | row | {"label": {"a": row["label"]}}) for row in rows]
    path.write_text("\n".join(lines))
    return path


def pipe(task: str, folder: Path) -> Path:
    os.mkfifo(folder / "rows.csv")
    return folder / "rows.csv"


def dangling(task: str, folder: Path) -> Path:
    (folder / "rows.csv").symlink_to("nowhere.csv")
    return folder / "rows.csv"


def loop(task: str, folder: Path) -> Path:
    (folder / "rows.csv").symlink_to("rows.csv")
    return folder / "rows.csv"


def device(task: str, folder: Path) -> Path:
    (folder / "rows.csv").symlink_to("/dev/zero")
    return folder / "rows.csv"


def torn(task: str, folder: Path) -> Path:
    path = folder / "rows.parquet"
    table(task).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def empty(task: str, folder: Path) -> Path:
    (folder / "rows.csv").touch()
    return folder / "rows.csv"


def other_encoding(task: str, folder: Path) -> Path:
    (folder / "rows.csv").write_bytes(
        "text,size,image,label\nschön,1,a.png,höch\n".encode("latin-1")
    )
    return folder / "rows.csv"


BAD: list[Callable[[str, Path], Path]] = [
    hidden,
    bytes_as_labels,
    structs_as_labels,
    lists_as_labels,
    maps_as_labels,
    objects_as_labels,
    pipe,
    dangling,
    loop,
    device,
    torn,
    empty,
    other_encoding,
]


def texts_of(content: list[object]) -> Callable[[str, Path], Path]:
    def write(task: str, folder: Path) -> Path:
        table(task, text=content * ROWS).to_parquet(folder / "rows.parquet")
        return folder / "rows.parquet"

    return write


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    made.lay_out_plain(folder, settings(checkpoint))
    monkeypatch.chdir(folder)
    return folder


def of_ingest(task: str, make: Callable[[str, Path], Path]) -> AssayError:
    """Return how ingest refuses the file in an inbox."""
    files = ModelPaths("other")
    files.inbox.mkdir(parents=True)
    files.raw.parent.mkdir(parents=True, exist_ok=True)
    make(task, files.inbox)
    with pytest.raises(AssayError) as refused:
        registry.BY_NAME[task].ingest(MODELS[task], files.inbox, files.raw)
    return refused.value


def of_new(task: str, make: Callable[[str, Path], Path], folder: Path) -> dict[str, object]:
    """Return how ``assay new`` refuses the file; nothing must have changed by it."""
    folder.mkdir()
    params = Path("params.yaml").read_bytes()
    words = ("--task", task, "--data", str(make(task, folder)), *OPTIONS[task])
    answer = assay("new", "mine", *words, "--json")
    assert answer.code == 3, answer
    assert Path("params.yaml").read_bytes() == params
    assert not ModelPaths("mine").inbox.exists()
    found: dict[str, object] = json.loads(answer.err or answer.out)
    return found


def assert_same(task: str, make: Callable[[str, Path], Path], folder: Path) -> None:
    theirs, ours = of_ingest(task, make).as_dict(), of_new(task, make, folder)
    inbox = str(ModelPaths("other").inbox)
    assert {key: str(value).replace(str(folder), inbox) for key, value in ours.items()} == {
        key: str(value) for key, value in theirs.items()
    }
    assert ours["error"] == "SourceRefused"


@pytest.mark.parametrize("task", MODELS)
@pytest.mark.parametrize("make", BAD)
def test_a_new_model_is_refused_what_ingest_refuses_in_the_same_words(
    project: Path, tmp_path: Path, make: Callable[[str, Path], Path], task: str
) -> None:
    assert_same(task, make, tmp_path / "theirs")


@pytest.mark.parametrize("content", [[b"cat"], [{"a": "x"}], [["x", "y"]]])
def test_texts_are_neither_bytes_nor_nested(
    project: Path, tmp_path: Path, content: list[object]
) -> None:
    assert_same("text-classification", texts_of(content), tmp_path / "theirs")

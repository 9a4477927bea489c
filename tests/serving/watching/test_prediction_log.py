"""A fair share of the rows is kept, masked, in whole files, and no request pays for it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from assay.bundle.classifier import Answers, Classifier
from assay.monitoring import logged
from assay.paths import ModelPaths
from assay.serving import served
from assay.serving.watching.prediction_files import Bounds, PartFiles
from assay.serving.watching.prediction_log import PredictionLog
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from assay.serving.served import ServedModel

FOLDER = ModelPaths(made.MODEL).served_predictions


@pytest.fixture
def model(
    request: pytest.FixtureRequest, checkpoint: Path, tmp_path: Path, monkeypatch: Any
) -> ServedModel:
    """Return the model of a built project, in an empty folder."""
    make: Callable[[Path], Path] = getattr(request, "param", made.built_table)
    monkeypatch.chdir(make(checkpoint))
    found = served.load_workspace(made.MODEL, threads=1)
    monkeypatch.chdir(tmp_path)
    return found


def kept(model: ServedModel, contents: list[Any], share: float = 1.0, **more: Any) -> pa.Table:
    """Predict, keep, and return what stands in the files."""
    log = PredictionLog(share, **more)
    assert isinstance(model.bundle, Classifier)
    log.offer(model, contents, model.bundle.predict(contents))
    log.close()
    assert log.dropped == 0
    return pa.concat_tables(parquet.read_table(path) for path in sorted(FOLDER.glob("*")))


def answers(rows: int) -> Answers:
    """Return answers of two classes."""
    return Answers(np.tile([0.25, 0.75], (rows, 1)), 0, np.zeros(rows))


@pytest.mark.parametrize("model", [made.built], indirect=True)
def test_texts_are_masked_and_stand_with_their_answers(model: ServedModel) -> None:
    texts = ["a lovely film, says jane@example.org", "call +1 212 555 0123 about the dull bread"]
    table = kept(model, texts)
    assert isinstance(model.bundle, Classifier)
    found = model.bundle.predict(texts).probabilities
    assert table["input.text"].to_pylist() == [
        "a lovely film, says [e-mail]",
        "call [phone] about the dull bread",
    ]
    labels = [made.LABELS[place] for place in found.argmax(axis=1)]
    assert table["predicted_label"].to_pylist() == labels
    assert table["score"].to_pylist() == pytest.approx(found.max(axis=1))
    assert logged.probabilities(table.to_pandas(), made.LABELS) == pytest.approx(found)
    assert set(table["version"].to_pylist()) == {"workspace"}
    assert set(table["digest"].to_pylist()) == {model.digest}


@pytest.mark.parametrize("model", [made.built_images], indirect=True)
def test_of_images_the_size_and_digest_are_kept(model: ServedModel, tmp_path: Path) -> None:
    made.digits(tmp_path / "digits", 10)
    image = next(iter((tmp_path / "digits").rglob("*.png"))).read_bytes()
    table = kept(model, [image])
    assert table["input.bytes"].to_pylist() == [len(image)]
    assert table["input.sha256"].to_pylist() == [hashlib.sha256(image).hexdigest()]
    assert image not in b"".join(path.read_bytes() for path in FOLDER.glob("*"))


def test_of_rows_the_columns_of_the_model_are_kept(model: ServedModel) -> None:
    row = {"age": 40, "debt": 12.5, "job": "ann@example.org", "invented": "x"}
    table = kept(model, [row, {"branch": "north"}])
    columns = {name: table[name].to_pylist() for name in table.column_names if "input." in name}
    assert columns == {
        "input.age": ["40", None],
        "input.debt": ["12.5", None],
        "input.job": ["[e-mail]", None],
        "input.branch": [None, "north"],
    }


def test_a_share_is_drawn_row_by_row_and_again_with_the_same_seed(model: ServedModel) -> None:
    rows = [{"age": number} for number in range(2000)]
    table = kept(model, rows, 0.1, seed=7)
    ages = table["input.age"].to_pylist()
    # Of 2,000 rows a tenth, within four standard deviations, and as many of either half.
    assert 146 <= len(ages) <= 254
    assert 60 <= sum(int(age) < 1000 for age in ages) <= 140
    for path in FOLDER.glob("*"):
        path.unlink()
    assert kept(model, rows, 0.1, seed=7)["input.age"].to_pylist() == ages


def test_nothing_is_kept_of_a_share_of_none(model: ServedModel) -> None:
    log = PredictionLog(0.0)
    log.offer(model, [{}] * 100, answers(100))
    log.close()
    assert not FOLDER.exists()


def test_files_are_private_and_hold_a_bounded_number_of_rows(model: ServedModel) -> None:
    log = PredictionLog(1.0, bounds=Bounds(rows=10))
    for _ in range(25):
        log.offer(model, [{"age": 1}], answers(1))
    log.close()
    files = sorted(FOLDER.glob("*"))
    assert [parquet.read_metadata(path).num_rows for path in files] == [10, 10, 5]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_file_is_written_after_a_while_however_few_rows_there_are(model: ServedModel) -> None:
    log = PredictionLog(1.0, bounds=Bounds(seconds=0.05))
    log.offer(model, [{"age": 1}], answers(1))
    while not list(FOLDER.glob("*.parquet")):
        time.sleep(0.01)
    log.close()


def test_past_a_bound_rows_are_dropped_and_counted(model: ServedModel) -> None:
    log = PredictionLog(1.0, most_bytes=100)
    log.offer(model, [{"job": "x" * 101}], answers(1))
    assert log.dropped == 1
    log.close()
    log.offer(model, [{"job": "late"}] * 2, answers(2))
    assert log.dropped == 3


def test_what_cannot_be_kept_is_said_once_and_harms_nobody(
    model: ServedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    FOLDER.parent.mkdir(parents=True)
    FOLDER.write_text("no folder")
    log = PredictionLog(1.0, bounds=Bounds(rows=1))
    for _ in range(3):
        log.offer(model, [{"age": 1}], answers(1))
    log.offer(model, [object()], answers(1))
    log.close()
    assert log.dropped == 4
    assert capsys.readouterr().err.count("loses rows") == 1


def test_old_files_and_those_past_a_size_are_removed(tmp_path: Path) -> None:
    table = pa.table({"a": np.random.default_rng(0).random(20_000)})  # 160 kB
    files = PartFiles(tmp_path, Bounds(rows=1, megabytes=0.4))
    for _ in range(5):
        files.add(table)
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    newest = max(tmp_path.glob("*.parquet"))
    PartFiles(tmp_path, Bounds(rows=1, days=0)).add(table)
    assert not newest.exists()


def test_rows_of_other_columns_go_into_another_file(tmp_path: Path) -> None:
    files = PartFiles(tmp_path, Bounds())
    files.add(pa.table({"a": [1]}))
    files.add(pa.table({"b": [1]}))
    files.write()
    names = [parquet.read_table(path).column_names for path in sorted(tmp_path.glob("*"))]
    assert names == [["a"], ["b"]]


def test_what_was_kept_is_read_again_by_version_and_time(model: ServedModel) -> None:
    kept(model, [{"age": number, "job": "clerk"} for number in range(5)])
    found = logged.read(FOLDER, "workspace", days=1, most=3)
    assert logged.inputs(found)["age"].tolist() == ["2", "3", "4"]
    assert logged.read(FOLDER, "7", days=1, most=3).empty
    assert logged.read(FOLDER, "workspace", days=0, most=3).empty
    assert logged.read(Path("nowhere"), "workspace", days=1, most=3).empty

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import numpy_helper

from assay import records
from assay.bundle import manifest
from assay.bundle.session import Session
from assay.errors import ParityFailed
from assay.files import read_json, sha256
from assay.modalities.table.encoding import RowEncoder
from assay.modalities.table.encoding import records as rows_of
from assay.objectives.classification.precision import Graphs
from assay.paths import ModelPaths
from assay.records import Parity
from assay.tasks.bundles import open_classifier
from assay.tasks.table_classification import export, network
from assay.tasks.table_classification.settings import TableClassificationModel
from assay.tasks.table_classification.train import Rows
from tests import blocks, made
from tests.tasks.table_classification.made import (
    CATEGORIES,
    NUMBERS,
    THREE,
    TWO,
    fitted,
    people,
    settings,
    typed,
)

if TYPE_CHECKING:
    from assay.tasks.table_classification.network import Mlp

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
COLUMNS = {
    "both": (NUMBERS, CATEGORIES),
    "numbers": (NUMBERS, ()),
    "categories": ((), CATEGORIES),
    "one category": ((), CATEGORIES[:1]),
}


@pytest.fixture
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built_table(checkpoint)
    monkeypatch.chdir(folder)
    return folder


def _exported(folder: Path, **changes: Any) -> Parity:
    block = blocks.table_settings()
    block["export"] |= changes
    return export.export(TableClassificationModel.model_validate(block), FILES, folder)[0]


def _odd(columns: TableClassificationModel) -> pd.DataFrame:
    """Return people with missing, unknown, huge and wrongly written values in every column."""
    table = people(40, seed=7)
    numbers, texts = columns.ingest.numbers, columns.ingest.categories
    number = itertools.cycle(["?", "", "1e300", "-1e39", "nan", "1,5", "inf", " 3e1 "])
    text = itertools.cycle(
        ["never seen", "", "?", " Private ", "\u5973", "\U0001f980", "true", "1.0"]
    )
    for row in range(0, 40, 2):
        for name in numbers:
            table.loc[row, name] = next(number)
        for name in texts:
            table.loc[row, name] = next(text)
    return table


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("labels", [TWO, THREE])
def test_the_graph_answers_as_torch_does_on_odd_rows(columns: str, labels: tuple[str, ...]) -> None:
    """torch sees what ingest and split read of the texts, the graph what the encoder does."""
    scaling = "quantile" if labels == TWO else "robust"
    model = settings(*COLUMNS[columns], labels, train={"scaling": scaling})
    mlp = fitted(people(200, labels), model)
    graphs = export._graphs(mlp, {})
    table = _odd(model)
    rows = Rows(typed(table, model).assign(label=labels[0]), mlp.shape)
    with torch.inference_mode():
        expected = mlp(rows.numbers, rows.codes).numpy()
    encode = RowEncoder(model.ingest.numbers, model.ingest.categories, model.ingest.missing)
    encoded = encode(rows_of(table))
    session = Session(graphs.fp32, 1)
    for size in (1, 7, 40):
        found = [session.run(feeds) for _, feeds in encoded.batches(size)]
        np.testing.assert_allclose(np.concatenate(found), expected, atol=1e-5, rtol=1e-5)
    assert np.isfinite(expected).all()
    assert {one.name for one in session.runtime.get_inputs()} == {
        name for name, own in zip(("numbers", "categories"), COLUMNS[columns], strict=True) if own
    }
    assert export._grid(mlp, graphs, 1) < 1e-4


def _small(table: pd.DataFrame, model: TableClassificationModel) -> tuple[Mlp, Session]:
    mlp = fitted(table, model)
    return mlp, Session(export._graphs(mlp, {}).fp32, 1)


def test_a_column_without_any_known_category_is_always_unknown() -> None:
    table = people(60).assign(work=[f"name {row}" for row in range(60)])
    mlp, session = _small(table, settings((), ["work", CATEGORIES[1]]))
    assert mlp.shape.vocabularies["work"] == []
    texts = np.array([["name 1", "\u5973"], ["", "\u5973"], ["\x00", "\u5973"]], dtype=object)
    found = session.run({"categories": texts})
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_an_altered_graph_is_found() -> None:
    mlp = fitted(people(200), settings())
    content = export._graphs(mlp, {}).fp32
    graph = onnx.load_from_string(content)
    look = next(node for node in graph.graph.node if node.op_type == "LabelEncoder")
    keys = next(one for one in look.attribute if one.name == "keys_strings")
    keys.strings[:] = list(reversed(keys.strings))
    with pytest.raises(ParityFailed, match="ONNX differs from torch by"):
        export._grid(mlp, Graphs(graph.SerializeToString(), b""), 1)
    graph = onnx.load_from_string(content)
    weight = next(one for one in graph.graph.initializer if one.name.endswith("bias"))
    altered = numpy_helper.to_array(weight) + np.float32(1e-2)
    weight.CopyFrom(numpy_helper.from_array(altered, weight.name))
    with pytest.raises(ParityFailed, match="ONNX differs from torch by"):
        export._grid(mlp, Graphs(graph.SerializeToString(), b""), 1)


def test_the_bundle_holds_what_is_served_and_nothing_else(project: Path) -> None:
    assert {path.name for path in FILES.bundle.iterdir()} == {
        "model.onnx",
        "assay.json",
        "golden.parquet",
        "README.md",
    }
    stated = manifest.read(FILES.bundle)
    assert (stated.data, stated.task, stated.labels) == ("table", "classification", ("no", "yes"))
    assert stated.names("numbers") == ("age", "debt")
    assert stated.names("categories") == ("job", "branch")
    assert "?" in stated.names("missing")
    assert {port.name: (port.type, port.shape, port.example) for port in stated.inputs} == {
        "numbers": ("float32", ("batch", 2), (1, 2)),
        "categories": ("str", ("batch", 2), (1, 2)),
    }
    assert stated.made_from["weights"] == sha256(FILES.checkpoint)


def test_two_exports_are_equal_byte_for_byte_and_name_no_folder(
    project: Path, tmp_path: Path
) -> None:
    reports = [_exported(tmp_path / name) for name in ("one", "two")]
    assert reports[0] == reports[1]
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    content = (tmp_path / "one" / manifest.MODEL).read_bytes()
    assert content == (FILES.bundle / manifest.MODEL).read_bytes()
    for folder in (project, tmp_path, Path(export.__file__).parents[4]):
        assert str(folder).encode() not in content


def test_int8_multiplies_int8_and_answers_alike(project: Path, tmp_path: Path) -> None:
    rows = rows_of(pd.read_parquet(FILES.split("test")))
    answers = {}
    for precision in ("fp32", "int8"):
        assert _exported(tmp_path / precision, precision=precision).precision == precision
        answers[precision] = open_classifier(tmp_path / precision, threads=1).predict(rows)
    graph = onnx.load(tmp_path / "int8" / manifest.MODEL).graph
    kinds = [entry.data_type for entry in graph.initializer]
    assert kinds.count(onnx.TensorProto.INT8) >= 2, "two layers"
    full, small = (answers[name].probabilities for name in ("fp32", "int8"))
    assert not np.array_equal(full, small)
    assert (full.argmax(axis=1) == small.argmax(axis=1)).mean() > 0.95


def test_the_bundle_reads_texts_as_the_test_split_was_read(project: Path) -> None:
    opened = open_classifier(FILES.bundle, threads=1)
    split = pd.read_parquet(FILES.split("test"))
    raw = pd.read_parquet(FILES.raw).set_index("id").loc[split["id"]]
    np.testing.assert_array_equal(
        opened.predict(rows_of(raw)).probabilities, opened.predict(rows_of(split)).probabilities
    )


def test_the_order_of_columns_in_a_row_decides_nothing(project: Path) -> None:
    opened = open_classifier(FILES.bundle, threads=1)
    row = {"age": "50", "debt": "100", "job": "nurse", "branch": "north"}
    turned = dict(reversed(row.items()))
    first, second = opened.predict([row, turned]).probabilities
    np.testing.assert_array_equal(first, second)


def test_the_report_says_how_far_and_why(project: Path) -> None:
    report = records.read(FILES.parity, Parity)
    assert report.validation_rows == len(pd.read_parquet(FILES.split("validation")))
    rounding = 1e-5 / report.temperature
    assert report.validation_max_abs_diff < rounding
    assert 0 < report.grid_max_abs_diff < rounding
    written = read_json(FILES.parity)
    assert not any("second" in name or "speed" in name for name in written), "timings vary"


def test_the_card_names_its_inputs_and_its_labels(project: Path) -> None:
    card = (FILES.bundle / "README.md").read_text()
    for word in ("`no`", "`yes`", "(batch, 2)", "assay.json", f"# {made.MODEL}"):
        assert word in card
    assert network.load(FILES.checkpoint).shape.numbers == ["age", "debt"]

from __future__ import annotations

import shutil
import subprocess
import sys
from html import unescape
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pandas as pd
import pytest
import tokenizers
import torch
from dvc.render.match import match_defs_renderers
from onnx import TensorProto, helper, numpy_helper
from ruamel.yaml import YAML

from assay import processor, records
from assay.bundle import manifest, writing
from assay.bundle.manifest import Manifest, Port
from assay.errors import BundleRefused, DataRefused
from assay.files import read_json, sha256, write_text
from assay.modalities.text.encoding import TOKENIZER
from assay.objectives.classification import metrics
from assay.paths import PIPELINE, ModelPaths
from assay.records import Candidate, Evaluation, Parity, SplitPart, SplitReport
from assay.stages import evaluate
from assay.tasks.text_classification import frozen, network
from assay.tasks.text_classification.settings import TextClassificationModel
from tests.conftest import ROOT
from tests.personal import SAMPLES
from tests.reports import parity as parity_report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

LABELS = ("bad", "fair", "good")
FILES = ModelPaths("toy")
UNKNOWN = "[UNK]"
# Logits that each word adds: "awful" and "fine" mislead in some of the texts below.
WORDS = {
    "awful": (2.0, 0.0, -1.0),
    "poor": (1.0, 0.5, 0.0),
    "plain": (0.0, 1.5, 0.0),
    "fine": (-0.5, 0.5, 1.0),
    "great": (-1.0, 0.0, 2.5),
}


def settings(**changes: object) -> TextClassificationModel:
    content = {
        "data": "text",
        "task": "classification",
        "labels": list(LABELS),
        "ingest": {"slices": ["shop"]},
        "evaluate": {"bootstrap": 200, "worst": 5},
    }
    return TextClassificationModel.model_validate(content | changes)


def rows(count: int, seed: int) -> pd.DataFrame:
    """Two words a text; the label follows the first, and every seventh is another."""
    random = np.random.default_rng(seed)
    names = list(WORDS)
    first, second = random.integers(0, len(names), (2, count))
    owned = [max(range(3), key=lambda c: WORDS[names[word]][c]) for word in first]
    noisy = np.where(np.arange(count) % 7 == 0, random.integers(0, 3, count), owned)
    return pd.DataFrame(
        {
            "id": [f"{seed}-{row}" for row in range(count)],
            "text": [
                f"{names[a]} {names[b]} | <b>x</b>" for a, b in zip(first, second, strict=True)
            ],
            "label": [LABELS[number] for number in noisy],
            "shop": [("east", "west", None)[row % 3] for row in range(count)],
        }
    )


def write_bundle(folder: Path, labels: tuple[str, ...] = LABELS) -> None:
    """Write a bundle whose network adds up the logits of a text's words."""
    folder.mkdir(parents=True)
    vocabulary = {"[PAD]": 0, UNKNOWN: 1} | {word: place for place, word in enumerate(WORDS, 2)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.zeros((len(vocabulary), len(labels)), dtype=np.float32)
    table[2:] = np.array(list(WORDS.values()))[:, : len(labels)]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"], axis=0),
        helper.make_node("Cast", ["attention_mask"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["float", "last"], ["mask"]),
        helper.make_node("Mul", ["rows", "mask"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "middle"], ["logits"], keepdims=0),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(labels)])
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([2]), "last"),
        numpy_helper.from_array(np.array([1]), "middle"),
    ]
    graph = helper.make_graph(nodes, "toy", inputs, [output], constants)
    opset = helper.make_opsetid("", 20)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), folder / "model.onnx")
    stated = Manifest(
        model="toy",
        data="text",
        task="classification",
        labels=labels,
        precision="fp32",
        inputs=tuple(
            Port(name=name, type="int64", shape=("batch", "length"), example=(1, 8))
            for name in ("input_ids", "attention_mask")
        ),
        outputs=(
            Port(
                name="logits",
                type="float32",
                shape=("batch", len(labels)),
                example=(1, len(labels)),
            ),
        ),
        encoder={"max_length": 16},
        made_from={"weights": "ab" * 32},
        processor=processor.processor_class(),
        versions=writing.versions(),
    )
    manifest.write(folder, stated)


def part(table: pd.DataFrame) -> SplitPart:
    labels = {str(label): int(rows) for label, rows in table["label"].value_counts().items()}
    return SplitPart(rows=len(table), labels=labels)


def write_checkpoint(pretrained: Path, folder: Path, validation_rows: int) -> None:
    """Write a network that is its own linear probe, which is then no baseline of it."""
    model = network.pretrained(pretrained, LABELS, "mean", 0.0)
    network.save(model, (pretrained / TOKENIZER).read_text(), pretrained, folder)
    head = model.classifier
    logits = torch.zeros(validation_rows, len(LABELS))
    frozen.write(
        frozen.FrozenProbe(head.weight.detach(), head.bias.detach(), logits), folder / frozen.FILE
    )


def lay_out(pretrained: Path) -> None:
    """Write into the working folder all that the stage reads."""
    tables = {"train": rows(300, 1), "validation": rows(40, 2), "test": rows(120, 3)}
    FILES.splits.mkdir(parents=True)
    for name, table in tables.items():
        table.to_parquet(FILES.split(name), index=False)
    write_bundle(FILES.bundle)
    write_checkpoint(pretrained, FILES.checkpoint, len(tables["validation"]))
    records.write(
        FILES.split_report,
        SplitReport(
            rows=470,
            kept=460,
            dropped={"duplicate": 10, "any_kind": 10, "between_two_splits": 0},
            splits={name: part(table) for name, table in tables.items()},
            leaks={"exact": 0, "near": 0},
        ),
    )
    records.write(
        FILES.parity,
        parity_report(
            int8=Candidate(score=0.7, megabytes=23.2),
            score_drop=0.05,
            same_prediction_int8=0.9,
            validation_rows=40,
            precision="fp32",
            reason="int8 costs 0.05",
        ),
    )
    write_text(
        FILES.curve,
        "step,epoch,loss,validation_loss,validation_macro_f1,validation_accuracy\n"
        "10,1,1.0,,,\n20,1,0.8,0.7,0.6,0.65\n40,2,0.5,0.6,0.7,0.75\n",
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One MLflow database for all: its first use takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    lay_out(checkpoint)
    return tmp_path


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, store: str) -> Path:
    """A project whose stage has run."""
    folder = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", store)
        patch.delenv("ASSAY_LIVE_TRACKING")
        lay_out(checkpoint)
        run_here()
    return folder


@pytest.fixture
def finished(evaluated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as working folder, to be looked at only."""
    monkeypatch.chdir(evaluated)
    return evaluated


def run_here() -> None:
    evaluate.run(settings(), FILES)


def outputs() -> dict[str, str]:
    """Return the digest of every file that the stage wrote."""
    inputs = {FILES.split_report, FILES.parity, FILES.curve}
    files = {path for path in FILES.reports.rglob("*") if path.is_file()} - inputs
    return {path.relative_to(FILES.reports).as_posix(): sha256(path) for path in files}


def test_it_writes_what_the_pipeline_names(finished: Path) -> None:
    assert sorted(outputs()) == [
        "metrics.json",
        "pictures/calibration.png",
        "pictures/confusion.png",
        "pictures/roc.png",
        "pictures/training.png",
        "plots/classification.csv",
        "predictions.parquet",
        "report.md",
        "tables/baselines.csv",
        "tables/classes.csv",
        "tables/slices.csv",
    ]


def test_equal_input_gives_equal_bytes_in_another_process(
    project: Path, evaluated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_file = project / "settings.json"
    settings_file.write_text(settings().model_dump_json(by_alias=True))
    script = (
        "import sys; from assay.paths import ModelPaths; from assay.stages import evaluate; "
        "from assay.tasks.text_classification.settings import TextClassificationModel as Model; "
        "evaluate.run(Model.model_validate_json(open(sys.argv[1]).read()), ModelPaths('toy'))"
    )
    subprocess.run([sys.executable, "-c", script, str(settings_file)], check=True)
    there = outputs()
    monkeypatch.chdir(evaluated)
    assert there == outputs()


def test_metrics_are_those_of_the_bundle(finished: Path) -> None:
    written = records.read(FILES.metrics, Evaluation)
    test = pd.read_parquet(FILES.split("test"))
    logits = np.array(
        [[sum(WORDS[w][c] for w in text.split()[:2]) for c in range(3)] for text in test["text"]]
    )
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = metrics.figures(metrics.predictions(test["label"].tolist(), likely, LABELS))
    found = {metric.name: metric.value for metric in written.metrics}
    assert found == pytest.approx(expected, abs=1e-5)
    assert (written.data, written.task) == ("text", "classification")
    assert written.rows == 120
    assert written.precision == "fp32"


def test_predictions_hold_the_rows_then_the_answers(finished: Path) -> None:
    found = pd.read_parquet(FILES.predictions)
    test = pd.read_parquet(FILES.split("test"))
    assert list(found) == [*test, "predicted_label", "score", "p_bad", "p_fair", "p_good"]
    pd.testing.assert_frame_equal(found[list(test)], test)
    likely = found[["p_bad", "p_fair", "p_good"]].to_numpy()
    assert found["predicted_label"].tolist() == [LABELS[place] for place in likely.argmax(axis=1)]
    np.testing.assert_array_equal(found["score"], likely.max(axis=1))


def test_slices_cover_every_row_once_a_slicing(finished: Path) -> None:
    found = pd.read_csv(FILES.tables / "slices.csv")
    slicing = found["slice"].str.split(": ").str[0]
    assert found.groupby(slicing)["rows"].sum().to_dict() == {"characters": 120, "shop": 120}
    assert "shop: (none)" in found["slice"].tolist()


def test_the_table_of_classes_is_that_of_the_report(finished: Path) -> None:
    found = pd.read_csv(FILES.tables / "classes.csv")
    assert list(found) == ["label", "rows", "precision", "recall", "f1", "roc_auc"]
    assert found["label"].tolist() == list(LABELS)
    assert found["rows"].sum() == 120
    page = FILES.report.read_text()
    for row in found.to_dict("records"):
        cells = " | ".join(f"{row[name]:.3f}" for name in ("precision", "recall", "f1", "roc_auc"))
        assert f"| {row['label']} | {row['rows']} | {cells} |" in page


def test_the_report_shows_texts_and_obeys_none(finished: Path) -> None:
    page = FILES.report.read_text()
    assert "&#124; &#60;b&#62;x&#60;/b&#62;" in page
    assert "<b>" not in page
    wrong = pd.read_parquet(FILES.predictions).query("predicted_label != label")
    worst = wrong.sort_values("score", ascending=False, kind="stable")["id"].iloc[0]
    assert f"\n| {worst} | " in page
    for picture in FILES.pictures.iterdir():
        assert f"(pictures/{picture.name})" in page


def test_figures_join_the_training_run_in_mlflow(finished: Path, store: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store)
    (experiment,) = (e for e in client.search_experiments() if e.name == "toy")
    (run,) = client.search_runs([experiment.experiment_id])
    written = records.read(FILES.metrics, Evaluation)
    assert run.data.tags["assay.weights"] == "ab" * 32
    assert run.data.metrics["test.accuracy"] == pytest.approx(written.metric("accuracy").value)
    assert run.data.metrics["baseline.macro_f1"] == pytest.approx(
        written.metric("macro_f1").baseline, abs=1e-6
    )
    assert run.data.metrics["parity.fp32.score"] == records.read(FILES.parity, Parity).fp32.score


def test_an_altered_bundle_is_refused_before_anything_is_written(project: Path) -> None:
    network = FILES.bundle / "model.onnx"
    network.write_bytes(network.read_bytes() + b"\0")
    with pytest.raises(BundleRefused, match=r"model\.onnx"):
        run_here()
    assert outputs() == {}


def test_labels_that_the_bundle_lacks_are_refused(project: Path) -> None:
    test = pd.read_parquet(FILES.split("test"))
    test.loc[3, "label"] = "splendid"
    test.to_parquet(FILES.split("test"), index=False)
    with pytest.raises(DataRefused, match="splendid"):
        run_here()


def test_an_empty_test_split_is_refused(project: Path) -> None:
    rows(10, 3).iloc[:0].to_parquet(FILES.split("test"), index=False)
    with pytest.raises(DataRefused, match="no row"):
        run_here()


def test_a_class_without_test_rows_is_said(project: Path) -> None:
    test = pd.read_parquet(FILES.split("test")).query("label != 'fair'").reset_index(drop=True)
    test.to_parquet(FILES.split("test"), index=False)
    run_here()
    assert "The test split has no row of fair" in FILES.report.read_text()


def test_a_test_split_of_one_class_is_measured_without_roc(project: Path) -> None:
    test = pd.read_parquet(FILES.split("test")).query("label == 'good'").reset_index(drop=True)
    test.to_parquet(FILES.split("test"), index=False)
    run_here()
    assert records.read(FILES.metrics, Evaluation).metric("roc_auc").value is None
    assert "undefined" in FILES.report.read_text()
    plots = pd.read_csv(FILES.plots / "classification.csv")["plot"]
    assert set(plots) == {"confusion", "calibration", "slices"}


def test_dvc_reads_metrics_and_plots(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dvc.repo import Repo

    shutil.copytree(FILES.reports, tmp_path / FILES.reports)
    stage = YAML(typ="safe").load(ROOT / PIPELINE)["stages"]["evaluate"]["do"]
    kept = {name: stage[name] for name in ("metrics", "plots", "outs")}
    (plots,) = (declared for entry in kept["plots"] for declared in entry.values())
    template = plots["template"].replace("${item.task}", "classification")
    (tmp_path / template).parent.mkdir(parents=True)
    shutil.copyfile(ROOT / template, tmp_path / template)
    models = {"toy": {"data": "text", "task": "classification"}}
    content = {"stages": {"evaluate": {"foreach": models, "do": {"cmd": "true", **kept}}}}
    monkeypatch.chdir(tmp_path)
    with PIPELINE.open("w") as stream:
        YAML(typ="safe").dump(content, stream)
    with Repo.init(no_scm=True) as repo:
        shown = repo.metrics.show()[""]["data"][str(FILES.metrics)]["data"]
        # DVC leaves out what is undefined.
        assert shown["metrics"] == {
            name: {key: value for key, value in fields.items() if value is not None}
            for name, fields in read_json(FILES.metrics)["metrics"].items()
        }
        drawn = match_defs_renderers(repo.plots.show(), out=tmp_path / "plots")
    names = {entry.renderer.name for entry in drawn}
    assert names == {str(path) for path in FILES.plots.iterdir()}
    assert names == {str(FILES.plots / "classification.csv")}
    for entry in drawn:
        assert not entry.source_errors
        page = entry.renderer.partial_html()
        assert "<DVC_METRIC" not in page
        for plot in ("confusion", "roc", "calibration", "slices"):
            assert f"datum.plot == '{plot}'" in page, "drawn by the template of the objective"
        assert "false positive rate" in page


def test_the_report_and_its_tables_hold_nothing_personal_and_no_formula(project: Path) -> None:
    test = pd.read_parquet(FILES.split("test"))
    samples = list(SAMPLES)
    test["text"] = [
        f"{samples[n % len(samples)]} {text}" for n, text in enumerate(test["text"].tolist())
    ]
    test["label"] = [LABELS[n % 3] for n in range(len(test))]  # most are wrong, and shown
    test["shop"] = [(samples[0], samples[4], "=1+1")[n % 3] for n in range(len(test))]
    test.to_parquet(FILES.split("test"), index=False)
    evaluate.run(settings(evaluate={"bootstrap": 200, "worst": 100}), FILES)
    page = unescape(FILES.report.read_text(encoding="utf-8"))
    tables = "".join(path.read_text() for path in FILES.tables.iterdir())
    plots = "".join(path.read_text() for path in FILES.plots.iterdir())
    assert [sample for sample in samples if sample in page + tables + plots] == []
    assert all(word in page for word in SAMPLES.values())
    assert "shop: [e-mail]" in pd.read_csv(FILES.tables / "slices.csv")["slice"].tolist()

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from assay import records
from assay.bundle import manifest
from assay.bundle.manifest import MODEL, Manifest, Port
from assay.bundle.serving import runtime
from assay.errors import MissingFile, StoreFailed
from assay.files import read_json, sha256, write_json, write_text
from assay.gateways import tracking
from assay.gateways.tracking import store
from assay.gateways.versioning.lockfile import md5_of
from assay.paths import SPLITS, ModelPaths
from assay.processor import processor_class
from assay.records import Candidate, Evaluation, Metric
from assay.release.register import PAGE, register, register_if_reachable
from tests import locks
from tests.reports import parity as parity_report
from tests.reports import timings as timings_report
from tests.tasks.image_classification import made as images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion

# One worker pays for the import and the database.
pytestmark = [pytest.mark.xdist_group("mlflow"), pytest.mark.usefixtures("live_tracking")]

ROOT = Path(__file__).parents[2]
PARAMS = """\
models:
  opinions:
    data: text
    task: classification
    labels: [bad, fair, good]
    train: {epochs: 3, learning_rate: 1.0e-4}
"""
CARD = "# opinions\n\nWhat it is.\n\n![confusion](pictures/confusion.png)\n"
EVALUATION = Evaluation(
    data="text",
    task="classification",
    rows=40,
    precision="int8",
    baseline="TF-IDF and logistic regression",
    better="model",
    metrics=(
        Metric(
            name="accuracy",
            title="accuracy",
            value=0.8,
            low=0.78,
            high=0.82,
            baseline=0.68,
            decisive=True,
        ),
        Metric(name="macro_f1", title="macro F1", value=0.75, decisive=True),
        Metric(name="roc_auc", title="ROC-AUC", value=None),
        Metric(name="brier_score", title="Brier score", value=0.4, higher_is_better=False),
    ),
)
PARITY = parity_report(
    fp32=Candidate(score=0.76, megabytes=90.5),
    int8=Candidate(score=0.75, megabytes=23.0),
    score_drop=0.01,
    validation_rows=40,
    validation_max_abs_diff=1e-7,
    grid_max_abs_diff=2e-7,
    reason="it loses little",
)
TIMINGS = timings_report()
PIXEL = bytes.fromhex(  # a PNG of one white pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ff"
    "ff3f0005fe02fea135811b0000000049454e44ae426082"
)
FEEDS = {
    "input_ids": np.array([[5, 6, 7], [1, 2, 0]], dtype=np.int64),
    "attention_mask": np.array([[1, 1, 1], [1, 1, 0]], dtype=np.int64),
}


def network() -> onnx.ModelProto:
    """Three logits of the mean of the token ids that the mask keeps."""
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["kept"]),
        helper.make_node("Cast", ["kept"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real", "axis"], ["mean"], keepdims=1),
        helper.make_node("MatMul", ["mean", "weights"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in FEEDS
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        [
            numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
            numpy_helper.from_array(np.array([[0.5, -1.0, 2.0]], dtype=np.float32), "weights"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {"assay.labels": "bad, fair, good"})
    return model


def write_bundle(files: ModelPaths, note: str = "") -> None:
    folder = files.bundle
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(network().SerializeToString(deterministic=True))
    tokenizer = Tokenizer(WordLevel({"x": 1, "y": 2}))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "README.md").write_text(CARD + note)
    stated = Manifest(
        model="opinions",
        data="text",
        task="classification",
        labels=("bad", "fair", "good"),
        precision="int8",
        inputs=tuple(
            Port(name=name, type="int64", shape=("batch", "length"), example=(1, 2))
            for name in FEEDS
        ),
        outputs=(Port(name="logits", type="float32", shape=("batch", 3), example=(1, 3)),),
        encoder={"max_length": 8},
        made_from={"weights": sha256(files.checkpoint)},
        processor=processor_class(),
        versions={"onnxruntime": runtime()},
    )
    manifest.write(folder, stated)


def write_reports(files: ModelPaths) -> None:
    records.write(files.metrics, EVALUATION)
    records.write(files.parity, PARITY)
    records.write(files.timings, TIMINGS)
    write_json(files.validation, {"success": True})
    write_json(files.split_report, {"leaks": 0})
    write_text(files.tables / "slices.csv", "slice,rows,accuracy\nnews,20,0.7\n")
    write_text(files.report, CARD)
    write_text(files.curve, "step,loss,validation_f1\n10,2.0,\n20,1.5,0.7\n30,1.0,nan\n")
    write_text(files.data_docs / "index.html", "<h1>Data Docs</h1>")
    files.pictures.mkdir()
    (files.pictures / "confusion.png").write_bytes(PIXEL)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose model is built, and a fresh database."""
    root = tmp_path_factory.mktemp("built")
    files = ModelPaths("opinions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Path("params.yaml").write_text(PARAMS)
        shutil.copy(ROOT / "dvc.yaml", root)
        Path(".dvc").mkdir()
        Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
        files.splits.mkdir(parents=True)
        for split in SPLITS:
            table = pd.DataFrame({"id": ["a", "b"], "text": ["x", "y"], "label": ["bad", "good"]})
            table.to_parquet(files.split(split))
        files.checkpoint.mkdir(parents=True)
        (files.checkpoint / "model.safetensors").write_bytes(b"weights")
        write_bundle(files)
        write_reports(files)
        files.raw.parent.mkdir(parents=True)
        table.to_parquet(files.raw)
        locks.record("opinions")
        tracking.prepare()
    return root


@pytest.fixture
def files(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelPaths:
    """The built model in a folder of its own."""
    root = tmp_path / "my project"
    shutil.copytree(template, root)
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return ModelPaths("opinions")


@contextmanager
def server() -> Iterator[str]:
    """A tracking server on this folder's store, as `make up` starts it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1"),
            *("--backend-store-uri", "sqlite:///mlruns/mlflow.db"),
            *("--artifacts-destination", "mlruns/artifacts"),
        ],
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while True:
            assert child.poll() is None
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except urllib.error.URLError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def run_of(run_id: str | None) -> Run:
    assert run_id
    return store.connect().get_run(run_id)


def versions() -> list[ModelVersion]:
    return list(store.connect().search_model_versions("name = 'opinions'"))


def places(run_id: str | None, folder: str | None = None) -> set[str]:
    found = store.connect().list_artifacts(str(run_id), folder)
    return {entry.path for entry in found}


def logits(model: bytes) -> Any:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, FEEDS)[0]


def load(version: int | None) -> onnx.ModelProto:
    store.connect()
    import mlflow.onnx

    with store.environment(MLFLOW_TRACKING_URI=store.address()):
        loaded: onnx.ModelProto = mlflow.onnx.load_model(f"models:/opinions/{version}")
        return loaded


def git(*arguments: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *author, *arguments], check=True, capture_output=True)


def test_a_run_carries_all_that_is_known(files: ModelPaths) -> None:
    made = register("opinions")

    assert made.notes == (PAGE,)
    run = run_of(made.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["train.learning_rate"] == "0.0001"
    assert run.data.params["train.epochs"] == "3"
    assert run.data.params["labels"] == "bad, fair, good"
    assert run.data.metrics == {
        "test.accuracy": 0.8,
        "test.accuracy_low": 0.78,
        "test.accuracy_high": 0.82,
        "test.macro_f1": 0.75,
        "test.brier_score": 0.4,
        "baseline.accuracy": 0.68,
        "parity.fp32.score": 0.76,
        "parity.fp32.megabytes": 90.5,
        "parity.int8.score": 0.75,
        "parity.int8.megabytes": 23.0,
        "parity.score_drop": 0.01,
        "parity.same_prediction_int8": 0.99,
        "parity.validation_rows": 40,
        "parity.validation_max_abs_diff": 1e-7,
        "parity.neighbours_max_abs_diff": 1e-6,
        "parity.temperature": 1.0,
        "parity.grid_max_abs_diff": 2e-7,
        "timing.rows_per_second_fp32": 700.0,
        "timing.rows_per_second_int8": 1475.0,
        "timing.int8_speedup": 2.1,
        "timing.threads": 2,
        "loss": 1.0,
        "validation_f1": 0.7,
    }
    assert run.data.tags["assay.weights"] == sha256(files.checkpoint)
    assert run.data.tags["assay.bundle"] == sha256(files.bundle)
    assert run.data.tags["assay.processor"] == processor_class()
    assert run.data.tags["mlflow.note.content"] == CARD.replace(
        "pictures/confusion.png",
        f"get-artifact?path=pictures%2Fconfusion.png&run_uuid={made.run_id}",
    )
    assert places(made.run_id) == {
        "data_docs",
        "dvc_lock.json",
        "metrics.json",
        "parity.json",
        "pictures",
        "report.md",
        "settings.json",
        "split.json",
        "tables",
        "validation.json",
    }
    assert places(made.run_id, "pictures") == {"pictures/confusion.png"}
    assert places(made.run_id, "tables") == {"tables/slices.csv"}
    lock = Path(store.connect().download_artifacts(str(made.run_id), "dvc_lock.json"))
    assert read_json(lock)["data/raw/opinions.parquet"] == md5_of(files.raw)


def test_a_run_names_its_data_by_digest(files: ModelPaths) -> None:
    run = run_of(register("opinions").run_id)

    assert run.inputs
    by_context = {given.tags[0].value: given.dataset for given in run.inputs.dataset_inputs}
    assert set(by_context) == {"training", "validation", "testing"}
    train = by_context["training"]
    digest = sha256(files.split("train"))
    assert digest.startswith(train.digest)
    assert json.loads(str(train.profile)) == {"num_rows": 2, "sha256": digest}
    assert json.loads(train.source) == {"uri": "data/splits/opinions/train.parquet"}
    columns = json.loads(str(train.schema))["mlflow_colspec"]
    assert {"name": "text", "type": "string"} in columns


def test_the_registered_model_loads_and_computes_the_same(files: ModelPaths) -> None:
    made = register("opinions")

    loaded = load(made.version)
    original = (files.bundle / MODEL).read_bytes()
    np.testing.assert_array_equal(logits(loaded.SerializeToString()), logits(original))
    [version] = versions()
    assert version.description == (
        f"weights {sha256(files.checkpoint)[:7]}, accuracy 0.8000, macro F1 0.7500"
    )


def test_the_signature_is_the_graphs(files: ModelPaths) -> None:
    made = register("opinions")

    from mlflow.models import get_model_info

    with store.environment(MLFLOW_TRACKING_URI=store.address()):
        info = get_model_info(f"models:/opinions/{made.version}")
    assert info.signature is not None
    assert [(spec.name, spec.shape) for spec in info.signature.inputs.inputs] == [
        ("input_ids", (-1, -1)),
        ("attention_mask", (-1, -1)),
    ]
    assert [(spec.name, spec.shape) for spec in info.signature.outputs.inputs] == [
        ("logits", (-1, 3))
    ]
    assert info.saved_input_example_info


def test_a_model_of_images_is_registered_with_pixels_as_its_input(
    files: ModelPaths,
) -> None:
    """Another task, other inputs: nothing but the graph and the manifest says so."""
    shades = ModelPaths("shades")
    for name in ("checkpoint", "reports"):
        shutil.copytree(getattr(files, name), getattr(shades, name))
    images.write_bundle(shades.bundle, size=12)
    shades.splits.mkdir()
    for split in SPLITS:
        images.shades(3).to_parquet(shades.split(split))
    with Path("params.yaml").open("a") as stream:
        stream.write("  shades: {data: image, task: classification, labels: [dark, bright]}\n")
    stated = manifest.read(shades.bundle)
    weights = {"weights": sha256(shades.checkpoint)}
    manifest.write(shades.bundle, stated.model_copy(update={"made_from": weights}))
    locks.record("shades")
    made = register("shades")
    assert made.version == 1, made.notes

    import mlflow.pyfunc

    with store.environment(MLFLOW_TRACKING_URI=store.address()):
        served = mlflow.pyfunc.load_model(f"models:/shades/{made.version}")
    (spec,) = served.metadata.signature.inputs.inputs
    assert (spec.name, spec.type, spec.shape) == ("pixels", np.dtype("uint8"), (-1, -1, -1, 1))
    example = served.input_example["pixels"]
    assert (example.shape, example.dtype) == ((1, 12, 12, 1), np.uint8)
    answer = served.predict({"pixels": np.full((2, 9, 7, 1), 255, np.uint8)})
    assert answer["logits"].argmax(axis=1).tolist() == [1, 1]
    inputs = run_of(made.run_id).inputs
    assert inputs is not None
    schema = json.loads(str(inputs.dataset_inputs[0].dataset.schema))
    assert {"name": "image", "type": "binary"} in schema["mlflow_colspec"]


def test_a_registered_bundle_comes_back_byte_for_byte(files: ModelPaths) -> None:
    made = register("opinions")
    assert made.version
    tracking.fetch_bundle("opinions", made.version, Path("copy"))

    manifest.read(Path("copy"))
    assert sha256(Path("copy")) == sha256(files.bundle)


def test_the_model_lies_in_its_own_experiment_without_an_absolute_path(
    files: ModelPaths, tmp_path: Path
) -> None:
    made = register("opinions")

    experiment = run_of(made.run_id).info.experiment_id
    [logged] = store.connect().search_logged_models([experiment])
    assert logged.source_run_id == made.run_id
    assert logged.tags["mlflow.source.name"] == "assay"  # and not the path of this program
    assert [path.name for path in Path("mlruns/artifacts").iterdir()] == ["opinions"]
    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert str(tmp_path) not in dump


def test_twice_is_one_version_one_upload_one_point(files: ModelPaths) -> None:
    first = register("opinions")
    stored = [path for path in Path("mlruns/artifacts").rglob("*") if path.is_file()]
    times = {path: path.stat().st_mtime_ns for path in stored}
    second = register("opinions")

    assert second == first
    assert len(versions()) == 1
    assert times == {
        path: path.stat().st_mtime_ns
        for path in Path("mlruns/artifacts").rglob("*")
        if path.is_file()
    }
    for name in ("test.accuracy", "loss"):
        points = store.connect().get_metric_history(str(first.run_id), name)
        assert len({point.step for point in points}) == len(points)


def test_another_bundle_of_the_same_weights_is_a_new_version(files: ModelPaths) -> None:
    first = register("opinions")
    write_bundle(files, note="Another.")
    locks.record("opinions")
    second = register("opinions")

    assert (first.version, second.version) == (1, 2)
    assert first.run_id == second.run_id


def test_the_run_of_the_training_is_found_and_its_curve_completed(
    files: ModelPaths,
) -> None:
    weights = sha256(files.checkpoint)
    with tracking.Journal.open("opinions", params={"train": {"epochs": 2}}, tags={}) as journal:
        journal.log(10, {"loss": 2.0})
        journal.close(weights, "FINISHED")
    made = register("opinions")

    points = store.connect().get_metric_history(str(made.run_id), "loss")
    assert sorted((point.step, point.value) for point in points) == [(10, 2), (20, 1.5), (30, 1)]
    assert run_of(made.run_id).info.run_name == f"opinions {weights[:7]}"
    assert "train.epochs" in made.notes[1]


def test_the_commit_that_was_dirty_gives_way_to_the_clean_one(files: ModelPaths) -> None:
    Path(".gitignore").write_text("mlruns/\n")
    git("init", "--quiet")
    git("add", "-A")
    git("commit", "--quiet", "-m", "one")
    Path("note").write_text("new")
    run_id = register("opinions").run_id
    assert run_of(run_id).data.tags["assay.dirty"] == "true"
    git("add", "-A")
    git("commit", "--quiet", "-m", "two")
    register("opinions")
    two = run_of(run_id).data.tags
    assert two["assay.dirty"] == "false"
    git("commit", "--quiet", "--allow-empty", "-m", "three")
    register("opinions")

    assert run_of(run_id).data.tags["assay.commit"] == two["assay.commit"]


def test_a_model_that_is_not_built_is_refused(files: ModelPaths) -> None:
    shutil.rmtree(files.bundle)

    with pytest.raises(MissingFile, match="models/opinions/bundle is missing") as refusal:
        register("opinions")
    assert refusal.value.cure == "assay run opinions"


def test_an_unreachable_store_is_a_note_where_a_model_was_built(
    files: ModelPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(StoreFailed, match="does not answer"):
        register("opinions")
    made = register_if_reachable("opinions")

    assert (made.run_id, made.run_url, made.version) == (None, None, None)
    assert made.notes[0].startswith("not in MLflow: http://127.0.0.1:9 does not answer")
    assert made.notes[1] == "log it later: assay track opinions"


def test_nothing_but_the_answer_is_said(
    files: ModelPaths, capfd: pytest.CaptureFixture[str]
) -> None:
    register("opinions")

    assert capfd.readouterr() == ("", "")


def test_a_server_and_the_embedded_store_show_each_others_runs(
    files: ModelPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = register("opinions")
    with server() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert "pictures" in places(embedded.run_id)
        again = register("opinions")
        assert again.version == embedded.version
        assert again.run_url
        assert again.run_url.startswith(f"{address}/#/experiments/")
        assert f"/runs/{embedded.run_id}?" in again.run_url
        np.testing.assert_array_equal(
            logits(load(embedded.version).SerializeToString()),
            logits((files.bundle / MODEL).read_bytes()),
        )
        (files.checkpoint / "model.safetensors").write_bytes(b"retrained")
        write_bundle(files)
        locks.record("opinions")
        served = register("opinions")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")

    assert served.version == 2
    assert "pictures" in places(served.run_id)
    tracking.fetch_bundle("opinions", 2, Path("copy"))
    assert sha256(Path("copy")) == sha256(files.bundle)


def test_a_long_card_is_cut_to_what_mlflow_keeps(files: ModelPaths) -> None:
    write_text(files.report, "word " * 5000)
    locks.record("opinions")
    made = register("opinions")

    note = run_of(made.run_id).data.tags["mlflow.note.content"]
    assert len(note) <= 8000
    whole = Path(store.connect().download_artifacts(str(made.run_id), "report.md"))
    assert hashlib.sha256(whole.read_bytes()).hexdigest() == sha256(files.report)


def test_a_label_is_words_alone_in_the_registered_models_description(files: ModelPaths) -> None:
    label = "[win](https://evil.example) ![x](https://evil.example/x.png)<b>"
    stated = manifest.read(files.bundle).model_copy(update={"labels": (label[:27], label[28:])})
    manifest.write(files.bundle, stated)
    locks.record("opinions")
    register("opinions")

    told = str(store.connect().get_registered_model("opinions").description)
    assert f"text-classification: {label[:27]}, {label[28:]}. Built" in unescape(told)
    assert [mark for mark in ("](", "![", "<b>", "://") if mark in told] == []

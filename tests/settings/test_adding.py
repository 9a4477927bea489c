from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from assay.errors import MissingFile, SettingsError, UsageError
from assay.settings import adding, reading
from assay.tasks.registry import KINDS
from assay.tasks.text_classification.settings import (
    TextClassificationIngest,
    TextClassificationModel,
    TextTrain,
)
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
MODEL = TextClassificationModel(
    data="text",
    task="classification",
    labels=("no: never", "yes", "on", "1.0", "~", "中文", "- a", "'q\"", "${x}", "b c", "#c"),
    ingest=TextClassificationIngest(text="my text", label="#1", slices=("a: b",)),
    train=TextTrain(learning_rate=1e-5),
)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    return path


def test_a_block_is_added_and_nothing_else_changes(params: Path) -> None:
    before = params.read_text()
    adding.add(params, "mine", MODEL, KINDS)
    after = params.read_text()
    assert after.startswith(before.rstrip("\n"))
    known = reading.load(params, KINDS)
    assert known.pop("mine") == MODEL
    assert known == reading.load(ROOT / "params.yaml", KINDS)


def test_many_can_be_added(params: Path) -> None:
    for name in ("one", "two-2", "three_3"):
        adding.check_name(params, name)
        adding.add(params, name, MODEL, KINDS)
    assert list(reading.load(params, KINDS))[-3:] == ["one", "two-2", "three_3"]


def test_the_first_model_of_a_file_without_any_can_be_added(params: Path) -> None:
    params.write_text("# all gone\nmodels: {}  # for now\n")
    adding.add(params, "mine", MODEL, KINDS)
    assert params.read_text().startswith("# all gone\nmodels:  # for now\n")
    assert reading.load(params, KINDS) == {"mine": MODEL}


def test_line_ends_of_the_file_stay(params: Path) -> None:
    before = params.read_bytes().replace(b"\n", b"\r\n")
    params.write_bytes(before)
    adding.add(params, "mine", MODEL, KINDS)
    assert params.read_bytes().startswith(before.rstrip())
    assert reading.load_model(params, "mine", KINDS) == MODEL


def test_a_comment_at_the_end_stays(params: Path) -> None:
    params.write_text(params.read_text() + "  # the last word")
    adding.add(params, "mine", MODEL, KINDS)
    assert "# the last word\n" in params.read_text()
    assert reading.load_model(params, "mine", KINDS) == MODEL


def test_a_file_that_would_not_load_is_left_as_it_is(params: Path) -> None:
    content = "models:\n      wide:\n        x: 1\n"
    params.write_text(content)
    with pytest.raises(SettingsError, match=r"params\.yaml"):
        adding.add(params, "mine", MODEL, KINDS)
    assert params.read_text() == content


@pytest.mark.parametrize("name", ["a b", "x;rm", "$(ls)", "../x", "A", "", "-v", "é", "a" * 64])
def test_a_name_unfit_for_a_shell_is_refused(params: Path, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        adding.check_name(params, name)
    assert repr(name) in refused.value.found
    assert "small letter" in refused.value.expected


def test_a_taken_name_is_refused(params: Path) -> None:
    adding.add(params, "mine", MODEL, KINDS)
    with pytest.raises(UsageError, match="'mine' already"):
        adding.check_name(params, "mine")
    adding.check_name(params, "min")


EXAMPLE = """\
---
# What it is for.
mine:   # a name
  data: text
  task: classification

  labels: [no, "yes"]   # two
  train: {epochs: 3}
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE)
    return path


def test_an_example_comes_with_its_comments_under_a_name_of_your_own(
    params: Path, example: Path
) -> None:
    before = params.read_text()
    model = adding.add_example(params, "yours", example, KINDS)
    after = params.read_text()
    assert after.startswith(before.rstrip("\n"))
    assert after.endswith(
        "\n  # What it is for.\n  yours:   # a name\n    data: text\n    task: classification\n\n"
        '    labels: [no, "yes"]   # two\n    train: {epochs: 3}\n'
    )
    assert reading.load_model(params, "yours", KINDS) == model
    assert model.train.epochs == 3
    assert "mine" not in reading.load(params, KINDS)


@pytest.mark.parametrize(
    "content",
    [
        "{mine: {data: text, task: classification, labels: [a, b]}}",
        '"mine": {data: text, task: classification,\nlabels: [a, b]}',
        "mine:\n    data: text\n    task: >-\n        classification\n"
        "    labels:\n    - a\n    - b\n",
        "mine: {data: text, task: classification, labels: [a, b]}\n...\n",
    ],
)
def test_an_example_may_be_written_in_any_way(params: Path, example: Path, content: str) -> None:
    example.write_text(content)
    model = adding.add_example(params, "yours", example, KINDS)
    assert reading.load_model(params, "yours", KINDS) == model
    assert isinstance(model, TextClassificationModel)
    assert model.labels == ("a", "b")
    assert "opinions" in reading.load(params, KINDS)


@pytest.mark.parametrize(
    ("old", "new", "found", "cure"),
    [
        ("epochs", "epoch", "unknown key `mine.train.epoch`", "did you mean `epochs`?"),
        ("labels", "label", "unknown key `mine.label`", "did you mean `labels`?"),
        ("epochs: 3", "epochs: 0", "`mine.train.epochs` is 0", "correct `mine.train.epochs`"),
        ("text", "sound", "`mine.data` is 'sound'", "correct `mine.data`"),
        ("  data: text\n", "", "`mine.data` is missing", "correct `mine.data`"),
        ("classific", "transl", "`mine.task` is 'translation'", "correct `mine.task`"),
        ("mine:", "a: {}\nmine:", "holds 2 blocks: a, mine", "under one name"),
        ("mine:", "[", "not readable YAML", "mend what is named above"),
    ],
)
def test_an_example_that_would_not_load_is_refused_by_its_own_name(
    params: Path, example: Path, old: str, new: str, found: str, cure: str
) -> None:
    before = params.read_bytes()
    example.write_text(EXAMPLE.replace(old, new, 1))
    with pytest.raises(SettingsError) as refused:
        adding.add_example(params, "yours", example, KINDS)
    assert refused.value.found.startswith(str(example))
    assert found in refused.value.found
    assert cure in refused.value.cure
    assert params.read_bytes() == before


def test_an_example_that_is_not_there_is_refused(params: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"no file .*nowhere\.yaml"):
        adding.add_example(params, "yours", tmp_path / "nowhere.yaml", KINDS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_of_the_repository_can_be_added_and_is_listed(
    params: Path, path: Path
) -> None:
    name, model = reading.load_example(path, KINDS)
    assert name == path.stem
    adding.check_name(params, name)
    assert adding.add_example(params, name, path, KINDS) == model
    comment = next(line for line in path.read_text().splitlines() if line.startswith("#"))
    assert comment in params.read_text()
    assert f"`{path.name}`" in (ROOT / "examples/README.md").read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_names_every_parameter_that_the_pipeline_hangs_on(
    params: Path, example: Path
) -> None:
    adding.add_example(params, "mine", example, KINDS)
    block = YAML(typ="safe").load(params.read_text())["models"]["mine"]
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
    names = {name for stage in stages.values() for name in stage["do"]["params"]}
    assert len(names) > 5
    for name in names:
        found = block
        for part in name.removeprefix("models.${key}.").split("."):
            assert part in found, name
            found = found[part]

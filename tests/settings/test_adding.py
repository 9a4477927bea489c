from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SettingsError, UsageError
from assay.settings import adding, reading
from assay.settings.text import TextIngest, TextModel, TextTrain
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MODEL = TextModel(
    task="text-classification",
    labels=("no: never", "yes", "on", "1.0", "~", "中文", "- a", "'q\"", "${x}", " b ", "#c"),
    ingest=TextIngest(text="my text", label="#1", slices=("a: b",)),
    train=TextTrain(learning_rate=1e-5),
)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_bytes((ROOT / "params.yaml").read_bytes())
    return path


def test_a_block_is_added_and_nothing_else_changes(params: Path) -> None:
    before = params.read_text()
    adding.add(params, "mine", MODEL)
    after = params.read_text()
    assert after.startswith(before.rstrip("\n"))
    known = dict(reading.load(params).models)
    assert known.pop("mine") == MODEL
    assert known == reading.load(ROOT / "params.yaml").models


def test_many_can_be_added(params: Path) -> None:
    for name in ("one", "two-2", "three_3"):
        adding.check_name(params, name)
        adding.add(params, name, MODEL)
    assert list(reading.load(params).models)[-3:] == ["one", "two-2", "three_3"]


def test_line_ends_of_the_file_stay(params: Path) -> None:
    before = params.read_bytes().replace(b"\n", b"\r\n")
    params.write_bytes(before)
    adding.add(params, "mine", MODEL)
    assert params.read_bytes().startswith(before.rstrip())
    assert reading.load_model(params, "mine") == MODEL


def test_a_comment_at_the_end_stays(params: Path) -> None:
    params.write_text(params.read_text() + "  # the last word")
    adding.add(params, "mine", MODEL)
    assert "# the last word\n" in params.read_text()
    assert reading.load_model(params, "mine") == MODEL


@pytest.mark.parametrize("content", ["models: {}\n", "models:\n      wide:\n        x: 1\n"])
def test_a_file_that_would_not_load_is_left_as_it_is(params: Path, content: str) -> None:
    params.write_text(content)
    with pytest.raises(SettingsError, match=r"params\.yaml"):
        adding.add(params, "mine", MODEL)
    assert params.read_text() == content


@pytest.mark.parametrize("name", ["a b", "x;rm", "$(ls)", "../x", "A", "", "-v", "é", "a" * 64])
def test_a_name_unfit_for_a_shell_is_refused(params: Path, name: str) -> None:
    with pytest.raises(UsageError) as refused:
        adding.check_name(params, name)
    assert repr(name) in refused.value.found
    assert "small letter" in refused.value.expected


def test_a_taken_name_is_refused(params: Path) -> None:
    adding.add(params, "mine", MODEL)
    with pytest.raises(UsageError, match="'mine' already"):
        adding.check_name(params, "mine")
    adding.check_name(params, "min")

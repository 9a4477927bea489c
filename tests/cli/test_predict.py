from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from assay.files import sha256
from tests import made
from tests.cli.command import assay
from tests.cli.predicted import CHINESE, FILES, NOT_READ, TEXTS, shares

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("built_texts")


def test_texts_get_a_label_and_a_score_each() -> None:
    answer = assay("predict", made.MODEL, *TEXTS)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert len(lines) == 3
    for text, line in zip(TEXTS, lines, strict=True):
        label, score, shown = line.split(maxsplit=2)
        assert label in made.LABELS
        assert 1 / 3 <= float(score) <= 1
        assert shown == text
    assert "from the workspace (no version has been promoted yet)" in answer.err


def test_a_program_gets_one_json_object() -> None:
    answer = assay("predict", made.MODEL, *TEXTS, "--json")
    found = json.loads(answer.out)
    assert found["source"] == "workspace"
    assert found["weights"] == sha256(FILES.checkpoint)
    assert found["truncated"] == 0
    assert [one["text"] for one in found["predictions"]] == TEXTS
    for one in found["predictions"]:
        assert list(one["probabilities"]) == list(made.LABELS)
        assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert one["score"] == max(one["probabilities"].values())
        assert one["predicted_label"] == max(one["probabilities"], key=one["probabilities"].get)


@pytest.mark.parametrize("blank", ["", " \n", "\u3000"])
def test_a_blank_text_gets_no_label_like_a_blank_row(blank: str) -> None:
    words = ("predict", made.MODEL, TEXTS[0], blank, TEXTS[1])
    shown = assay(*words)
    assert shown.code == 0, shown.err
    assert "1 texts are blank and get no label" in shown.err
    assert [line.split(maxsplit=1)[0] in made.LABELS for line in shown.out.splitlines()] == [
        True,
        False,
        True,
    ]
    first, second, third = json.loads(assay(*words, "--json").out)["predictions"]
    assert second.pop("text") == blank
    assert second == dict.fromkeys(
        ("predicted_label", "score", "probabilities", "unknown_share", "in_scope")
    )
    both = json.loads(assay("predict", made.MODEL, *TEXTS[:2], "--json").out)["predictions"]
    assert [first, third] == both


def test_blank_texts_alone_get_no_label() -> None:
    found = json.loads(assay("predict", made.MODEL, "", " ", "--json").out)
    assert [one["predicted_label"] for one in found["predictions"]] == [None, None]
    assert found["truncated"] == 0


def test_a_text_that_the_model_cannot_read_is_marked_beside_its_answer() -> None:
    answer = assay("predict", made.MODEL, TEXTS[0], CHINESE, "")
    assert answer.code == 0, answer.err
    read, unread, blank = answer.out.splitlines()
    assert read.endswith("  " + TEXTS[0])
    share = shares(CHINESE)[0]
    assert share > 0.8
    said = f"not readable: {100 * share:.0f} % of its tokens are unknown to the model"
    assert unread.endswith(f"{CHINESE}  {said}")
    assert blank.endswith("(blank)")
    (told,) = (line for line in answer.err.splitlines() if "read" in line)
    assert told.startswith(f"1 texts {NOT_READ}")
    assert "train.checkpoint" in told


def test_a_program_is_told_which_share_of_a_text_is_unknown() -> None:
    assert shares(*TEXTS) == [0, 0, 0.25]
    third = pytest.approx(1 / 3, abs=1e-6)
    assert shares("汉汉汉", "great 汉 film", "汉 great") == [1, third, 0.5]


def test_a_third_of_unknown_words_is_still_read() -> None:
    answer = assay("predict", made.MODEL, "great 汉 film")
    assert "not readable" not in answer.out
    assert NOT_READ not in answer.err
    assert "not readable: 50 %" in assay("predict", made.MODEL, "great 汉").out


def test_the_workspace_is_named_when_it_was_asked_for() -> None:
    assert "workspace (as asked)" in assay("predict", made.MODEL, "x", "--workspace").err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), "there is nothing to predict"),
        (("text", "--file", "x.csv"), "both texts and --file were given"),
        (("text", "--output", "x.csv"), "--output needs --file"),
        (("--file", "x.csv", "--output", "x.xlsx"), "--output ends in '.xlsx'"),
        (("--file", "x.csv", "--output", "x"), "--output ends in 'nothing'"),
        (("--file", "nowhere.csv"), "there is no file nowhere.csv"),
        (("caf\udce9",), "bytes that are not UTF-8"),
    ],
)
def test_wrong_usage_is_answered(words: tuple[str, ...], found: str) -> None:
    answer = assay("predict", made.MODEL, *words)
    assert answer.code == 2
    assert found in answer.err
    assert "expected:" in answer.err


def test_a_refusal_is_json_too_when_a_program_asks() -> None:
    answer = assay("predict", "nosuch", "text", "--json")
    assert answer.code == 2
    found = json.loads(answer.out)
    assert found["error"] == "UnknownModel"
    assert found["exit_code"] == 2
    assert found["expected"] == f"one of {made.MODEL}"


def test_a_model_that_was_not_built_says_how(
    built_texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(built_texts / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    answer = assay("predict", made.MODEL, "text")
    assert answer.code == 2
    assert f"assay run {made.MODEL}, or dvc pull" in answer.err

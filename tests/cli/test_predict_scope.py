from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.bundle import manifest
from tests import made
from tests.cli.command import assay
from tests.cli.predicted import FILES, TEXTS, ask_file, rows_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("built_texts")


def _strict(built_texts: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Enter a copy of the project, its threshold above one of TEXTS; return which are in scope."""
    shutil.copytree(built_texts, folder)
    monkeypatch.chdir(folder)
    found = json.loads(assay("predict", made.MODEL, *TEXTS, "--json").out)["predictions"]
    likely = np.array([list(one["probabilities"].values()) for one in found])
    scores = -np.log(np.maximum(likely, 1e-6)).mean(axis=1)
    threshold = float(np.sort(scores)[:2].mean())
    stated = manifest.read(FILES.bundle)
    manifest.write(FILES.bundle, stated.model_copy(update={"threshold": threshold}))
    return [bool(score > threshold) for score in scores]


def test_a_text_that_may_be_out_of_scope_is_marked_beside_its_answer(
    built_texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _strict(built_texts, tmp_path / "copy", monkeypatch)
    assert expected.count(False) == 1
    answer = assay("predict", made.MODEL, *TEXTS, "")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert [not line.endswith("  out of scope?") for line in lines] == [*expected, True]
    assert "1 texts may belong to none of the classes" in answer.err
    found = json.loads(assay("predict", made.MODEL, *TEXTS, "", "--json").out)["predictions"]
    assert [one["in_scope"] for one in found] == [*expected, None]


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet"])
def test_a_file_says_which_rows_are_in_scope(
    built_texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    expected = _strict(built_texts, tmp_path / "copy", monkeypatch)
    pd.DataFrame({"text": [*TEXTS, ""]}).to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / f"out{kind}"
    answer = ask_file(tmp_path / "in.csv", "--output", str(target))
    assert answer.code == 0, answer.err
    found = [row["in_scope"] for row in rows_of(target)]
    # In a CSV with an empty cell pandas reads words, in JSON numbers.
    yes = {".csv": "True", ".jsonl": 1.0, ".parquet": True}[kind]
    assert [one == yes for one in found[:3]] == expected
    assert not found[3]


def test_a_bundle_without_a_threshold_has_no_such_column(
    built_texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _strict(built_texts, tmp_path / "copy", monkeypatch)
    stated = manifest.read(FILES.bundle)
    manifest.write(FILES.bundle, stated.model_copy(update={"threshold": None}))
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    assert ask_file(tmp_path / "in.csv").out.startswith("text,predicted_label,score\n")
    ask_file(tmp_path / "in.csv", "--output", str(tmp_path / "out.jsonl"))
    assert "in_scope" not in rows_of(tmp_path / "out.jsonl")[0]
    for words in (TEXTS, ["--file", str(tmp_path / "in.csv")]):
        answer = assay("predict", made.MODEL, *words, "--json")
        found = json.loads(answer.out)["predictions"]
        assert [one["in_scope"] for one in found] == [None] * 3
        assert "may belong to none" not in answer.err

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assay import records
from assay.errors import ExpectationsBroken, SettingsError
from assay.excerpts import EXAMPLES
from assay.files import read_json
from assay.paths import ModelPaths
from assay.records import ExpectationReport, ValidationReport
from assay.stages import validate
from assay.tasks.text_classification.settings import TextClassificationModel
from tests.personal import AFTER, BEFORE, SAMPLES

ROOT = Path(__file__).parents[2]
FILES = ModelPaths("films")
PARAMS = """
models:
  films:
    data: text
    task: classification
    labels: [bad, good]
"""


def rows(count: int = 120, **columns: Any) -> pd.DataFrame:
    """Return sound rows, but for the columns given: a list, or what a row's number makes of it."""
    sound = {
        "id": [f"{n:04}" for n in range(count)],
        "text": [f"review {n} of a film that ran for {n * 7} minutes" for n in range(count)],
        "label": [("bad", "good")[n % 2] for n in range(count)],
    }
    given = {
        name: [values(n) for n in range(count)] if callable(values) else values
        for name, values in columns.items()
    }
    return pd.DataFrame(sound | given)


def model(labels: tuple[str, ...], **blocks: dict[str, Any]) -> TextClassificationModel:
    content = {"data": "text", "task": "classification", "labels": list(labels)}
    return TextClassificationModel.model_validate(content | blocks)


def project(folder: Path, table: pd.DataFrame) -> Path:
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "expectations", folder / "expectations")
    (folder / FILES.raw).parent.mkdir(parents=True)
    table.to_parquet(folder / FILES.raw, index=False)
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "dvc.yaml").write_text("stages: {}\n")
    return folder


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: pd.DataFrame,
    labels: tuple[str, ...] = ("bad", "good"),
    **bounds: Any,
) -> ValidationReport:
    monkeypatch.chdir(project(tmp_path / "project", table))
    validate.run(model(labels, validate=bounds), FILES)
    return records.read(FILES.validation, ValidationReport)


def broken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: pd.DataFrame,
    labels: tuple[str, ...] = ("bad", "good"),
    **bounds: Any,
) -> tuple[str, dict[str, ExpectationReport]]:
    """Run on bad data; return the refusal as a user reads it, and the broken entries by reason."""
    with pytest.raises(ExpectationsBroken) as caught:
        run(tmp_path, monkeypatch, table, labels, **bounds)
    written = records.read(FILES.validation, ValidationReport)
    assert not written.success
    entries = {one.because: one for one in written.expectations if not one.success}
    assert written.broken == len(entries) > 0
    return column_by_column(caught.value.found), entries


def column_by_column(refusal: str) -> str:
    """Return the refusal's table as one line, column after column, so that sentences are whole."""
    cells = [line.split("│")[1:-1] for line in refusal.splitlines() if "│" in line]
    return " ".join(
        " ".join(part for column in zip(*cells, strict=True) for part in column).split()
    )


def test_sound_rows_pass_and_leave_both_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written = run(tmp_path, monkeypatch, rows(text=lambda n: "" if n == 3 else f"a film of {n}"))
    assert written.success
    assert written.summary.rows == 120
    assert written.summary.dropped == 1
    assert "All 17 expectations hold" in (FILES.data_docs / "index.html").read_text()
    assert "17 of 17 expectations hold; 120 rows, 1 will be dropped (1 blank)" in (
        capsys.readouterr().err
    )


MISTAKES: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "one class only": (
        {"label": ["bad"] * 120},
        ("bad", "good"),
        "With a single class there is nothing to tell apart.",
    ),
    "a class with fewer than ten rows": (
        {"label": lambda n: "good" if n < 9 else "bad"},
        ("bad", "good"),
        "Each class needs enough distinct, usable texts for the three splits. "
        "Dropped rows do not count.",
    ),
    "a class of which too few rows are left": (
        {"label": lambda n: "good" if n < 12 else "bad", "text": lambda n: f"a film {max(n, 9)}"},
        ("bad", "good"),
        "Each class needs enough distinct, usable texts for the three splits. "
        "Dropped rows do not count.",
    ),
    "labels that all differ": (
        {"label": lambda n: f"label {n}"},
        tuple(f"label {n}" for n in range(120)),
        "Classes repeat. Labels that are nearly all different are ids, dates or free text.",
    ),
    "every text the same": (
        {"text": ["a fine film"] * 120},
        ("bad", "good"),
        "Texts that repeat are dropped but for the first. More than a few of them point to a "
        "wrong column or a bad export.",
    ),
    "labels that are NaN": (
        {"label": lambda n: float("nan") if n == 5 else "good" if n % 2 else "bad"},
        ("bad", "good"),
        "Every row needs a label. An empty cell or NaN is none.",
    ),
    "a label that the settings do not know": (
        {"label": lambda n: "godo" if n == 5 else "good" if n % 2 else "bad"},
        ("bad", "good"),
        "A label must be one of those that params.yaml lists under `labels`.",
    ),
    "a label that no row carries": (
        {},
        ("bad", "good", "so-so"),
        "A label that params.yaml lists but no row carries can't be learned.",
    ),
    "nearly all rows of one class": (
        {"label": lambda n: "good" if n < 11 else "bad"},
        ("bad", "good"),
        "When one class is nearly everything, always answering it looks like a good model.",
    ),
    "labels that are numbers": (
        {"label": lambda n: n % 2},
        ("0", "1"),
        "Labels are names. Numbers must be written as text, so that 1 and 1.0 are one class.",
    ),
    "texts that are numbers": (
        {"text": lambda n: n * 3},
        ("bad", "good"),
        "Texts must be text. Numbers or raw bytes would pass for it, and teach nothing.",
    ),
    "texts that are bytes": (
        {"text": lambda n: b"film %d" % n},
        ("bad", "good"),
        "Texts must be text. Numbers or raw bytes would pass for it, and teach nothing.",
    ),
    "blank and broken texts": (
        {"text": lambda n: (f"film {n}", " ", f"caf\ufffd {n}")[n % 3]},
        ("bad", "good"),
        "Blank texts, single characters and broken characters are dropped. More than a few of "
        "them are no accident, but a file that was read the wrong way.",
    ),
    "texts with two labels": (
        {"text": lambda n: f"film {n // 2}"},
        ("bad", "good"),
        "The same text with different labels can't be right in all of its rows, so they are "
        "dropped.",
    ),
    "texts in a script that the tokenizer does not know": (
        {"text": lambda n: f"🦜🦩🪿 {n}"},
        ("bad", "good"),
        "The checkpoint's tokenizer reads words that it does not know as one and the same blank.",
    ),
    "whole books as texts": (
        {"text": lambda n: f"chapter {n} " * 300},
        ("bad", "good"),
        "Half of the texts are shorter than the median. If that is one character, or a whole "
        "document that gets cut at `train.max_length` tokens, the model does not see what the "
        "label is about.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_users_mistake_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    columns, labels, because = MISTAKES[mistake]
    said, entries = broken(tmp_path, monkeypatch, rows(**columns), labels)
    assert because in entries
    entry = entries[because]
    # A word longer than its column would be cut in two: none is.
    place = f"column {entry.column}" if entry.column else "the whole table"
    assert f"{because} {place}: {entry.type} next: {entry.next}" in said
    page = (FILES.data_docs / "index.html").read_text()
    assert f"{len(entries)} of 17 expectations are broken" in page
    assert 0 < len(entry.examples) <= 5


def test_too_few_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, entries = broken(tmp_path, monkeypatch, rows(60))
    assert [one.type for one in entries.values()] == ["expect_table_row_count_to_be_between"]
    assert "observed: 60" in said


def test_a_table_without_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = broken(tmp_path, monkeypatch, rows(1).iloc[:0])
    assert "It takes this many rows" in said


def test_a_missing_column_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, entries = broken(tmp_path, monkeypatch, rows().drop(columns="label"))
    assert "they must be in the column `label`" in said
    assert entries["The model learns from labels; they must be in the column `label`."]


def test_the_bounds_are_those_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows(text=lambda n: f"film {min(n, 79)}", label=lambda n: "bad" if n > 40 else "good")
    assert run(tmp_path / "loose", monkeypatch, table, max_duplicate_share=0.4).success
    _, entries = broken(tmp_path / "strict", monkeypatch, table, max_duplicate_share=0.3)
    assert [one.column for one in entries.values()] == ["duplicate"]


def test_the_refusal_counts_rows_and_shows_five_short_harmless_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [f"{n}\n[bold]\x1b[31m" + "x" * 200 for n in range(30)]
    said, entries = broken(
        tmp_path, monkeypatch, rows(label=lambda n: odd[n] if n < 30 else ("bad", "good")[n % 2])
    )
    (entry,) = [one for one in entries.values() if one.type.endswith("to_be_in_set")]
    assert entry.rows == 30
    assert len(entry.examples) == 5
    assert {len(one.value) for one in entry.examples} == {80}
    assert "0↵[bold]\\x1b[31m" in said
    assert "5↵[bold]" not in said
    assert "Correct the spelling in your data" in said


def test_a_missing_checkpoint_is_a_fault_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project(tmp_path / "project", rows()))
    settings = model(("bad", "good"), train={"checkpoint": "package:absent/model"})
    with pytest.raises(SettingsError, match="absent"):
        validate.run(settings, FILES)


def test_the_reports_are_equal_bytes_wherever_and_whenever_they_are_made(tmp_path: Path) -> None:
    """Also: the stage's process ends with 3, and leaves its refusal for whoever started it."""
    table = rows(label=lambda n: ("bad", "good", f"odd <b>{n % 7}</b>")[n % 3])
    reports = []
    for name, seed in (("one", "1"), ("another place", "2")):
        folder = project(tmp_path / name, table)
        done = subprocess.run(
            [sys.executable, "-m", "assay.stages", "validate", "films"],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3, done.stderr
        assert "Traceback" not in done.stderr
        refusal = read_json(folder / FILES.refusal("validate"))
        assert refusal["error"] == "ExpectationsBroken"
        assert "odd <b>1</b>" in refusal["found"]
        page = folder / FILES.data_docs / "index.html"
        assert str(tmp_path) not in page.read_text()
        reports.append((folder / FILES.validation).read_bytes() + page.read_bytes())
    assert reports[0] == reports[1]


def test_neither_report_holds_what_is_personal_in_its_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = list(SAMPLES)
    texts = [f"{BEFORE[n % len(BEFORE)]}{sample}{AFTER[1]}" for n, sample in enumerate(samples)]
    for place in range(0, len(texts), EXAMPLES):
        shown = texts[place : place + EXAMPLES]
        table = rows(label=lambda n, shown=shown: shown[n] if n < len(shown) else "good")
        said, _ = broken(tmp_path / str(place), monkeypatch, table)
        page = (FILES.data_docs / "index.html").read_text(encoding="utf-8")
        written = FILES.validation.read_text(encoding="utf-8")
        for sample in samples[place : place + EXAMPLES]:
            assert SAMPLES[sample] in written
            assert [sample in text for text in (said, page, written)] == [False] * 3, sample

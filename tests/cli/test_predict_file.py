from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.gateways.blocks import ROWS
from assay.modalities.text.encoding import TextEncoder
from tests import made
from tests.cli.command import assay
from tests.cli.predicted import CHINESE, NOT_READ, TEXTS, ask_file, rows_of, shares

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

pytestmark = pytest.mark.usefixtures("built_texts")


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_a_file_with_texts_that_cannot_be_read_says_of_which_rows(
    tmp_path: Path, kind: str
) -> None:
    rows = pd.DataFrame({"code": ["1", "2", "3"], "text": [TEXTS[0], CHINESE, None]})
    rows.to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / f"out{kind}"
    answer = ask_file(tmp_path / "in.csv", "--output", str(target))
    assert answer.code == 0, answer.err
    assert f"1 texts {NOT_READ}" in answer.err
    read, unread, blank = rows_of(target)
    assert list(read)[-4:] == ["predicted_label", "score", "in_scope", "unknown_share"]
    assert float(read["unknown_share"]) == 0
    assert float(unread["unknown_share"]) == shares(CHINESE)[0]
    assert not blank["unknown_share"]
    shown = ask_file(tmp_path / "in.csv").out.splitlines()
    assert shown[0] == "code,text,predicted_label,score,in_scope,unknown_share"


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_comes_back_with_four_columns_more(tmp_path: Path, kind: str) -> None:
    rows = [{"code": f"00{n}", "text": text, "note": None} for n, text in enumerate(TEXTS)]
    rows.insert(1, {"code": "007", "text": "  ", "note": "blank"})
    rows.append({"code": "008", "text": None, "note": "missing"})
    pd.DataFrame(rows).to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / "new folder" / f"out{kind}"
    answer = assay(
        "predict", made.MODEL, "--file", str(tmp_path / "in.csv"), "--output", str(target)
    )
    assert answer.code == 0, answer.err
    assert "5 rows -> " in answer.out
    assert "2 texts are blank and get no label" in answer.err
    found = rows_of(target)
    assert [list(row) for row in found] == [
        ["code", "text", "note", "predicted_label", "score", "in_scope", "unknown_share"]
    ] * 5
    assert [row["code"] for row in found] == ["000", "007", "001", "002", "008"]
    assert [bool(row["predicted_label"]) for row in found] == [True, False, True, True, False]
    alone = json.loads(assay("predict", made.MODEL, TEXTS[0], "--json").out)["predictions"][0]
    assert found[0]["predicted_label"] == alone["predicted_label"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_file_without_output_goes_to_standard_output(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    lines = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in TEXTS)
    path.write_bytes(gzip.compress(lines.encode()))
    answer = ask_file(path)
    header, *rows = answer.out.splitlines()
    assert header == "text,predicted_label,score,in_scope"
    assert len(rows) == 3
    assert rows[0].startswith('"a great, ""lovely"" film",')


def test_a_file_as_json_holds_null_where_nothing_is(tmp_path: Path) -> None:
    made_at = pd.to_datetime(["2026-01-02", "", "2026-01-03"])
    table = pd.DataFrame({"text": [TEXTS[0], None, TEXTS[1]], "n": [1, 2, 3], "at": made_at})
    table.to_parquet(tmp_path / "in.parquet")
    answer = ask_file(tmp_path / "in.parquet", "--json")
    assert answer.code == 0, answer.err
    first, second, third = json.loads(answer.out)["predictions"]
    answered = ("predicted_label", "score", "in_scope", "unknown_share")
    assert second == {"text": None, "n": 2, "at": None, **dict.fromkeys(answered)}
    assert first["at"].startswith("2026-01-02")
    assert third["predicted_label"] in made.LABELS


def test_a_file_of_blank_texts_alone_gets_no_label(tmp_path: Path) -> None:
    pd.DataFrame({"text": [" ", None], "n": [1, 2]}).to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / "out.parquet"
    answer = assay(
        "predict", made.MODEL, "--file", str(tmp_path / "in.csv"), "--output", str(target)
    )
    assert answer.code == 0, answer.err
    assert pd.read_parquet(target)["predicted_label"].isna().all()


def test_the_texts_of_a_file_that_are_too_long_are_counted_once_each(tmp_path: Path) -> None:
    # 64 tokens, two of which mark the beginning and the end.
    texts = [TEXTS[0], "word " * 62, "word " * 63, None, "word " * 5000, "  "]
    pd.DataFrame({"n": range(len(texts)), "text": texts}).to_csv(tmp_path / "in.csv", index=False)
    answer = ask_file(tmp_path / "in.csv", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["truncated"] == 2
    assert len(found["predictions"]) == len(texts)
    told = [line for line in answer.err.splitlines() if "longer than 64 tokens" in line]
    assert told == ["2 texts are longer than 64 tokens; the rest was not read"]
    written = ask_file(tmp_path / "in.csv", "--json", "--output", str(tmp_path / "out.csv"))
    assert json.loads(written.out)["truncated"] == 2


def test_a_file_is_tokenized_once(tmp_path: Path) -> None:
    rows = ROWS + 70  # more than two batches in its second part
    texts = [f"{TEXTS[0]} {number}" if number >= ROWS else "" for number in range(rows)]
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "in.csv", index=False, quoting=csv.QUOTE_ALL)
    counts: list[int] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code is TextEncoder.__call__.__code__:
            counts.append(len(frame.f_locals["inputs"]))

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        answer = ask_file(tmp_path / "in.csv", "--output", str(tmp_path / "out.csv"))
    finally:
        sys.setprofile(before)
    assert answer.code == 0, answer.err
    assert counts == [0, 70]


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_long_file_gets_the_answers_of_a_short_one(tmp_path: Path, kind: str) -> None:
    texts = [*TEXTS, CHINESE, None, "great " * 70]
    rows = ROWS + 100
    table = pd.DataFrame({"n": range(rows), "text": [texts[n % len(texts)] for n in range(rows)]})
    path, target = tmp_path / f"in{kind}", tmp_path / f"out{kind}"
    if kind == ".parquet":
        table.to_parquet(path)
    elif kind == ".jsonl":
        table.to_json(path, orient="records", lines=True, force_ascii=False)
    else:
        table.to_csv(path, index=False, sep="," if kind == ".csv" else "\t")
    answer = ask_file(path, "--output", str(target), "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["rows"] == rows
    assert json.loads(answer.out)["truncated"] == len([n for n in range(rows) if n % 6 == 5])
    found = pd.DataFrame(rows_of(target))
    assert found["n"].astype(int).tolist() == list(range(rows))
    table.head(6).to_csv(tmp_path / "few.csv", index=False)
    few = json.loads(ask_file(tmp_path / "few.csv", "--json").out)["predictions"]
    for place, one in enumerate(few):
        labels = found["predicted_label"].fillna("").iloc[place :: len(few)]
        assert set(labels) == {one["predicted_label"] or ""}
        for name in ("score", "unknown_share"):
            numbers = pd.to_numeric(found[name].iloc[place :: len(few)])
            if one[name] is None:
                assert numbers.isna().all()
            else:
                assert numbers.to_numpy() == pytest.approx(one[name], abs=2e-6)


def test_a_row_that_is_refused_far_below_leaves_no_output(tmp_path: Path) -> None:
    path, target = tmp_path / "in.csv", tmp_path / "out/out.csv"
    path.write_text("text\n" + "great film\n" * (ROWS + 5) + "x" * 100_001 + "\n")
    answer = ask_file(path, "--output", str(target))
    assert answer.code == 3
    assert f"row {ROWS + 6:,}, column 'text'" in answer.err
    assert "predicting" not in answer.err
    assert not target.parent.exists()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_leaves_the_output_as_it_was(
    tmp_path: Path, end: signal.Signals
) -> None:
    path, target = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("text\n" + f"{'great film ' * 30}\n" * 3 * ROWS)
    target.write_text("mine\n")
    command = [sys.executable, "-m", "assay", "predict", made.MODEL]
    command += ["--file", str(path), "--output", str(target)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("predicting  10 %" in line for line in running.stderr)
        running.send_signal(end)
        running.stderr.read()
    assert running.returncode != 0
    assert target.read_text() == "mine\n"


def test_another_column_can_be_named(tmp_path: Path) -> None:
    pd.DataFrame({"review": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    assert ask_file(tmp_path / "in.csv", "--column", "review").code == 0
    for words, cure in (((), "--column COLUMN"), (("--column", "reviews"), "--column review")):
        answer = ask_file(tmp_path / "in.csv", *words)
        assert answer.code == 2
        assert "it has 'review'" in answer.err
        assert answer.err.rstrip().endswith(cure)


def test_a_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious.csv").mkdir()
    (tmp_path / "precious.csv/thesis.txt").write_text("years of work")
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    answer = ask_file(tmp_path / "in.csv", "--output", str(tmp_path / "precious.csv"))
    assert answer.code == 2
    assert "is a folder" in answer.err
    assert (tmp_path / "precious.csv/thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("spelling", ["in.csv", "sub/../in.csv", "link.csv", "hard.csv"])
def test_the_file_that_is_read_is_not_overwritten_unless_asked(
    tmp_path: Path, spelling: str
) -> None:
    path = tmp_path / "in.csv"
    pd.DataFrame({"text": TEXTS}).to_csv(path, index=False)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    before = path.read_bytes()
    answer = ask_file(path, "--output", str(tmp_path / spelling))
    assert answer.code == 2
    assert "is the file that is read" in answer.err
    assert "--overwrite" in answer.err
    assert path.read_bytes() == before

    answer = ask_file(path, "--output", str(path), "--overwrite")
    assert answer.code == 0, answer.err
    assert [row["text"] for row in rows_of(path)] == TEXTS
    assert all(row["predicted_label"] in made.LABELS for row in rows_of(path))


@pytest.mark.parametrize("column", ["predicted_label", "score", "in_scope", "unknown_share"])
def test_a_users_own_columns_are_not_replaced_unless_asked(tmp_path: Path, column: str) -> None:
    path, target = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame({"text": TEXTS, column: ["mine"] * 3}).to_csv(path, index=False)
    for words in (("--output", str(target)), (), ("--json",)):
        answer = ask_file(path, *words)
        assert answer.code == 2
        assert f"has columns of its own named {column}" in answer.err + answer.out
    assert not target.exists()
    answer = ask_file(path, "--output", str(target), "--overwrite")
    assert answer.code == 0, answer.err
    assert all(row["predicted_label"] in made.LABELS for row in rows_of(target))


def test_an_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    pd.DataFrame({"text": TEXTS}).to_csv(path, index=False)
    answer = ask_file(path, "--output", str(path / "out.csv"))
    assert answer.code == 2
    assert "out.csv cannot be written: Not a directory" in answer.err


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    pd.DataFrame({"text": [f"text {n} " + "x" * 200 for n in range(3000)]}).to_csv(
        tmp_path / "in.csv", index=False
    )
    command = [sys.executable, "-m", "assay", "predict", made.MODEL]
    command += ["--file", str(tmp_path / "in.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        header = f"text,predicted_label,score,in_scope{os.linesep}"
        assert running.stdout.readline() == header.encode()
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == 0

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.files import sha256
from assay.gateways.blocks import ROWS
from assay.modalities.text.encoding import TextEncoder
from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

FILES = ModelPaths(made.MODEL)
# The tokenizer does not know one of the third's four words.
TEXTS = ['a great, "lovely" film', "awful and rude", "the 汉 was slow"]
# Of this it knows the comma and one of eleven characters.
CHINESE = "房间太脏，服务员态度很差"
NOT_READ = "can't be read by this model, and its answers to them say little: train it with"


@pytest.fixture(autouse=True)
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built(checkpoint)
    monkeypatch.chdir(folder)
    return folder


def _rows(path: Path) -> list[dict[str, Any]]:
    table: pd.DataFrame = {
        ".csv": lambda: pd.read_csv(path, keep_default_na=False, dtype={"code": str}),
        ".tsv": lambda: pd.read_csv(path, sep="\t", keep_default_na=False, dtype={"code": str}),
        ".jsonl": lambda: pd.read_json(path, lines=True, dtype={"code": str}),
        ".parquet": lambda: pd.read_parquet(path),
    }[path.suffix]()
    return table.astype("object").where(table.notna(), None).to_dict("records")  # type: ignore[return-value]


def _ask_file(path: Path, *words: str) -> Answer:
    return assay("predict", made.MODEL, "--file", str(path), *words)


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
    assert second == dict.fromkeys(("predicted_label", "score", "probabilities", "unknown_share"))
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
    share = _shares(CHINESE)[0]
    assert share > 0.8
    said = f"not readable: {100 * share:.0f} % of its tokens are unknown to the model"
    assert unread.endswith(f"{CHINESE}  {said}")
    assert blank.endswith("(blank)")
    (told,) = (line for line in answer.err.splitlines() if "read" in line)
    assert told.startswith(f"1 texts {NOT_READ}")
    assert "train.checkpoint" in told


def _shares(*texts: str) -> list[float]:
    found = json.loads(assay("predict", made.MODEL, *texts, "--json").out)
    return [one["unknown_share"] for one in found["predictions"]]


def test_a_program_is_told_which_share_of_a_text_is_unknown() -> None:
    assert _shares(*TEXTS) == [0, 0, 0.25]
    third = pytest.approx(1 / 3, abs=1e-6)
    assert _shares("汉汉汉", "great 汉 film", "汉 great") == [1, third, 0.5]


def test_a_third_of_unknown_words_is_still_read() -> None:
    answer = assay("predict", made.MODEL, "great 汉 film")
    assert "not readable" not in answer.out
    assert NOT_READ not in answer.err
    assert "not readable: 50 %" in assay("predict", made.MODEL, "great 汉").out


@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_a_file_with_texts_that_cannot_be_read_says_of_which_rows(
    tmp_path: Path, kind: str
) -> None:
    rows = pd.DataFrame({"code": ["1", "2", "3"], "text": [TEXTS[0], CHINESE, None]})
    rows.to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / f"out{kind}"
    answer = _ask_file(tmp_path / "in.csv", "--output", str(target))
    assert answer.code == 0, answer.err
    assert f"1 texts {NOT_READ}" in answer.err
    read, unread, blank = _rows(target)
    assert list(read)[-3:] == ["predicted_label", "score", "unknown_share"]
    assert float(read["unknown_share"]) == 0
    assert float(unread["unknown_share"]) == _shares(CHINESE)[0]
    assert not blank["unknown_share"]
    shown = _ask_file(tmp_path / "in.csv").out.splitlines()
    assert shown[0] == "code,text,predicted_label,score,unknown_share"


def test_the_workspace_is_named_when_it_was_asked_for() -> None:
    assert "workspace (as asked)" in assay("predict", made.MODEL, "x", "--workspace").err


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_comes_back_with_three_columns_more(tmp_path: Path, kind: str) -> None:
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
    found = _rows(target)
    assert [list(row) for row in found] == [
        ["code", "text", "note", "predicted_label", "score", "unknown_share"]
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
    answer = _ask_file(path)
    header, *rows = answer.out.splitlines()
    assert header == "text,predicted_label,score"
    assert len(rows) == 3
    assert rows[0].startswith('"a great, ""lovely"" film",')


def test_a_file_as_json_holds_null_where_nothing_is(tmp_path: Path) -> None:
    made_at = pd.to_datetime(["2026-01-02", "", "2026-01-03"])
    table = pd.DataFrame({"text": [TEXTS[0], None, TEXTS[1]], "n": [1, 2, 3], "at": made_at})
    table.to_parquet(tmp_path / "in.parquet")
    answer = _ask_file(tmp_path / "in.parquet", "--json")
    assert answer.code == 0, answer.err
    first, second, third = json.loads(answer.out)["predictions"]
    answered = ("predicted_label", "score", "unknown_share")
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
    answer = _ask_file(tmp_path / "in.csv", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["truncated"] == 2
    assert len(found["predictions"]) == len(texts)
    told = [line for line in answer.err.splitlines() if "longer than 64 tokens" in line]
    assert told == ["2 texts are longer than 64 tokens; the rest was not read"]
    written = _ask_file(tmp_path / "in.csv", "--json", "--output", str(tmp_path / "out.csv"))
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
        answer = _ask_file(tmp_path / "in.csv", "--output", str(tmp_path / "out.csv"))
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
    answer = _ask_file(path, "--output", str(target), "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["rows"] == rows
    assert json.loads(answer.out)["truncated"] == len([n for n in range(rows) if n % 6 == 5])
    found = pd.DataFrame(_rows(target))
    assert found["n"].astype(int).tolist() == list(range(rows))
    table.head(6).to_csv(tmp_path / "few.csv", index=False)
    few = json.loads(_ask_file(tmp_path / "few.csv", "--json").out)["predictions"]
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
    answer = _ask_file(path, "--output", str(target))
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
    assert _ask_file(tmp_path / "in.csv", "--column", "review").code == 0
    for words, cure in (((), "--column COLUMN"), (("--column", "reviews"), "--column review")):
        answer = _ask_file(tmp_path / "in.csv", *words)
        assert answer.code == 2
        assert "it has 'review'" in answer.err
        assert answer.err.rstrip().endswith(cure)


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


def test_a_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious.csv").mkdir()
    (tmp_path / "precious.csv/thesis.txt").write_text("years of work")
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    answer = _ask_file(tmp_path / "in.csv", "--output", str(tmp_path / "precious.csv"))
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
    answer = _ask_file(path, "--output", str(tmp_path / spelling))
    assert answer.code == 2
    assert "is the file that is read" in answer.err
    assert "--overwrite" in answer.err
    assert path.read_bytes() == before

    answer = _ask_file(path, "--output", str(path), "--overwrite")
    assert answer.code == 0, answer.err
    assert [row["text"] for row in _rows(path)] == TEXTS
    assert all(row["predicted_label"] in made.LABELS for row in _rows(path))


@pytest.mark.parametrize("column", ["predicted_label", "score", "unknown_share"])
def test_a_users_own_columns_are_not_replaced_unless_asked(tmp_path: Path, column: str) -> None:
    path, target = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame({"text": TEXTS, column: ["mine"] * 3}).to_csv(path, index=False)
    for words in (("--output", str(target)), (), ("--json",)):
        answer = _ask_file(path, *words)
        assert answer.code == 2
        assert f"has columns of its own named {column}" in answer.err + answer.out
    assert not target.exists()
    answer = _ask_file(path, "--output", str(target), "--overwrite")
    assert answer.code == 0, answer.err
    assert all(row["predicted_label"] in made.LABELS for row in _rows(target))


def test_an_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    pd.DataFrame({"text": TEXTS}).to_csv(path, index=False)
    answer = _ask_file(path, "--output", str(path / "out.csv"))
    assert answer.code == 2
    assert "out.csv cannot be written: Not a directory" in answer.err


def test_a_refusal_is_json_too_when_a_program_asks() -> None:
    answer = assay("predict", "nosuch", "text", "--json")
    assert answer.code == 2
    found = json.loads(answer.out)
    assert found["error"] == "UnknownModel"
    assert found["exit_code"] == 2
    assert found["expected"] == f"one of {made.MODEL}"


def test_a_model_that_was_not_built_says_how(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(project / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    answer = assay("predict", made.MODEL, "text")
    assert answer.code == 2
    assert f"assay run {made.MODEL}, or dvc pull" in answer.err


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    pd.DataFrame({"text": [f"text {n} " + "x" * 200 for n in range(3000)]}).to_csv(
        tmp_path / "in.csv", index=False
    )
    command = [sys.executable, "-m", "assay", "predict", made.MODEL]
    command += ["--file", str(tmp_path / "in.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline() == f"text,predicted_label,score{os.linesep}".encode()
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == 0


def test_the_words_that_carried_an_answer_are_marked() -> None:
    text = "the  chair was great\x1b[31m and it's lovely"
    answer = assay("predict", made.MODEL, text, "", "--explain")
    assert answer.code == 0, answer.err
    first, marked, blank = answer.out.splitlines()
    assert first.split()[0] in made.LABELS
    assert "(blank)" in blank
    assert "\x1b" not in answer.out
    plain = re.sub(r"\[(\S+) [+-]\d+\.\d\d\]", r"\1", marked.strip())
    assert plain == r"the chair was great\x1b[31m and it's lovely"
    assert re.search(r"\[(great|lovely) \+\d", marked)
    assert "[word +1.20]" in answer.err


def test_a_program_gets_the_weight_of_every_word_and_its_place() -> None:
    texts = ["the chair was great", " ", "房 slow"]
    found = json.loads(assay("predict", made.MODEL, *texts, "--explain", "--json").out)
    first, blank, third = (one["explanation"] for one in found["predictions"])
    assert blank is None
    for text, units in ((texts[0], first), (texts[2], third)):
        assert [unit["text"] for unit in units] == text.split()
        assert all(text[unit["start"] : unit["end"]] == unit["text"] for unit in units)
    assert max(first, key=lambda unit: unit["weight"])["text"] == "great"
    plain = json.loads(assay("predict", made.MODEL, *texts, "--json").out)["predictions"]
    for one in found["predictions"]:
        del one["explanation"]
    assert found["predictions"] == plain


def test_a_file_is_not_explained(tmp_path: Path) -> None:
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    answer = _ask_file(tmp_path / "in.csv", "--explain")
    assert answer.code == 2
    assert "--explain and --file were given" in answer.err
    assert "assay predict MODEL --explain" in answer.err

"""What reaches a real terminal of texts, labels and file names that would command it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests import made
from tests.cli.command import assay

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egreat"
OBEYED = ["\x1b", "\x07", "\x9b", "\u202e"]

pytestmark = pytest.mark.usefixtures("built_texts")


def in_a_terminal(*words: str) -> str:
    """Run the real command in a pseudo-terminal; return what it would have shown."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "assay", *words], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # so Linux says that the other end is closed
        pass
    child.wait()
    os.close(ours)
    return shown.decode()


def test_a_text_of_the_command_line_commands_nothing() -> None:
    shown = in_a_terminal("predict", made.MODEL, HOSTILE)
    assert "great" in shown
    assert [letter for letter in OBEYED if letter in shown] == []


def test_words_that_are_refused_command_nothing() -> None:
    for words in (
        ("predict", HOSTILE, "a text"),
        ("predict", made.MODEL, f"--{HOSTILE}", "a text"),
        ("predict", made.MODEL, "--file", f"{HOSTILE}.csv"),
        (HOSTILE,),
    ):
        shown = in_a_terminal(*words)
        assert "great" in shown
        assert [letter for letter in OBEYED if letter in shown] == [], words


def test_a_files_rows_and_columns_command_nothing(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": [HOSTILE, "slow"], HOSTILE: [HOSTILE, "b"]})
    table.to_csv(tmp_path / "rows.csv", index=False)
    answer = assay("predict", made.MODEL, "--file", str(tmp_path / "rows.csv"))
    assert answer.code == 0, answer.err
    assert "\\x1b]0;owned\\x07" in answer.out
    assert [letter for letter in OBEYED if letter in answer.out + answer.err] == []

    refused = assay("predict", made.MODEL, "--file", str(tmp_path / "rows.csv"), "--column", "x")
    assert "great" in refused.err
    assert [letter for letter in OBEYED if letter in refused.err] == []


def test_a_program_gets_the_very_text_in_letters_that_print() -> None:
    answer = assay("predict", made.MODEL, HOSTILE, "--json")
    assert json.loads(answer.out)["predictions"][0]["text"] == HOSTILE
    assert [letter for letter in OBEYED if letter in answer.out] == []


def test_a_written_table_holds_no_formula(tmp_path: Path) -> None:
    texts = ['=HYPERLINK("https://evil.example","a great film")', "-0.5", "@slow"]
    table = pd.DataFrame({"text": texts, "change": ["-0.5", "+1", "-x"]})
    table.to_csv(tmp_path / "rows.csv", index=False)
    words = ("predict", made.MODEL, "--file", str(tmp_path / "rows.csv"))
    for suffix, separator in ((".csv", ","), (".tsv", "\t")):
        target = tmp_path / f"answers{suffix}"
        assert assay(*words, "--output", str(target)).code == 0
        found = pd.read_csv(target, sep=separator, dtype=str)
        assert found["text"].tolist() == [f"'{texts[0]}", "-0.5", "'@slow"]
        assert found["change"].tolist() == ["-0.5", "+1", "'-x"]
    assert assay(*words, "--output", str(tmp_path / "answers.jsonl")).code == 0
    exact = pd.read_json(tmp_path / "answers.jsonl", lines=True, dtype=False)
    assert exact["text"].tolist() == texts

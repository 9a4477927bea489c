"""Settings that fit what a user brings, and what a user's settings may not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from assay.errors import DataRefused, UsageError
from assay.tasks.text_generation import TEXT_GENERATION, new
from assay.tasks.text_generation.settings import TextGenerationModel, TextGenerationTrain

if TYPE_CHECKING:
    from pathlib import Path

SPEECH = "Speak, friend, and tell us what you saw tonight.\nI saw the river rise."


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("separator", "told"),
    [("<|endoftext|>", "<|endoftext|>"), ("\n\n\n", "two blank lines"), ("\n\n", "blank lines")],
)
def test_one_text_is_divided_by_what_stands_between_its_documents(
    tmp_path: Path, separator: str, told: str
) -> None:
    text = separator.join(f"{SPEECH} It was night {number}." for number in range(40))
    found = new.propose(_write(tmp_path / "book.txt", text), {})
    assert found.settings.ingest.separator == separator
    assert found.rows == 40
    assert [note for note in found.notes if f"separated by {told};" in note]


def test_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    text = "\r\n\r\n".join(f"{SPEECH} It was night {number}." for number in range(40))
    file = tmp_path / "book.txt"
    file.write_bytes(text.encode())
    found = new.propose(file, {})
    assert (found.settings.ingest.separator, found.rows) == ("\n\n", 40)


def test_a_table_of_one_row_is_one_document_however_long(tmp_path: Path) -> None:
    row = "\n\n".join(f"{SPEECH} Night {number}." for number in range(40))
    file = _write(tmp_path / "rows.csv", f'text\n"{row}"\n')
    with pytest.raises(DataRefused, match=r"rows\.csv holds one document only"):
        new.propose(file, {})


def test_one_document_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"one\.txt holds one document only") as refusal:
        new.propose(_write(tmp_path / "one.txt", SPEECH), {})
    assert "no other split has" in refusal.value.cure


def test_a_folder_has_a_document_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(5):
        _write(folder / f"{number}.txt", f"{SPEECH} Letter {number}.")
    found = new.propose(folder, {})
    assert (found.rows, found.settings.ingest.separator, found.notes) == (5, None, [])


def test_a_column_that_a_table_lacks_is_refused(tmp_path: Path) -> None:
    file = _write(tmp_path / "rows.csv", "body\n" + "\n".join(f'"letter {n}"' for n in range(30)))
    assert new.propose(file, {"text": "body"}).settings.ingest.text == "body"
    with pytest.raises((UsageError, DataRefused), match="text"):
        new.propose(file, {})


def test_a_large_corpus_is_passed_over_less_often(tmp_path: Path) -> None:
    rows = "\n\n".join(f"{SPEECH * 4} Night {number}." for number in range(4000))
    large = new.propose(_write(tmp_path / "large.txt", rows), {}).settings.train
    small = new.propose(_write(tmp_path / "small.txt", rows[:60_000]), {}).settings.train
    assert large.epochs < small.epochs
    assert (small.tokenizer, large.tokenizer) == ("characters", "bpe")


def test_it_starts_from_random_weights_and_says_so() -> None:
    settings = TextGenerationModel(data="text", task="generation")
    assert TEXT_GENERATION.starting_point(settings) == "gpt, from random weights"
    assert settings.summary == "a language model of bpe"


def test_a_model_that_generates_has_no_labels() -> None:
    with pytest.raises(ValidationError, match="has no classes"):
        TextGenerationModel(data="text", task="generation", labels=["a", "b"])  # type: ignore[arg-type]


def test_a_gpt_has_no_checkpoint() -> None:
    with pytest.raises(ValidationError, match="starts from random weights"):
        TextGenerationTrain(checkpoint="gpt2")

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service import knowledge
from assay.errors import MissingFile, SourceRefused

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "id,question,answer,language,intent\n"


def read(folder: Path, rows: str, head: str = HEAD) -> tuple[knowledge.Entry, ...]:
    path = folder / "knowledge.csv"
    path.write_text(head + rows, encoding="utf-8")
    return knowledge.read(path, ("en", "zh"))


def test_rows_of_an_id_without_an_answer_are_other_wordings(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        'pay,How can I pay?," By card.\n\nOr cash ",en,payment\n'
        "pay,Which cards do you take?,,en,\n"
        "pay,Which cards do you take?,,en,payment\n",
    )
    assert found.answer == " By card.\n\nOr cash ", "verbatim"
    assert found.wordings == ("How can I pay?", "Which cards do you take?")
    assert (found.question, found.language, found.intent) == ("How can I pay?", "en", "payment")


def test_the_language_is_told_by_the_question_where_the_file_does_not_say(tmp_path: Path) -> None:
    rows = "a,How can I pay?,By card.\nb,怎么付款？,刷卡。\n"
    found = read(tmp_path, rows, "id,question,answer\n")
    assert [(entry.language, entry.intent) for entry in found] == [("en", None), ("zh", None)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,,x,en,\n", "row 2: no question"),
        (",What?,x,en,\n", "row 2: no id"),
        ("a,What?,,en,\n", "row 2: the id 'a' has 0 answers"),
        ("a,What?,x,en,\na,Which?,y,en,\n", "rows 2, 3: the id 'a' has 2 answers"),
        (
            "a,What is it?,x,en,\nb,what is  it?,y,en,\n",
            "rows 2, 3: the ids 'a' and 'b' ask the same",
        ),
        ("a,What?,x,en,one\na,Which?,,en,two\n", "rows 2, 3: the id 'a' has the intents one, two"),
        ("a,What?,x,fr,\n", "row 2: the language 'fr'"),
        ("a,Что это такое?,x,,\n", "row 2: the question's language is told as in CYRILLIC"),
        ("a," + "x" * 501 + ",x,en,\n", "row 2: question of 501 letters"),
        ("a,What?," + "x" * 10_001 + ",en,\n", "row 2: answer of 10001 letters"),
    ],
)
def test_what_can_be_no_entry_is_refused_with_its_rows(
    tmp_path: Path, rows: str, said: str
) -> None:
    with pytest.raises(SourceRefused) as refused:
        read(tmp_path, rows)
    assert said in refused.value.found
    assert refused.value.expected
    assert refused.value.cure


def test_a_missing_column_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="has no column answer; it has id, question"):
        read(tmp_path, "a,What?\n", "id,question\n")
    with pytest.raises(MissingFile):
        knowledge.read(tmp_path / "none.csv", ("en",))

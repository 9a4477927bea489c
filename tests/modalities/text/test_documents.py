from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from assay.errors import DataRefused
from assay.gateways import expectations
from assay.modalities.text import cleaning
from assay.modalities.text import documents as module
from assay.modalities.text.split import split
from assay.objectives.generation.no_targets import NoTargets
from assay.settings.corpus import CorpusIngest, CorpusValidate
from assay.settings.text import TextSplit
from tests import made
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assay.modalities.targets import Measurement

LINE = "this line is a licence of some kind"
MAIL, PHONE = "ann@example.com", "+44 20 7946 0958"


def measure(
    tmp_path: Path,
    rows: Mapping[str, Sequence[object]],
    tokenizer: Path | None = None,
    **settings: Any,
) -> Measurement:
    raw = tmp_path / "raw.parquet"
    pd.DataFrame(rows).to_parquet(raw, index=False)
    return module.measure(raw, CorpusIngest.model_validate(settings), tokenizer)


def _documents(many: int = 40) -> list[str]:
    """Return documents that no bound of the suite objects to."""
    texts = made.texts(many * 12, seed=4)["text"].drop_duplicates().tolist()
    return [
        "\n".join(f"{text} {row * 12 + n}" for n, text in enumerate(texts[row::many]))
        for row in range(many)
    ]


def test_each_document_is_measured(tmp_path: Path) -> None:
    texts = [
        f"{LINE}\nand a word about {LINE}\n",
        f"{LINE}\nwrite to {MAIL} or call {PHONE}\nor again {MAIL}",
        f"{LINE}\r\n常记溪亭日暮，沉醉不知归路。兴尽晚回舟，误入藕花深处。\n常记溪亭日暮，沉醉不知归路。",
        "",
        "caf\ufffd and more of it",
    ]
    table = measure(tmp_path, {"text": [*texts, texts[0].upper()]}).table
    assert table["text_length"].tolist() == [*map(len, texts), len(texts[0])]
    assert table["kept_length"].tolist() == [*map(len, texts[:3]), 0, 0, 0]
    assert table["boilerplate"].tolist()[:4] == [1 / 2, 1 / 3, 1 / 3, 0]
    assert table["repeated_ngram_share"].gt(0).tolist() == [True, False, True, False, False, True]
    assert table["personal"].tolist() == [0, 3, 0, 0, 0, 0]
    assert table["has_personal"].tolist() == [False, True, False, False, False, False]
    languages = ["English", "English", "Chinese", "none", "English", "English"]
    assert table["language"].tolist() == languages
    assert table["blank"].tolist() == [False] * 3 + [True] + [False] * 2
    assert table["broken"].tolist() == [False] * 4 + [True, False]
    assert table["unusable"].tolist() == [False] * 3 + [True] * 2 + [False]
    assert table["duplicate"].tolist() == [False] * 5 + [True]
    assert table["dropped"].tolist() == [False] * 3 + [True] * 3
    assert table["unknown_share"].tolist() == [0] * 6


def test_the_summary_tells_personal_data_in_kinds_and_counts_alone(tmp_path: Path) -> None:
    texts = ["a word", f"{MAIL}\n\n{MAIL}, {PHONE}", "常记溪亭日暮"]
    found = measure(tmp_path, {"text": texts}).summary
    assert found.figures["documents"] == found.rows == found.kept == 3
    assert found.figures["characters"] == sum(map(len, texts))
    assert found.figures["bytes"] == sum(len(text.encode()) for text in texts)
    assert found.figures["documents, language: Chinese"] == 1
    assert found.figures["personal data, e-mail"] == 2
    assert found.figures["personal data, phone"] == 1
    assert found.kinds["personal_data"].rows == 1
    assert not found.kinds["personal_data"].dropped
    (note,) = [note for note in found.notes if "personal" in note]
    assert note.startswith("1 of 3 documents hold what looks like personal data (2 e-mail, 1 phone")
    assert "ann@" not in found.model_dump_json()


def test_the_summary_counts_what_split_drops(tmp_path: Path) -> None:
    texts = [*_documents(), "", "!", "caf\ufffd", "same text", "Same  text"]
    given = ["train"] * 44 + ["test"]
    rows = {"id": list(map(str, range(45))), "text": texts, "given": given}
    found = measure(tmp_path, rows).summary
    report = split(
        tmp_path / "raw.parquet", TextSplit(validation=0.2), NoTargets(), tmp_path / "splits"
    )
    for kind in cleaning.defects(pd.Series(texts), pd.Series(given).eq("test")):
        assert found.kinds[str(kind)].rows == report.dropped[str(kind)], kind
    assert found.kinds["in_the_test_split"].rows == 1
    assert (found.kept, found.dropped) == (report.kept, report.dropped["any_kind"]) == (41, 4)
    assert report.splits["test"].rows == 1
    assert report.splits["train"].labels == {}
    assert set(report.leaks.values()) == {0}


def test_near_duplicates_and_given_test_documents_stay_apart(tmp_path: Path) -> None:
    documents = _documents()
    changed = [f"{text}\nP.S. a line more" for text in documents[:30]]
    rows = pd.DataFrame({"id": range(70), "text": documents + changed})
    rows.to_parquet(tmp_path / "raw.parquet")
    report = split(tmp_path / "raw.parquet", TextSplit(), NoTargets(), tmp_path / "one")
    assert (report.kept, report.leaks) == (70, {"exact": 0, "near": 0})
    rows.assign(given=["test"] * 30 + ["train"] * 40).to_parquet(tmp_path / "raw.parquet")
    report = split(
        tmp_path / "raw.parquet", TextSplit(validation=0.4), NoTargets(), tmp_path / "two"
    )
    assert report.splits["test"].rows == 30
    assert report.dropped["near_the_test_split"] == 30


def test_one_document_is_named_with_what_to_do(tmp_path: Path) -> None:
    text = "\n".join(_documents())
    (note,) = measure(tmp_path, {"id": ["x"], "text": [text]}).summary.notes
    assert "set ingest.separator" in note
    (note,) = measure(tmp_path, {"id": ["x"], "text": [text]}, separator="|").summary.notes
    assert "ingest.separator, '|'" in note
    with pytest.raises(DataRefused, match="1 distinct row to learn from") as refused:
        split(tmp_path / "raw.parquet", TextSplit(), NoTargets("divide it"), tmp_path / "splits")
    assert "divide it" in refused.value.cure


def test_a_tokenizer_counts_what_it_does_not_know(tmp_path: Path) -> None:
    words = models.WordLevel({"[UNK]": 0, "good": 1}, unk_token="[UNK]")  # noqa: S106 - no secret
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = measure(tmp_path, {"text": ["good film", "good", ""]}, tmp_path)
    assert found.table["unknown_share"].tolist() == [0.5, 0, 0]
    assert found.summary.figures["tokens"] == 3
    assert found.summary.kinds["unknown_tokens"].examples == ("good film",)


@pytest.mark.parametrize("texts", [[], [1, 2], [b"a", b"b"], [None, None]])
def test_texts_that_are_no_text_count_as_blank_and_stay(tmp_path: Path, texts: list[Any]) -> None:
    found = measure(tmp_path, {"text": texts})
    assert found.summary.kinds["blank"].rows == len(texts)
    assert found.table["text"].tolist() == texts
    missing = measure(tmp_path, {"body": ["a", "b"]})
    assert missing.summary.dropped == 2
    assert "text" not in missing.table


def _broken(measured: Measurement, **bounds: Any) -> set[str]:
    """Return the columns of which the suite breaks an expectation; the table's own is None."""
    values = CorpusValidate.model_validate(bounds).model_dump()
    suite = expectations.load(ROOT / "expectations/text_generation.yaml", values)
    expectations_broken = expectations.check(measured.table, suite).broken
    assert not [one.problem for one in expectations_broken if one.problem]
    return {one.expectation.column or "the table" for one in expectations_broken}


def test_the_suite_lets_a_corpus_through(tmp_path: Path) -> None:
    assert _broken(measure(tmp_path, {"text": _documents()})) == set()


@pytest.mark.parametrize(
    ("extra", "column"),
    [
        ([""] * 3, "unusable"),
        ([f"copy {'x' * 50}"] * 15, "duplicate"),
        ([f"{n} repeats this line of words\n" * 50 for n in range(12)], "repeated_line_share"),
        ([f"{n} repeats this line of words " * 50 for n in range(12)], "repeated_ngram_share"),
        ([f"{LINE}\ndocument {n} is about something else" for n in range(12)], "boilerplate"),
        ([f"write to {n}@example.com\n" for n in range(4)], "has_personal"),
    ],
)
def test_the_suite_refuses(tmp_path: Path, extra: list[str], column: str) -> None:
    assert column in _broken(measure(tmp_path, {"text": [*_documents(), *extra]}))


def test_the_suite_refuses_too_little(tmp_path: Path) -> None:
    assert _broken(measure(tmp_path, {"text": ["a first", "another"]})) == {
        "the table",
        "kept_length",
    }
    assert "text" in _broken(measure(tmp_path, {"text": [1, 2]}))
    documents = measure(tmp_path, {"text": [*_documents(), "\ufffd" * 10**6]})
    assert "kept_length" in _broken(documents, min_characters=10**6)

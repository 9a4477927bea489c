from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from assay.errors import SettingsError
from assay.modalities.text import cleaning
from assay.modalities.text import measure as module
from assay.modalities.text.pretrained import locate
from assay.objectives.classification.label_rules import LabelRules
from assay.records import DataSummary, KeptRows
from assay.tasks.text_classification.settings import TextTrain
from tests import made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Rows = Mapping[str, Sequence[object]]

WORDS = {"[UNK]": 0, "good": 1, "bad": 2, "film": 3}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """The tokenizer of a checkpoint that knows three words."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    # As checkpoints come: cut and padded for their network. Measuring must do neither.
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=2)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def measure(tmp_path: Path, checkpoint: Path, rows: Rows) -> tuple[pd.DataFrame, DataSummary]:
    raw = tmp_path / "raw.parquet"
    pd.DataFrame(rows).to_parquet(raw, index=False)
    found = module.measure(raw, checkpoint, LabelRules(("a", "b")))
    return found.table, found.summary


def test_the_raw_table_keeps_its_rows_and_columns(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {
        "id": ["1", "2"],
        "text": ["good", None],
        "label": ["a", "b"],
        "domain": ["x", "y"],
    }
    table, _ = measure(tmp_path, checkpoint, rows)
    assert table.index.tolist() == [0, 1]
    assert table[list(rows)].equals(pd.DataFrame(rows))


def test_each_row_is_measured(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {
        "text": ["good film", "GOOD  film", "", "awful film !", "bad"],
        "label": ["a", "a", "a", "b", None],
    }
    table, _ = measure(tmp_path, checkpoint, rows)
    assert table["text_length"].tolist() == [9, 10, 0, 12, 3]
    assert table["unknown_share"].tolist() == [0, 0.5, 0, 2 / 3, 0]
    assert table["duplicate"].tolist() == [False, True, False, False, False]
    assert table["blank"].tolist() == [False, False, True, False, False]
    assert table["unusable"].tolist() == table["blank"].tolist()
    assert table["dropped"].tolist() == [False, True, True, False, False]
    assert table["class_share"].tolist()[:4] == [0.75, 0.75, 0.75, 0.25]


def test_a_class_has_the_rows_that_are_left_of_it(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {"text": ["good", "good", "", "!", "x"], "label": ["a", "a", "a", "b", None]}
    table, summary = measure(tmp_path, checkpoint, rows)
    assert table["class_rows"].tolist()[:4] == [1, 1, 1, 0]
    assert pd.isna(table["class_rows"][4])
    assert summary.classes == {"a": KeptRows(rows=3, kept=1), "b": KeptRows(rows=1, kept=0)}


def test_labels_that_nobody_announced_are_counted_but_not_all_written_out(
    tmp_path: Path, checkpoint: Path
) -> None:
    labels = ["a", *(f"a letter to {n}, " + "private " * 20 for n in range(9))]
    _, summary = measure(tmp_path, checkpoint, {"text": ["good"] + ["x y"] * 9, "label": labels})
    names = list(summary.classes)
    assert names[:2] == ["a", "b"]
    assert [name[:13] for name in names[2:-1]] == [f"a letter to {n}" for n in range(5)]
    assert max(len(name) for name in names) == 80
    assert summary.classes["b"] == KeptRows(rows=0, kept=0)
    assert summary.classes["(4 other labels)"] == KeptRows(rows=4, kept=0)


def test_the_summary_counts_what_split_will_drop(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {
        "text": ["", "!", "caf\ufffd", "good", "good", "same", "same", "film"],
        "label": ["a", "a", "a", "a", "a", "a", "b", "b"],
    }
    _, summary = measure(tmp_path, checkpoint, rows)
    found = cleaning.defects(pd.Series(rows["text"]), pd.Series([False] * 8))
    found["conflict"] = [False] * 5 + [True] * 2 + [False]
    for kind in map(str, found):
        assert summary.kinds[kind].rows == found[kind].sum(), kind
        assert summary.kinds[kind].dropped
    assert summary.dropped == found.any(axis=1).sum() == 6
    assert summary.rows == summary.kept + summary.dropped == 8


def test_rows_of_the_given_test_split_are_counted_and_kept(
    tmp_path: Path, checkpoint: Path
) -> None:
    rows: Rows = {
        "text": ["good", "GOOD", "good", "bad", "bad"],
        "label": ["a", "a", "b", "b", "b"],
        "given": ["train", "test", "test", "train", None],
    }
    table, summary = measure(tmp_path, checkpoint, rows)
    assert table["in_the_test_split"].tolist() == [True] + [False] * 4
    assert table["dropped"].tolist() == [True, False, False, False, True]
    assert summary.kinds["in_the_test_split"].rows == 1
    assert summary.kinds["conflict"].rows == 1, "of the row that may learn"


def test_examples_are_five_distinct_short_ones(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {"text": [f"{n % 7}\ufffd\n" + "x" * 200 for n in range(20)], "label": ["a"] * 20}
    _, summary = measure(tmp_path, checkpoint, rows)
    examples = summary.kinds["broken"].examples
    assert [example[:3] for example in examples] == [f"{n}\ufffd↵" for n in range(5)]
    assert {len(example) for example in examples} == {80}


def test_unknown_tokens_are_counted_over_all_texts(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {"text": ["good film", "never seen before bad"], "label": ["a", "b"]}
    _, summary = measure(tmp_path, checkpoint, rows)
    assert summary.figures["tokens"] == 6
    assert summary.figures["share of unknown tokens"] == 0.5
    assert summary.kinds["unknown_tokens"].rows == 1
    assert summary.kinds["unknown_tokens"].examples == ("never seen before bad",)
    assert not summary.kinds["unknown_tokens"].dropped


@pytest.mark.parametrize("texts", [[1, 2, 3], [b"good", b"bad", b"film"], [0.5, None, 2.5]])
def test_texts_that_are_no_text_count_as_blank_and_stay(
    tmp_path: Path, checkpoint: Path, texts: list[Any]
) -> None:
    table, summary = measure(tmp_path, checkpoint, {"text": texts, "label": ["a", "a", "b"]})
    assert summary.kinds["blank"].rows == 3
    assert table["text"][0] == texts[0]


def test_a_missing_column_is_left_to_the_suite(tmp_path: Path, checkpoint: Path) -> None:
    table, summary = measure(tmp_path, checkpoint, {"body": ["good", "bad"]})
    assert "text" not in table
    assert summary.dropped == 2
    assert summary.classes["a"] == KeptRows(rows=0, kept=0)


def test_an_empty_table_is_measured(tmp_path: Path, checkpoint: Path) -> None:
    table, summary = measure(tmp_path, checkpoint, {"text": [], "label": []})
    assert len(table) == summary.rows == 0


def test_a_column_of_the_data_never_hides_a_measured_one(tmp_path: Path, checkpoint: Path) -> None:
    rows: Rows = {"text": ["good", "good"], "label": ["a", "a"], "duplicate": ["no", "no"]}
    table, _ = measure(tmp_path, checkpoint, rows)
    assert table["duplicate"].tolist() == [False, True]


def save(tmp_path: Path, model: Any) -> Path:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_unigram_tokenizer_names_its_unknown_by_place(tmp_path: Path) -> None:
    model = models.Unigram([("good", -1.0), ("<unk>", -9.0)], 1, byte_fallback=False)
    tokens, unknown = module.count_tokens(save(tmp_path, model), ["good", "good 漢", ""])
    assert tokens.tolist() == [1, 2, 0]
    assert unknown.tolist() == [0, 1, 0]


def test_a_tokenizer_without_an_unknown_token_knows_everything(tmp_path: Path) -> None:
    model = models.BPE({"g": 0, "o": 1}, [])
    _, unknown = module.count_tokens(save(tmp_path, model), ["goo", "漢"])
    assert unknown.tolist() == [0, 0]


def test_words_are_counted_where_the_training_texts_make_the_tokenizer(tmp_path: Path) -> None:
    tokens, unknown = module.count_words(["good, bad", "酒店", " "])
    assert tokens.tolist() == [3, 2, 0]
    assert unknown.tolist() == [0, 0, 0]
    made.texts(9).to_parquet(tmp_path / "raw.parquet")
    found = module.measure(tmp_path / "raw.parquet", None, LabelRules(made.LABELS))
    assert found.table["unknown_share"].eq(0).all()
    assert found.summary.figures["tokens"] == 9 * 7
    assert found.summary.figures["share of unknown tokens"] == 0


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text('{"model": 1}')
    with pytest.raises(SettingsError, match=r"tokenizer\.json of train\.checkpoint"):
        module.count_tokens(tmp_path, ["x"])


def test_the_checkpoint_that_comes_with_assay_knows_english() -> None:
    folder = locate(TextTrain().checkpoint)
    long = "a remarkably good film " * 200
    tokens, unknown = module.count_tokens(folder, [long, "🦜"])
    assert tokens[0] == 800
    assert unknown.tolist() == [0, 1]

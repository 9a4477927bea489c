from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tokenizers
from tokenizers import models

from assay.modalities.text.encoding import Encoding, TextEncoder, padded, unknown_id

if TYPE_CHECKING:
    from pathlib import Path


def test_padding_is_masked_and_lengths_are_few() -> None:
    feeds = padded([[5, 6, 7], [8]])
    assert feeds["input_ids"].tolist() == [[5, 6, 7, 0, 0, 0, 0, 0], [8, 0, 0, 0, 0, 0, 0, 0]]
    assert feeds["attention_mask"].tolist() == [[1, 1, 1, *[0] * 5], [1, *[0] * 7]]
    assert {padded([[1] * length])["input_ids"].shape[1] for length in range(1, 33)} == {
        8, 16, 24, 32,
    }  # fmt: skip


def test_batches_run_from_short_to_long_and_hold_every_row_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 90, 101)
    encoding = Encoding([[1] * length for length in lengths], 0)
    batches = list(encoding.batches(8))
    rows = [row for taken, _ in batches for row in taken]
    assert sorted(rows) == list(range(101))
    assert [lengths[row] for row in rows] == sorted(lengths)
    for taken, feeds in batches:
        assert feeds["attention_mask"].sum(axis=1).tolist() == [lengths[row] for row in taken]


def test_a_tokenizer_files_own_padding_and_cutting_do_not_count(
    checkpoint: Path, tmp_path: Path
) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(4)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = TextEncoder(tmp_path / "tokenizer.json", 32)(["one two three four five", "one"])
    assert [len(row) for row in found.ids] == [7, 3]
    assert found.truncated == 0


def test_unknown_tokens_are_counted_among_a_texts_own(checkpoint: Path) -> None:
    encode = TextEncoder(checkpoint / "tokenizer.json", 32)
    found = encode(["good film", "汉", "a good film 汉", "", "汉 " + "good " * 100])
    assert found.unknown.tolist() == [0, 1, 0.25, 0, 1 / 30]
    assert found.unknown.shape == (5,)
    assert encode([]).unknown.shape == (0,)


def test_ids_whose_tokenizer_nobody_named_are_all_known() -> None:
    assert Encoding([[1, 100, 2], []], 0).unknown.tolist() == [0, 0]


def test_every_kind_of_tokenizer_names_its_unknown_word() -> None:
    word = "<unk>"
    known = {"good": 0, word: 1}
    for model, place in (
        (models.WordLevel(known, unk_token=word), 1),
        (models.WordPiece(known, unk_token=word), 1),
        (models.BPE(known, [], unk_token=word), 1),
        (models.BPE(known, []), -1),
        (models.Unigram([("good", -1.0), (word, -9.0)], 1, byte_fallback=False), 1),
        (models.Unigram([("good", -1.0)], None, byte_fallback=False), -1),
    ):
        assert unknown_id(tokenizers.Tokenizer(model)) == place

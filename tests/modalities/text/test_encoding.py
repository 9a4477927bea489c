from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import tokenizers
from tokenizers import models, processors

from assay.modalities.text.encoding import (
    BATCH_TOKENS,
    Encoding,
    TextEncoder,
    padded,
    padded_length,
    unknown_id,
)

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


def test_a_batch_holds_no_more_tokens_than_it_may() -> None:
    lengths = [*np.random.default_rng(1).integers(1, 130, 200).tolist(), 500, 900]
    encoding = Encoding([[1] * length for length in lengths], 0)
    batches = list(encoding.batches(32))
    assert sorted(row for rows, _ in batches for row in rows) == list(range(202))
    for rows, feeds in batches:
        assert len(rows) <= 32
        assert feeds["input_ids"].size <= BATCH_TOKENS or len(rows) == 1
    for (rows, _), (later, _) in itertools.pairwise(batches):
        more = (len(rows) + 1) * padded_length(lengths[later[0]])
        assert len(rows) == 32 or more > BATCH_TOKENS, "the next text has no room"
    assert [len(rows) for rows, _ in encoding.batches(101, tokens=None)] == [101, 101]
    assert list(Encoding([], 0).batches(8)) == []


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


def test_a_long_text_keeps_its_head_or_its_head_and_tail(checkpoint: Path) -> None:
    text = " ".join(str(number) for number in range(10)) + " good film"
    texts = [text, "good film"]
    tokenizer = checkpoint / "tokenizer.json"
    whole = TextEncoder(tokenizer, 32)(texts).ids
    head, both = (TextEncoder(tokenizer, 8, tail)(texts) for tail in (0, 3))
    assert head.ids == [[*whole[0][:7], whole[0][-1]], whole[1]]
    assert both.ids == [[*whole[0][:4], *whole[0][-4:]], whole[1]]
    assert head.truncated == both.truncated == 1


def test_the_special_tokens_of_both_ends_stay(checkpoint: Path, tmp_path: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    special = [("[CLS]", 101), ("[SEP]", 102), ("[MASK]", 103)]
    template = "[CLS] [MASK] $A [SEP] [MASK]"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, pair=template + " $B", special_tokens=special
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (found,) = TextEncoder(tmp_path / "tokenizer.json", 8, 2)(["good film " * 5 + "bad"]).ids
    good, film, bad = (tokenizer.token_to_id(word) for word in ("good", "film", "bad"))
    assert found == [101, 103, good, film, film, bad, 102, 103]


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

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenizers import Tokenizer

from assay.errors import SettingsError
from assay.modalities.text import vocabulary
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [*made.texts(60)["text"], "Ünïted café ☃ abc☃def", "中文", "x" * 200, ""]
# Ids 0 to 3 are special. "ab" is met, "abc" is not; "z" is of the same script as "a".
UNIGRAM = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [
        {
            "id": 1,
            "content": "<pad>",
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
    ],
    "normalizer": None,
    "pre_tokenizer": {
        "type": "Metaspace",
        "replacement": "▁",
        "prepend_scheme": "always",
        "split": True,
    },
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "q:", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"q:": {"id": "q:", "ids": [4, 7], "tokens": ["▁q", ":"]}},
    },
    "decoder": None,
    "model": {
        "type": "Unigram",
        "unk_id": 2,
        "byte_fallback": False,
        "vocab": [
            ["<s>", 0.0],
            ["<pad>", 0.0],
            ["<unk>", 0.0],
            ["▁", -4.0],
            ["▁q", -5.0],
            ["abc", -3.0],
            ["ab", -3.5],
            [":", -6.0],
            ["z", -7.0],
            ["я", -7.5],
            ["яя", -8.0],
            ["rare", -9.0],
            ["7", -6.5],
            ["a", -5.0],
            ["b", -5.0],
        ],
    },
}


def _loaded(described: str) -> Tokenizer:
    tokenizer = Tokenizer.from_str(described)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _pieces(described: str) -> list[str]:
    vocab = json.loads(described)["model"]["vocab"]
    return [piece for piece, _ in vocab] if isinstance(vocab, list) else list(vocab)


def test_training_texts_keep_their_tokens(checkpoint: Path) -> None:
    source = (checkpoint / "tokenizer.json").read_text(encoding="utf-8")
    smaller = vocabulary.trimmed(source, TEXTS)
    rows = vocabulary.rows(source, smaller)
    assert 100 < len(rows) < 10_000
    before, after = _loaded(source).encode_batch(TEXTS), _loaded(smaller).encode_batch(TEXTS)
    for one, other in zip(before, after, strict=True):
        assert one.tokens == other.tokens
        assert one.ids == [rows[place] for place in other.ids]


def test_other_words_of_the_script_can_be_spelled(checkpoint: Path) -> None:
    source = (checkpoint / "tokenizer.json").read_text(encoding="utf-8")
    smaller = _loaded(vocabulary.trimmed(source, ["one short text"]))
    found = smaller.encode("extraordinarily 99!", add_special_tokens=False).tokens
    assert "[UNK]" not in found
    assert "".join(found).replace("##", "") == "extraordinarily99!"


def test_a_unigram_keeps_what_decides() -> None:
    smaller = vocabulary.trimmed(json.dumps(UNIGRAM), ["ab z"])
    kept = _pieces(smaller)
    # Met: ▁ ab z. Special: <pad>, <unk>, the template's. Spelling: a b 7 :. Least likely: rare.
    assert kept == ["<pad>", "<unk>", "▁", "▁q", "ab", ":", "z", "rare", "7", "a", "b"]
    described: dict[str, Any] = json.loads(smaller)
    assert described["model"]["unk_id"] == kept.index("<unk>")
    assert described["added_tokens"][0]["id"] == kept.index("<pad>")
    template = described["post_processor"]["special_tokens"]["q:"]
    assert template["ids"] == [kept.index("▁q"), kept.index(":")]
    assert vocabulary.rows(json.dumps(UNIGRAM), smaller) == [1, 2, 3, 4, 6, 7, 8, 11, 12, 13, 14]


def test_a_unigram_without_some_pieces_finds_other_ways() -> None:
    smaller = _loaded(vocabulary.trimmed(json.dumps(UNIGRAM), ["ab z"]))
    assert _loaded(json.dumps(UNIGRAM)).encode("abc").tokens == ["▁q", ":", "▁", "abc"]
    assert smaller.encode("ab").tokens == ["▁q", ":", "▁", "ab"]
    assert smaller.encode("ba").tokens == ["▁q", ":", "▁", "b", "a"]


def test_equal_texts_give_equal_bytes(checkpoint: Path) -> None:
    source = (checkpoint / "tokenizer.json").read_text(encoding="utf-8")
    assert vocabulary.trimmed(source, TEXTS) == vocabulary.trimmed(source, TEXTS[::-1])


def test_pieces_are_counted() -> None:
    smaller = vocabulary.trimmed(json.dumps(UNIGRAM), ["ab z"])
    assert vocabulary.size(json.dumps(UNIGRAM)) == 15
    assert vocabulary.size(smaller) == 11


def test_pieces_that_build_on_one_another_are_refused() -> None:
    described = {**UNIGRAM, "model": {"type": "BPE", "vocab": {}, "merges": []}}
    with pytest.raises(SettingsError, match="tokenizer is of BPE") as refused:
        vocabulary.trimmed(json.dumps(described), ["ab"])
    assert "train.trim_vocabulary: false" in refused.value.cure

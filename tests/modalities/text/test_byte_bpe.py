from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from tokenizers import Tokenizer

from assay.errors import SettingsError
from assay.modalities.text import byte_bpe, gguf_file
from tests.modalities.text import gguf_made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.text.gguf_file import Vocabulary


@pytest.fixture
def vocabulary(tmp_path: Path) -> Vocabulary:
    """Return what a small file says of its tokenizer."""
    return gguf_file.read(gguf_made.write(tmp_path / "one.gguf")).vocabulary


def _tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(byte_bpe.described(vocabulary)))


def test_every_text_comes_back(vocabulary: Vocabulary) -> None:
    tokenizer = _tokenizer(vocabulary)
    for text in ("on the  other", "春江花月夜", "👍🏽 ok\n\tdef f(x):\r\n", "naïve é", "\x00\x1d"):
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_merges_are_made_in_their_order(vocabulary: Vocabulary) -> None:
    assert _tokenizer(vocabulary).encode("on the").tokens == ["on", "Ġthe"]


def test_smollm_has_every_digit_alone(vocabulary: Vocabulary) -> None:
    alone = _tokenizer(vocabulary)
    joined = _tokenizer(dataclasses.replace(vocabulary, splitting="gpt-2"))
    assert alone.encode("a12").tokens == ["a", "1", "2"]
    assert joined.encode("a12").tokens == ["a", "12"]
    # What stands before a digit is split without it.
    assert alone.encode("a  1").tokens == ["a", "ĠĠ", "1"]
    assert joined.encode("a  1").tokens == ["a", "Ġ", "Ġ", "1"]


def test_a_byte_without_a_token_is_unknown(vocabulary: Vocabulary) -> None:
    tokens = tuple("<none>" if token == "Z" else token for token in vocabulary.tokens)
    tokenizer = _tokenizer(dataclasses.replace(vocabulary, tokens=tokens))
    assert tokenizer.encode("aZb").tokens == ["a", "<|endoftext|>", "b"]


def test_control_tokens_are_special(vocabulary: Vocabulary) -> None:
    tokenizer = _tokenizer(vocabulary)
    assert tokenizer.encode(f"a{gguf_made.END}").tokens == ["a", gguf_made.END]
    tokenizer.encode_special_tokens = True
    assert gguf_made.END not in tokenizer.encode(f"a{gguf_made.END}").tokens


def test_an_unknown_rule_is_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(SettingsError, match="by the rule tekken") as refused:
        byte_bpe.described(dataclasses.replace(vocabulary, splitting="tekken"))
    assert refused.value.expected == "one of: gpt-2, smollm"

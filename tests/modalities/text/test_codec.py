from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.errors import BundleRefused
from assay.modalities.text import codec
from assay.modalities.text.encoding import TOKENIZER
from tests.conftest import ROOT

if TYPE_CHECKING:
    from assay.modalities.text.codec import Kind

KINDS: tuple[Kind, ...] = ("characters", "bytes", "bpe")
TEXTS = (
    "The cat sat on the mat, and the dog sat by the cat.",
    "  two  spaces \t a tab, and\nlines\r\n\r\nof\reach kind\n\n\n",
    "明月几时有？把酒问青天。",
    "Καλημέρα κόσμε",
    "שלום עולם",
    "مرحبا بالعالم",
    "สวัสดีชาวโลก",
    "नमस्ते दुनिया",
    "안녕하세요, か\u3099 が",
    "e\u0301 is not é, ﬁ is not fi, Ⅸ is not IX",
    "👩‍👩‍👧‍👦 🇨🇭 👍🏽 \U0001f9ff",
    "a\u00a0b\u200bc\u2028d\u0000e\ufeff",
    "<|end|> and <|unknown|> and <|end|><|end|>",
    "",
    " ",
    "\n",
)


def learned(kind: Kind, vocabulary: int = 400) -> codec.Codec:
    return codec.learned(kind, TEXTS, vocabulary)


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_comes_back_as_it_was(kind: Kind) -> None:
    coded = learned(kind)
    found = coded.encode(TEXTS)
    assert [coded.decode(ids) for ids in found] == list(TEXTS)
    assert all(0 <= token < coded.size for ids in found for token in ids)


@pytest.mark.parametrize("kind", ["bytes", "bpe"])
def test_bytes_know_every_character_there_is(kind: Kind) -> None:
    coded = codec.learned(kind, ["abc"], 300)
    known = [*range(1, 0xD800), *range(0xE000, 0x110000, 97)]
    text = "".join(map(chr, known))
    assert coded.unknown == -1
    assert coded.decode(coded.encode([text])[0]) == text


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_holds_the_token_between_documents(kind: Kind) -> None:
    # So often that byte pair encoding would join its letters, if it could.
    texts = ["<|end|>" * 50, "a<|end|>b <|unknown|> <|end|>"] * 20
    coded = codec.learned(kind, texts, 600)
    assert coded.end == 0
    assert not any(coded.end in ids for ids in coded.encode(texts))
    if kind == "characters":
        assert not any(coded.unknown in ids for ids in coded.encode(texts))
    assert [coded.decode(ids) for ids in coded.encode(texts)] == texts


def test_a_character_is_a_token_and_a_byte_is_one() -> None:
    text = TEXTS[2] + TEXTS[0]
    (characters,), (octets,) = learned("characters").encode([text]), learned("bytes").encode([text])
    assert len(characters) == len(text)
    assert len(octets) == len(text.encode())
    assert learned("characters").size == 2 + len(set("".join(TEXTS)))
    assert learned("bytes").size == 257


def test_a_larger_vocabulary_makes_fewer_tokens_and_is_never_exceeded() -> None:
    texts = ["the cat sat on the mat", "the dog sat by the cat"] * 9
    sizes = {size: codec.learned("bpe", texts, size) for size in (257, 262, 270)}
    assert {size: one.size for size, one in sizes.items()} == {257: 257, 262: 262, 270: 270}
    lengths = [sum(map(len, one.encode(texts))) for one in sizes.values()]
    assert lengths[0] == sum(map(len, texts))
    assert lengths[0] > lengths[1] > lengths[2]


def test_no_token_of_byte_pairs_holds_more_than_a_word_and_the_space_before_it() -> None:
    coded = codec.learned("bpe", ["the cat sat on the mat, he said"] * 9, 400)
    tokens = [coded.decode([token]) for token in range(1, coded.size)]
    assert " mat" in tokens
    assert not any(" " in token[1:] or "t," in token for token in tokens)


def test_a_character_that_was_not_learned_is_unknown_one_token_each() -> None:
    coded = codec.learned("characters", ["abc"], 300)
    (ids,) = coded.encode(["aXb汉👍c"])
    assert [token == coded.unknown for token in ids] == [False, True, False, True, True, False]
    assert coded.decode([ids[0], ids[2], ids[5]]) == "abc"


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    coded = learned("bytes")
    (ids,) = coded.encode(["汉a"])
    assert coded.decode(ids[:3]) == "汉"
    assert "\ufffd" in coded.decode(ids[:2])
    assert coded.decode(ids[1:]).endswith("a")


@pytest.mark.parametrize("kind", KINDS)
def test_a_tokenizer_comes_back_from_its_file(tmp_path: Path, kind: Kind) -> None:
    first = learned(kind)
    first.write(tmp_path)
    read = codec.read(tmp_path)
    texts = [*TEXTS, "unseen: Ж ✓ and the cat"]
    assert read.encode(texts) == first.encode(texts)
    assert (read.end, read.unknown, read.size) == (first.end, first.unknown, first.size)
    content = (tmp_path / TOKENIZER).read_bytes()
    read.write(tmp_path)
    assert (tmp_path / TOKENIZER).read_bytes() == content
    assert b"\r" not in content


def write(kind: Kind, target: str) -> None:
    """Learn from texts with many ties, and write: what another process is asked for."""
    texts = [*TEXTS, *(f"{a}{b} {b}{a}" for a in "abcdefgh" for b in "ijklmnop")]
    codec.learned(kind, texts, 500).write(Path(target))


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_two_processes_learn_equal_bytes(tmp_path: Path, kind: Kind) -> None:
    module = "tests.modalities.text.test_codec"
    digests = set()
    for threads, seed in (("1", "0"), ("4", "17"), ("2", "5")):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {
            "PYTHONPATH": f"{ROOT}:{ROOT}/src",
            "RAYON_NUM_THREADS": threads,
            "PYTHONHASHSEED": seed,
        }
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"from {module} import write; write({kind!r}, {str(folder)!r})",
            ],
            env=os.environ | environment,
            check=True,
            timeout=120,
        )
        digests.add(hashlib.sha256((folder / TOKENIZER).read_bytes()).hexdigest())
    assert len(digests) == 1


def _foreign() -> str:
    """Return a tokenizer that knows no token between documents."""
    from tokenizers import Tokenizer, models

    return str(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).to_str())  # noqa: S106


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "No such file"),
        ("", "EOF"),
        ("{}", "can't be read"),
        ('{"model": ', "EOF"),
        ("\xff\xfe", "can't be read"),
        (_foreign(), f"has no token {codec.END}"),
    ],
)
def test_a_tokenizer_that_is_none_of_ours_is_refused(
    tmp_path: Path, content: str | None, found: str
) -> None:
    learned("bytes").write(tmp_path)
    (tmp_path / TOKENIZER).unlink()
    if content is not None:
        (tmp_path / TOKENIZER).write_text(content, encoding="latin-1")
    with pytest.raises(BundleRefused) as refusal:
        codec.read(tmp_path)
    assert found in refusal.value.found
    assert str(tmp_path / TOKENIZER) in refusal.value.found
    assert "eos_token in tokenizer_config.json" in refusal.value.expected
    assert refusal.value.cure


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_tokenizer_that_was_cut_short_is_refused(tmp_path: Path, kept: float) -> None:
    learned("bpe").write(tmp_path)
    content = (tmp_path / TOKENIZER).read_bytes()
    (tmp_path / TOKENIZER).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(BundleRefused, match="can't be read"):
        codec.read(tmp_path)


def test_a_tokenizer_file_that_cuts_and_pads_does_neither_here(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    learned("bytes").write(tmp_path)
    other = Tokenizer.from_file(str(tmp_path / TOKENIZER))
    other.enable_truncation(3)
    other.enable_padding(length=9)
    other.save(str(tmp_path / TOKENIZER))
    assert list(map(len, codec.read(tmp_path).encode(["abcdef", "a"]))) == [6, 1]


def _named(folder: Path, end: object) -> None:
    """Say which token ends a document."""
    (folder / codec.CONFIG).write_text(json.dumps({"eos_token": end, "padding_side": "left"}))


@pytest.mark.parametrize("end", ["<|im_end|>", {"content": "<|im_end|>", "lstrip": False}])
def test_the_end_is_the_token_that_the_folder_names(tmp_path: Path, end: object) -> None:
    from tokenizers import AddedToken, Tokenizer, processors

    learned("bpe").write(tmp_path)
    other = Tokenizer.from_file(str(tmp_path / TOKENIZER))
    other.add_special_tokens([AddedToken("<|im_end|>", special=True)])
    place = other.get_vocab()["<|im_end|>"]
    other.post_processor = processors.TemplateProcessing(
        single="<|im_end|> $A <|im_end|>", special_tokens=[("<|im_end|>", place)]
    )
    other.save(str(tmp_path / TOKENIZER))
    _named(tmp_path, end)
    coded = codec.read(tmp_path)
    assert (coded.end, coded.size) == (place, place + 1)
    # No special token is added, and a text that spells one has its letters.
    (ids,) = coded.encode(["the cat<|im_end|>"])
    assert place not in ids
    assert coded.decode(ids) == "the cat<|im_end|>"
    (tmp_path / "copy").mkdir()
    coded.write(tmp_path / "copy")
    assert codec.read(tmp_path / "copy").end == place


@pytest.mark.parametrize("end", [None, 2, "<|no such token|>"])
def test_a_folder_that_names_no_end_is_refused(tmp_path: Path, end: object) -> None:
    learned("bytes").write(tmp_path)
    _named(tmp_path, end)
    with pytest.raises(BundleRefused, match=r"names no eos_token|has no token <\|no such"):
        codec.read(tmp_path)
    (tmp_path / codec.CONFIG).unlink()
    with pytest.raises(BundleRefused, match=codec.CONFIG):
        codec.read(tmp_path)


def test_a_token_that_ends_a_document_is_not_unknown(tmp_path: Path) -> None:
    learned("characters").write(tmp_path)
    assert codec.read(tmp_path).unknown == 1
    _named(tmp_path, codec.UNKNOWN)
    coded = codec.read(tmp_path)
    assert (coded.end, coded.unknown) == (1, -1)

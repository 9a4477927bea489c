"""The tokenizer of a language model: learned from the train split, exact in both directions.

Reads and writes ``tokenizer.json``. Three kinds, none of which normalises anything:

- ``characters``: a token a character of the train split; any other is unknown.
- ``bytes``: a token a byte of UTF-8; nothing is unknown.
- ``bpe``: byte-level byte pair encoding (Sennrich et al., ACL 2016; Radford et al., 2019): it
  starts from bytes, so that nothing is unknown.

Token 0 stands between documents. No text holds it, not even one that spells its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from assay.errors import BundleRefused
from assay.modalities.text.encoding import TOKENIZER, unknown_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    Kind = Literal["characters", "bytes", "bpe"]

END, UNKNOWN = "<|end|>", "<|unknown|>"
BYTES = 256


class Codec:
    """Texts to token ids and back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Take a tokenizer that knows :data:`END`.

        Raises:
            ValueError: it does not.

        """
        # A text that spells a special token gets the tokens of its letters.
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.size = tokenizer.get_vocab_size()
        end = tokenizer.token_to_id(END)
        if end is None:
            raise ValueError(f"the tokenizer has no token {END}")
        self.end = end
        self.unknown = unknown_id(tokenizer)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, nothing added and nothing cut."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [one.ids for one in found]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; of bytes that are no UTF-8, replacement characters."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    def write(self, folder: Path) -> None:
        """Write ``tokenizer.json``; equal tokenizers, equal bytes."""
        text = self._tokenizer.to_str(pretty=True)
        (folder / TOKENIZER).write_text(text + "\n", encoding="utf-8", newline="\n")


def learned(kind: Kind, texts: Sequence[str], vocabulary: int) -> Codec:
    """Learn a tokenizer from the train split's texts.

    Args:
        kind: see the module.
        texts: documents.
        vocabulary: of ``bpe``, the most tokens, :data:`END` among them.

    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    if kind == "characters":
        known = sorted(set().union(*texts))
        ids = {token: place for place, token in enumerate((END, UNKNOWN, *known))}
        tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
        return Codec(tokenizer)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=kind == "bpe"
    )
    tokenizer.decoder = decoders.ByteLevel()
    size = vocabulary if kind == "bpe" else BYTES + 1
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts if kind == "bpe" else [], trainer)
    return Codec(tokenizer)


def read(folder: Path) -> Codec:
    """Read the tokenizer of a checkpoint or a bundle.

    Raises:
        BundleRefused: there is none, or it knows no token that stands between documents.

    """
    from tokenizers import Tokenizer

    file = folder / TOKENIZER
    try:
        return Codec(Tokenizer.from_file(str(file)))
    except Exception as problem:  # the library raises this very class
        raise BundleRefused(
            f"{file} can't be read: {problem}",
            expected=f"a tokenizer with the token {END}",
            cure="build the model again: assay run MODEL",
        ) from problem

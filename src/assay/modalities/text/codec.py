"""The tokenizer of a language model: learned from the train split, or of a pretrained model.

Reads and writes ``tokenizer.json``, and ``tokenizer_config.json``, which names the token that ends
a document (``eos_token``, as transformers has it). Three kinds are learned, exact in both
directions, none of which normalises anything:

- ``characters``: a token a character of the train split; any other is unknown.
- ``bytes``: a token a byte of UTF-8; nothing is unknown.
- ``bpe``: byte-level byte pair encoding (Sennrich et al., ACL 2016; Radford et al., 2019): it
  starts from bytes, so that nothing is unknown.

The token that ends a document stands between documents; of a learned tokenizer it is token 0. No
text holds it, not even one that spells its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from assay.errors import BundleRefused
from assay.files import read_json, write_json
from assay.modalities.text.encoding import TOKENIZER, unknown_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

    Kind = Literal["characters", "bytes", "bpe"]

END, UNKNOWN = "<|end|>", "<|unknown|>"
BYTES = 256
CONFIG = "tokenizer_config.json"
# What the file that transformers reads calls the token that ends a document.
END_KEY = "eos_token"


class Codec:
    """Texts to token ids and back."""

    def __init__(self, tokenizer: Tokenizer, end: str = END) -> None:
        """Take a tokenizer that knows the token ``end``.

        Raises:
            ValueError: it does not.

        """
        # A text that spells a special token gets the tokens of its letters.
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.size = 1 + max(tokenizer.get_vocab().values())
        place = tokenizer.token_to_id(end)
        if place is None:
            raise ValueError(f"the tokenizer has no token {end}")
        self.end, self._end_name = place, end
        added = tokenizer.get_added_tokens_decoder()
        self._special = {token.content: own for own, token in added.items() if token.special}
        unknown = unknown_id(tokenizer)
        # Some tokenizers name the same token for both; it ends a document.
        self.unknown = -1 if unknown == place else unknown

    def special(self, name: str) -> int | None:
        """Return the token id of a special token, which no text can spell; None: there is none."""
        return self._special.get(name)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, nothing added and nothing cut."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [one.ids for one in found]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; of bytes that are no UTF-8, replacement characters."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=False)
        return text

    def write(self, folder: Path) -> None:
        """Write both files; equal tokenizers, equal bytes."""
        text = self._tokenizer.to_str(pretty=True)
        (folder / TOKENIZER).write_text(text + "\n", encoding="utf-8", newline="\n")
        described = {END_KEY: self._end_name, "tokenizer_class": "PreTrainedTokenizerFast"}
        write_json(folder / CONFIG, described)


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
        return Codec(Tokenizer.from_file(str(file)), _end(folder / CONFIG))
    except Exception as problem:  # the library raises this very class
        raise BundleRefused(
            f"{file} can't be read: {problem}",
            expected=f"a tokenizer, and the token that ends a document as {END_KEY} in {CONFIG}",
            cure="build the model again: assay run MODEL",
        ) from problem


def _end(config: Path) -> str:
    """Return the name of the token that ends a document.

    Raises:
        ValueError: the file does not say it.

    """
    found = read_json(config).get(END_KEY)
    # Older versions of transformers write the token with how it is matched.
    name = found.get("content") if isinstance(found, dict) else found
    if not isinstance(name, str):
        raise ValueError(f"{config.name} names no {END_KEY}")
    return name

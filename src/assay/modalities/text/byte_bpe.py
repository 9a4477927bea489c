"""The tokenizer of a GGUF file as the tokenizers library writes it: byte-level BPE.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.errors import SettingsError
from assay.modalities.text.gguf_file import CONTROL, USER_DEFINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.modalities.text.gguf_file import Vocabulary

BYTES = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
    "use_regex": True,
}
DIGITS = {"type": "Digits", "individual_digits": True}
# What splits a text before it is merged, by llama.cpp's names of the rules. SmolLM's has every
# digit alone.
SPLITTING: dict[str, Sequence[dict[str, Any]]] = {
    "gpt-2": (BYTES,),
    "smollm": (DIGITS, BYTES),
}


def described(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the content of ``tokenizer.json``.

    Raises:
        SettingsError: the file splits texts by an unknown rule.

    """
    if vocabulary.splitting not in SPLITTING:
        raise SettingsError(
            f"the tokenizer splits texts by the rule {vocabulary.splitting}",
            expected=f"one of: {', '.join(SPLITTING)}",
            cure="name the Hugging Face folder of the same model, which has a tokenizer.json",
        )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(vocabulary),
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": list(SPLITTING[vocabulary.splitting]),
        },
        "post_processor": None,
        "decoder": BYTES,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": vocabulary.unknown,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: place for place, token in enumerate(vocabulary.tokens)},
            "merges": [merge.split(" ", 1) for merge in vocabulary.merges],
        },
    }


def _added(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return the tokens that are matched before a text is split; control tokens are special."""
    return [
        {
            "id": place,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": kind == CONTROL,
        }
        for place, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.kinds, strict=True))
        if kind in (CONTROL, USER_DEFINED)
    ]

"""A tokenizer with only the pieces that a model's texts need.

Reads and writes nothing: from a tokenizer's JSON to a smaller one. A multilingual vocabulary of
250,002 pieces is four fifths of a small encoder, and a model of Chinese hotel reviews meets a tenth
of it. What stays: special tokens, every piece of a training text, and every piece of one character
in a script of the training texts, so that any word of that script can still be spelled. Training
texts keep their tokens exactly; other texts may be cut into smaller pieces.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from assay.errors import SettingsError
from assay.modalities.text.language import script_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNIGRAM, WORD_PIECE = "Unigram", "WordPiece"
# What stands before a piece: a space (Unigram), the rest of a word (WordPiece).
SPACE, INSIDE = "▁", "##"


def trimmed(source: str, texts: Sequence[str]) -> str:
    """Return the JSON of the tokenizer ``source`` with the pieces that ``texts`` need.

    Pieces keep their order; ids are counted anew.

    Raises:
        SettingsError: the tokenizer's kind builds its pieces out of one another, as BPE does.

    """
    described: dict[str, Any] = json.loads(source)
    pieces = _pieces(described)
    kept = _deciding(described) | _met(source, texts, pieces) | _spelling(pieces, texts)
    ids = {piece: place for place, piece in enumerate(one for one in pieces if one in kept)}
    return json.dumps(_renumbered(described, ids), ensure_ascii=False, indent=1) + "\n"


def rows(source: str, smaller: str) -> list[int]:
    """Return the ids that the pieces of a trimmed tokenizer have in the one it was made from."""
    places = {piece: place for place, piece in enumerate(_pieces(json.loads(source)))}
    return [places[piece] for piece in _pieces(json.loads(smaller))]


def size(source: str) -> int:
    """Return how many pieces the tokenizer of a JSON has."""
    return int(Tokenizer.from_str(source).get_vocab_size())


def _pieces(described: Mapping[str, Any]) -> list[str]:
    """Return a tokenizer's pieces by their ids."""
    model = described["model"]
    if model["type"] == UNIGRAM:
        return [piece for piece, _score in model["vocab"]]
    if model["type"] == WORD_PIECE:
        return sorted(model["vocab"], key=model["vocab"].__getitem__)
    raise SettingsError(
        f"train.trim_vocabulary is true, and the checkpoint's tokenizer is of {model['type']}",
        expected=f"{UNIGRAM} or {WORD_PIECE}, whose pieces don't depend on one another",
        cure="set train.trim_vocabulary: false in params.yaml",
    )


def _deciding(described: Mapping[str, Any]) -> set[str]:
    """Return special tokens, and what decides how a tokenizer cuts any text."""
    kept = {one["content"] for one in described["added_tokens"]}
    template = (described.get("post_processor") or {}).get("special_tokens") or {}
    kept |= {piece for one in template.values() for piece in one["tokens"]}
    model = described["model"]
    if model["type"] == WORD_PIECE:
        return kept | {model["unk_token"]}
    unknown, _score = model["vocab"][model["unk_id"]]
    # What an unknown character costs is counted from the least likely piece.
    least, _score = min(model["vocab"], key=lambda one: one[1])
    return kept | {unknown, least}


def _met(source: str, texts: Sequence[str], pieces: Sequence[str]) -> set[str]:
    """Return the pieces of whole texts, and those that WordPiece tried in an unknown word."""
    tokenizer = Tokenizer.from_str(source)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = getattr(tokenizer.model, "unk_token", None)
    met: set[str] = set()
    failed = []
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    for text, one in zip(texts, encoded, strict=True):
        met.update(pieces[place] for place in set(one.ids))
        if unknown is not None and unknown in one.tokens:
            failed.append(tokenizer.normalizer.normalize_str(text))
    tried = "\n".join(failed)
    return met | {piece for piece in pieces if tried and piece.removeprefix(INSIDE) in tried}


def _spelling(pieces: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Return the pieces of one character that are no letters, or of a script of the texts."""
    scripts = {script_of(letter) for letter in set().union(*map(set, texts))}
    return {piece for piece in pieces if _is_letter_of(_bare(piece), scripts)}


def _bare(piece: str) -> str:
    return piece.removeprefix(SPACE).removeprefix(INSIDE) or piece


def _is_letter_of(bare: str, scripts: set[str]) -> bool:
    return len(bare) == 1 and script_of(bare) in scripts | {""}


def _renumbered(described: dict[str, Any], ids: Mapping[str, int]) -> dict[str, Any]:
    """Return a tokenizer with the pieces of ``ids``, wherever it names one by its place."""
    model = dict(described["model"])
    if model["type"] == UNIGRAM:
        unknown = model["vocab"][model["unk_id"]][0]
        model["vocab"] = [one for one in model["vocab"] if one[0] in ids]
        model["unk_id"] = ids[unknown]
    else:
        model["vocab"] = dict(ids)
    added = [{**one, "id": ids[one["content"]]} for one in described["added_tokens"]]
    found = {**described, "model": model, "added_tokens": added}
    if template := (described.get("post_processor") or {}).get("special_tokens"):
        special = {
            name: {**one, "ids": [ids[piece] for piece in one["tokens"]]}
            for name, one in template.items()
        }
        found["post_processor"] = {**described["post_processor"], "special_tokens": special}
    return found

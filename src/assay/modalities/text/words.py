"""A tokenizer made from training texts alone: frequent words, and characters to spell all others.

Reads and writes nothing: from texts to a tokenizer's JSON. Words are counted here, since the
tokenizers library's own trainers break ties as their threads happen to run: equal texts give equal
bytes, in whatever order they come.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from assay.modalities.text.language import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterable

# Texts are padded with zeros (``encoding.padded``): the first piece is padding. The marks of a
# text's start and end are tokens of their own, so that a text without a word has two.
PAD, UNKNOWN, START, END = SPECIALS = ("[PAD]", "[UNK]", "[START]", "[END]")
# Before a piece inside a word.
INSIDE = "##"
# A word that is met once tells nothing that its characters don't.
FEWEST = 2


def tokenizer(texts: Iterable[str], most: int) -> str:
    """Return the JSON of a WordPiece tokenizer.

    Its pieces are the ``most`` most frequent words that are met twice or more, and every character
    that is met, alone and inside words. A word is what stands between spaces and marks, in small
    letters; where a script has no spaces, each character is one.
    """
    pieces = [*SPECIALS, *_pieces(_counted(texts), most)]
    places = {piece: place for place, piece in enumerate(pieces)}
    found = Tokenizer(WordPiece(places, unk_token=UNKNOWN))
    found.normalizer, found.pre_tokenizer = _normalizer(), _splitter()
    # No added tokens: a text that holds "[PAD]" is cut into its marks and letters.
    found.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        special_tokens=[(mark, places[mark]) for mark in (START, END)],
    )
    return str(found.to_str(pretty=True)) + "\n"


def words(text: str) -> list[str]:
    """Return a text's words as the tokenizer sees them."""
    return _split(text, _normalizer(), _splitter())


def _counted(texts: Iterable[str]) -> Counter[str]:
    normalizer, splitter = _normalizer(), _splitter()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_split(text, normalizer, splitter))
    return counts


def _split(
    text: str, normalizer: normalizers.Normalizer, splitter: pre_tokenizers.PreTokenizer
) -> list[str]:
    return [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]


def _pieces(counts: Counter[str], most: int) -> list[str]:
    """Return the pieces of counted words: characters, then words, the most frequent first."""
    alone = sorted({letter for word in counts for letter in word})
    inside = sorted({letter for word in counts if len(word) > 1 for letter in word})
    frequent = [word for word, count in counts.items() if len(word) > 1 and count >= FEWEST]
    frequent.sort(key=lambda word: (-counts[word], word))
    # A word that reads as a piece inside words can't be: marks stand alone.
    return [*alone, *(INSIDE + letter for letter in inside), *frequent[:most]]


def _normalizer() -> normalizers.Normalizer:
    # Accents stay: without them, Japanese syllables become others.
    own = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=True
    )
    return normalizers.Sequence([normalizers.NFKC(), own])


def _splitter() -> pre_tokenizers.PreTokenizer:
    alone = pre_tokenizers.Split(Regex(UNSPACED), "isolated")
    return pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), alone])

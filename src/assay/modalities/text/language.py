"""Which script texts are written in, and whether they are English.

Reads and writes nothing. Decides which pretrained encoder reads them, so it errs towards the
multilingual one, which reads English too; and names the language of a document, as far as script
and frequent words tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LATIN = "LATIN"
# Frequent words of English that are words of no other large language ("in" and "was" are German,
# "a" and "me" Spanish), and those of other languages in Latin letters that English lacks: German,
# Dutch, Swedish, Danish, French, Spanish, Portuguese, Italian, Romanian, Polish, Czech, Turkish,
# Indonesian, Vietnamese.
ENGLISH = frozenset(
    """
    the of and to it you that for with his they be at have this from by not but what were when your
    can there which how their if will my its just would about
    """.split()  # noqa: SIM905  a list of so many words is read more easily so
)
OTHERS = (
    frozenset(
        """
    der die und das ist nicht ich ein eine zu mit auf für den sehr war es de het een van en ik dat
    niet och det att är som på jag inte og ikke jeg til le la les et des est une pas je que pour el
    los las y no un una por con para muy se o os não um uma com di il che è per non sono și nu cu
    nie to się jest na że je se že jsem ve bir bu çok için değil yang dan di ini tidak untuk và là
    không có rất của
    """.split()  # noqa: SIM905
    )
    - ENGLISH
)
WORD = re.compile(r"[^\W\d_]+")
# A letter of the scripts that put no space between words: Han, kana, Thai, Lao, Myanmar, Khmer.
UNSPACED = (
    "[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)
LATIN_SHARE = 0.9
# How a document's language is named: some scripts are of one language, most are of several.
ENGLISH_NAME, OTHER_LATIN, NONE = "English", "another in Latin letters", "none"
NAMES = {
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "GREEK": "Greek",
    "THAI": "Thai",
    "HEBREW": "Hebrew",
}
# Of kana among the letters: Japanese has 0.4 and more, a Chinese text with a Japanese name less.
KANA_SHARE = 0.1


@cache
def script_of(letter: str) -> str:
    """Return the first word of a letter's Unicode name, such as LATIN or CJK; empty for others."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def scripts(texts: Iterable[str]) -> dict[str, float]:
    """Return the share of each script among the letters, by its name in Unicode, most first."""
    characters = Counter(character for text in texts for character in text)
    counts: Counter[str] = Counter()
    for character, count in characters.items():
        if script := script_of(character):
            counts[script] += count
    total = max(1, counts.total())
    return {name: count / total for name, count in counts.most_common()}


def language_of(text: str) -> str:
    """Return the language of a document by its script and frequent words.

    English, Chinese, Japanese and the others of :data:`NAMES`; ``another in Latin letters``; else
    one ``in`` a script, such as ``in CYRILLIC``; ``none`` for a text without letters.
    """
    shares = scripts([text])
    if not shares:
        return NONE
    if shares.get("HIRAGANA", 0.0) + shares.get("KATAKANA", 0.0) >= KANA_SHARE:
        return NAMES["HIRAGANA"]
    main = next(iter(shares))
    if main == LATIN:
        # Of a text with some words in another script, the words in Latin letters decide.
        return ENGLISH_NAME if _is_english_in_words([text]) else OTHER_LATIN
    return NAMES.get(main, f"in {main}")


def is_english(texts: Iterable[str]) -> bool:
    """Tell whether texts, taken together, are in Latin letters, and no other language's.

    Titles and keywords, which have hardly a frequent word of any language, count as English, and so
    do texts without letters.
    """
    listed = list(texts)
    found = scripts(listed)
    if found and found.get(LATIN, 0.0) < LATIN_SHARE:
        return False
    return _is_english_in_words(listed)


def _is_english_in_words(texts: Iterable[str]) -> bool:
    words = Counter(word for text in texts for word in WORD.findall(text.lower()))
    english, others = (sum(words[word] for word in known) for known in (ENGLISH, OTHERS))
    return english >= others

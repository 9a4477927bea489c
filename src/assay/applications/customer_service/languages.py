"""Which language a message is written in, and in which of the service's it is answered.

Reads and writes nothing. Messages are short: "ok", "refund?", an order number, a Chinese sentence
with an English product name. So Chinese is told by its share of the message's units, where a Han
character counts as much as a word in Latin letters; the rest is
:func:`assay.modalities.text.language.language_of`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.modalities.text import language as texts

if TYPE_CHECKING:
    from collections.abc import Collection

    from assay.applications.customer_service.turn import Language

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
KANA = re.compile("[\u3040-\u30ff]")
LATIN_WORD = re.compile(r"[^\W\d_]{2,}")
CODES: dict[str, Language] = {texts.ENGLISH_NAME: "en", texts.NAMES["CJK"]: "zh"}


@dataclass(frozen=True)
class Written:
    """How a message is written.

    Attributes:
        name: of its language as far as it can be told, e.g. ``English`` or ``in CYRILLIC``.
        code: of the service's languages, the one it is in; None: it is in none of them, or has no
            letters.
        silent: it has no letters.

    """

    name: str
    code: Language | None
    silent: bool


def of(text: str, known: Collection[Language]) -> Written:
    """Return how a message is written; ``known`` are the service's languages."""
    name = _name(text)
    code = CODES.get(name)
    return Written(name, code if code in known else None, name == texts.NONE)


def _name(text: str) -> str:
    han = len(HAN.findall(text))
    if han and not KANA.search(text):
        words = sum(not HAN.search(word) for word in LATIN_WORD.findall(HAN.sub(" ", text)))
        return texts.NAMES["CJK"] if han >= words else texts.language_of(HAN.sub(" ", text))
    return texts.language_of(text)

"""The terms of a text that retrieval counts, English and Chinese alike.

Reads and writes nothing. Words in Latin letters are brought to small letters and to their singular
(the S-stemmer of Harman, "How effective is suffixing?", JASIS 1991). A run of Han characters gives
each character and each pair of neighbours: Chinese puts no spaces between words, and pairs do as
well as a segmenter in retrieval (Nie, Gao, Zhang, Zhou, "On the use of words and n-grams for
Chinese information retrieval", IRAL 2000). Words that any question may have are left out.
"""

from __future__ import annotations

import re
import unicodedata

UNIT = re.compile(
    "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[^\\W_\u3400-\u9fff\uf900-\ufaff]+(?:['’]\\w+)?"
)
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Articles, auxiliaries, pronouns, prepositions, question words and courtesies.
EMPTY = frozenset(
    """
    a an the this that these those it its is am are was were be been being do does did doing done
    have has had having i me my mine we us our you your yours he she they them their there here
    can could will would shall should may might must to of in on at by for from with about as into
    and or but if so than then what which who whom whose when where why how please hi hello hey
    thank thanks dear sir madam just also very really some any get got want need like know tell let
    s t m re ve ll d i'm i've i'd i'll it's that's what's don't can't isn't doesn't didn't
    """.split()  # noqa: SIM905  a list of so many words is read more easily so
)
# Of Chinese: particles, pronouns, courtesies, and the words that ask.
EMPTY_HAN = re.compile(
    "你们|您们|我们|咱们|请问|请教|想问|一下|什么|怎么样|怎么|怎样|如何|可以|能不能|可不可以|是不是|是否|有没有"
    "|多少|哪些|哪里|的|了|吗|呢|吧|啊|呀|嘛|你|您|我|请|是|在|和|与|就|都|也|很|会|能|要|想|把|给|这|那|个"
)


def of(text: str) -> list[str]:
    """Return the terms of a text, repetitions included, in order."""
    plain = unicodedata.normalize("NFKC", text).lower()
    found: list[str] = []
    for unit in UNIT.findall(plain):
        if HAN.match(unit):
            for run in EMPTY_HAN.sub(" ", unit).split():
                found += [*run, *(run[place : place + 2] for place in range(len(run) - 1))]
        elif unit not in EMPTY and (word := stem(unit.replace("’", "'").removesuffix("'s"))):
            found.append(word)
    return found


def stem(word: str) -> str:
    """Return an English word without the ending of its plural."""
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word

"""What a message says by its form alone: a person is wanted, small talk, a choice of an option.

Reads and writes nothing. Phrases are compared word by word, in small letters, marks left out; of
Chinese, character by character.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.settings import Speech

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
# Answers to a question with options, by the option's place; words of one option alone are "yes".
ORDINALS: tuple[tuple[str, ...], ...] = (
    ("1", "first", "one", "option 1", "number 1", "第一个", "第一", "第1个", "一", "选1", "选一"),
    ("2", "second", "two", "option 2", "number 2", "第二个", "第二", "第2个", "二", "选2", "选二"),
    ("3", "third", "three", "option 3", "number 3", "第三个", "第三", "第3个", "三", "选3", "选三"),
)
YES = ("yes", "yes please", "yeah", "right", "exactly", "是", "是的", "对", "对的", "嗯")
NONE = (
    *("no", "none", "neither", "none of these", "none of them", "neither of them", "nope"),
    *("不是", "都不是", "没有", "都没有", "不对", "都不对", "不", "以上都不是"),
)
AROUND = frozenset("the please one option i mean want it s that is 个 请 要 我 选 的".split())  # noqa: SIM905


def units(text: str) -> tuple[str, ...]:
    """Return the words and Han characters of a text."""
    return tuple(UNIT.findall(unicodedata.normalize("NFKC", text).lower().replace("’", "'")))


def wants_person(text: str, speech: Speech) -> bool:
    """Tell whether a message holds one of the phrases that ask for a person."""
    found = units(text)
    return any(_holds(found, units(phrase)) for phrase in speech.person)


def small_talk(text: str, speech: Speech) -> str | None:
    """Return which small talk a message is, where it is nothing else: one or two such phrases."""
    found = units(text)
    phrases = {units(phrase): name for name, heard in speech.heard.items() for phrase in heard}
    if found in phrases:
        return phrases[found]
    for place in range(1, len(found)):
        first, second = phrases.get(found[:place]), phrases.get(found[place:])
        if first and second:
            return second
    return None


def chosen(text: str, options: Sequence[str]) -> int | None:
    """Return the place of the option that a message chooses; ``options`` are their questions."""
    found = units(text)
    for place, option in enumerate(options):
        if found == units(option):
            return place
    for place, ordinals in enumerate(ORDINALS[: len(options)]):
        if any(_alike(found, units(ordinal)) for ordinal in ordinals):
            return place
    return 0 if len(options) == 1 and any(found == units(word) for word in YES) else None


def declined(text: str) -> bool:
    """Tell whether a message says that no option is meant."""
    return any(units(text) == units(phrase) for phrase in NONE)


def _alike(found: tuple[str, ...], ordinal: tuple[str, ...]) -> bool:
    """Tell whether words are an ordinal with nothing but small words around it."""
    return _holds(found, ordinal) and all(one in AROUND or one in ordinal for one in found)


def _holds(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    size = len(part)
    return any(whole[place : place + size] == part for place in range(len(whole) - size + 1))

"""Whether a sentence is supported by a quote, decided without any model.

Reads and writes nothing. The rule is strict, because what it lets through is said in the company's
name. A sentence is supported if one sentence of the quote has the same words in the same order,
after these are left out of both: articles, forms of *to be*, and a few words that change nothing
(:data:`LIGHT`); of Chinese, particles. Commas and question marks count as words: *No, it is free*
and *No it is free* differ, and so do a question and its answer. So every number, name, negation,
condition and content word of the sentence stands in the quote's, and none of the quote's is
missing: *within 30 days* can't be dropped, *30* and *3* can't be exchanged, *you* does not become
*we*. Sentences of courtesy alone (:data:`COURTESIES`) need no support: they say nothing about the
company. :func:`grounded` says every sentence of the quote once, and nothing else.

Known limit: the quote itself may be wrong, which no checker can tell.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# A number with its points and units' signs; a word, also with marks inside (e-mail, don't, a@b.c);
# a Han character; any other visible sign but full stops, quotation marks, brackets and dashes.
TOKEN = re.compile(
    rf"[-+$€£¥]?\d+(?:[.,:/]\d+)*%?|[^\W\d_{HAN}]+(?:['’@./_:&+#-]+[^\W_{HAN}]+)*"
    rf"|[{HAN}]|[^\w\s.!'\"“”‘’()。…—–-]"
)
# A sentence ends at a mark that a space, a closing mark or the end follows; in Chinese at the mark.
END = re.compile(r"[.!?…]+[\"'”’)]*(?=\s|$)|[。！？；]+[”’）]*|\n+")
LIGHT = frozenset("a an the is are am be been that which so also just then there please".split())  # noqa: SIM905
LIGHT_HAN = frozenset("的了呢吧啊呀哦嘛")
# Sentences, as :func:`words` gives them, that make no claims.
_COURTESIES = """
thank you
thank you very much
thanks
thank you for asking
thank you for your question
thank you for your message
thanks for asking
sorry about that
i am sorry
we are sorry
hello
hi
of course
sure
certainly
谢谢
谢谢您
感谢您的提问
您好
好的
非常抱歉
"""


@dataclass(frozen=True)
class Checked:
    """What is left of a reply that a model wrote.

    Attributes:
        text: every sentence of the quote once, as the reply has it or as it stands.
        written: how many sentences the model wrote.
        supported: how many of these the quote supports, or are courtesies.

    """

    text: str
    written: int
    supported: int


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence of a text begins and ends, space around it left out."""
    found, begin = [], 0
    for end in [*(mark.end() for mark in END.finditer(text)), len(text)]:
        part = text[begin:end]
        if part.strip():
            start = begin + len(part) - len(part.lstrip())
            found.append((start, start + len(part.strip())))
        begin = end
    return found


def words(sentence: str) -> tuple[str, ...]:
    """Return the words of a sentence that count, in order."""
    plain = unicodedata.normalize("NFKC", sentence).replace("’", "'").lower()
    return tuple(
        token for token in TOKEN.findall(plain) if token not in LIGHT and token not in LIGHT_HAN
    )


COURTESIES = frozenset(words(line) for line in _COURTESIES.split("\n") if line)


def supports(quote: str, sentence: str) -> bool:
    """Tell whether a quote supports a sentence, or it is a courtesy that needs no support."""
    found = words(sentence)
    return found in COURTESIES or any(found == words(one) for one in _each(quote))


def grounded(quote: str, written: str) -> Checked:
    """Return what a model wrote, with the quote's own sentences for those that it does not support.

    A sentence of the quote that was said in other words is not said again; one that was not said
    comes at its place, so the text says all that the quote says, in its order, and nothing else.
    """
    said: dict[tuple[str, ...], str] = {}
    courtesies: list[str] = []
    parts = list(_each(written))
    originals = {words(one): one for one in _each(quote)}
    for part in parts:
        found = words(part)
        if found in originals:
            said.setdefault(found, part)
        elif found in COURTESIES:
            courtesies.append(part)
    supported = sum(words(part) in originals or words(part) in COURTESIES for part in parts)
    kept = [said.get(words(one), one) for one in _each(quote)]
    # Behind a Chinese mark stands no space.
    text = "".join(
        one if one[-1:] in "。！？；”）" else f"{one} " for one in [*courtesies[:1], *kept]
    )
    return Checked(text.rstrip(), len(parts), supported)


def _each(text: str) -> Iterator[str]:
    return (text[start:end] for start, end in sentences(text))

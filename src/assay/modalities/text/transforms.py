"""Changes of a text that leave its meaning alone, by the names that users write in YAML.

Reads and writes nothing. A share of the test split must keep its class under such a change: a
bound below 1 allows for the texts in which it does matter (a rating of 10 out of 10).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Zero stays: a number keeps its length, and a round one stays round.
NEXT_DIGIT = str.maketrans("123456789１２３４５６７８９", "234567891２３４５６７８９１")
# Not an e-mail address: nothing of a word may stand before the sign.
MENTION = re.compile(r"(?<![\w.@])@\w+")
SOMEONE = "@somebody_else"
LINK = re.compile(r"https?://[^\s<>\"]+")
ELSEWHERE = "https://example.org/a1b2"
# As telephones and word processors write what a keyboard has one key for.
OPENING = re.compile(r"(?:(?<=\s)|(?<=^)|(?<=[(\[{]))(['\"])(?=\S)")
CURVED_OPENING = {"'": "‘", '"': "“"}
CURVED = str.maketrans({"'": "’", '"': "”"})


def digits(text: str) -> str:
    """Return a text whose digits 1 to 9 are each the next one; after 9 comes 1."""
    return text.translate(NEXT_DIGIT)


def mentions(text: str) -> str:
    """Return a text that mentions another account wherever it mentions one (``@name``)."""
    return MENTION.sub(SOMEONE, text)


def links(text: str) -> str:
    """Return a text whose web addresses lead elsewhere."""
    return LINK.sub(ELSEWHERE, text)


def curved_quotes(text: str) -> str:
    """Return a text whose straight apostrophes and quotation marks are curved."""
    return OPENING.sub(lambda found: CURVED_OPENING[found[1]], text).translate(CURVED)


def upper_case(text: str) -> str:
    """Return a text in capital letters."""
    return text.upper()


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "digits": digits,
    "mentions": mentions,
    "links": links,
    "curved_quotes": curved_quotes,
    "upper_case": upper_case,
}

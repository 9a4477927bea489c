"""Personal data in a text, masked: addresses, telephone, card, account and identity numbers.

Reads and writes nothing. What a report shows of somebody's rows goes through :func:`masked`.

Found are: e-mail addresses; IBANs (ISO 13616); Chinese resident identity numbers (GB 11643, with
their MOD 11-2 digit); payment cards (ISO/IEC 7812: a network's prefix and length, with the Luhn
digit); US social security numbers; telephone numbers, with a country's code or as they are written
in :data:`REGIONS`. Check digits keep prices, years, counts and most order numbers as they are.
Names, street addresses and other countries' identity numbers are not found.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Span = tuple[int, int]

# Whose national ways to write a telephone number are known: where English and Chinese are written.
REGIONS = ("CN", "US", "GB")
# Letters that are written without spaces around what they stand beside.
CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
# Full-width forms, as Chinese keyboards give them, for their ASCII ones; places stay the same.
NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

# Most texts hold none of this, and are done with at once.
WORTH_A_LOOK = re.compile(r"@|(?:\d[^\w@]{0,3}){7}|[A-Za-z]{2}\d\d[ -]?\w{4}")
ADDRESS = re.compile(
    rf"(?<![^\W{CJK}])(?![{CJK}])\w(?:(?![{CJK}])[\w.!#$%&'*+/=?^`{{|}}~-]){{0,63}}"
    rf"@(?:(?![{CJK}])[\w-]){{1,63}}(?:\.(?:(?![{CJK}])[\w-]){{1,63}})+"
)
ACCOUNT = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ -]?[A-Za-z0-9]){11,30}")
RESIDENT = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}[ -]?\d{8}[ -]?\d{3}[0-9Xx](?![0-9A-Za-z])")
CARD = re.compile(r"(?<![\w.,-])(?:\d[ -]?){12,18}\d(?![\w-]|[.,]\d)", re.ASCII)
NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[0-8]\d{14}|2[2-7]\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11,16}|35\d{14}"  # Diners Club, JCB
    r"|6\d{15,18}|8[12]\d{14,17}"  # UnionPay, Discover, Maestro, RuPay
)
SECURITY = re.compile(
    r"(?<![\w-])\d{3}-\d\d-\d{4}(?![\w-])"
    r"|(?:(?<=ssn)|(?<=social security))(?:\s*(?:no\.?|number|#))?\s*(?:is)?\s*[:=#]?\s*"
    r"\d{3}[ -]?\d\d[ -]?\d{4}(?!\w)",
    re.ASCII | re.IGNORECASE,
)
# A run of digits alone is a telephone number where a mobile one, or one of ten digits, looks so.
BARE = re.compile(r"0?1[3-9]\d{9}|0\d{9,11}|[2-9]\d{9}|1[2-9]\d{9}")

# Letters without width, between digits that belong together.
UNSEEN = re.compile("(?<=\\d)[\u00ad\u200b-\u200f\u2060\ufeff]+(?=\\d)")
REACH = 320  # letters: the longest of these is an address of 254 (RFC 5321)


def beginning(text: str, letters: int) -> str:
    """Return the first ``letters`` of a text, masked, be it as long as it may.

    What the cut goes through is left out: half a number is not found, and tells enough.
    """
    found = masked(text[:letters])
    return found if len(text) <= letters else found[:-REACH]


def masked(text: str) -> str:
    """Return ``text`` with what is found in it replaced by its kind, e.g. ``[e-mail]``."""
    text = UNSEEN.sub("", text)
    plain = text.translate(NARROW)
    if not WORTH_A_LOOK.search(plain):
        return text
    for kind, find in KINDS:
        for start, end in sorted(find(plain), reverse=True):
            text = f"{text[:start]}[{kind}]{text[end:]}"
            plain = f"{plain[:start]}[{kind}]{plain[end:]}"
    return text


def _addresses(text: str) -> Iterator[Span]:
    return (found.span() for found in ADDRESS.finditer(text))


def _accounts(text: str) -> Iterator[Span]:
    from stdnum import iban

    for found in ACCOUNT.finditer(text):
        # Words that follow look like more of it: its country knows how long it is.
        places = [place for place in range(*found.span()) if text[place] not in " -"]
        for length in range(len(places), 14, -1):
            end = places[length - 1] + 1
            if iban.is_valid(text[found.start() : end]):
                yield found.start(), end
                break


def _residents(text: str) -> Iterator[Span]:
    from stdnum.iso7064 import mod_11_2

    for found in RESIDENT.finditer(text):
        number = re.sub("[ -]", "", found[0]).upper()
        if _is_date(number[6:14]) and mod_11_2.is_valid(number):
            yield found.span()


def _cards(text: str) -> Iterator[Span]:
    from stdnum import luhn

    for found in CARD.finditer(text):
        number = re.sub("[ -]", "", found[0])
        if NETWORKS.fullmatch(number) and luhn.is_valid(number):
            yield found.span()


def _securities(text: str) -> Iterator[Span]:
    from stdnum.us import ssn

    for found in SECURITY.finditer(text):
        number = re.search(r"\d[\d -]+$", found[0])
        if number and ssn.is_valid(re.sub(" ", "", number[0])):
            yield found.start() + number.start(), found.end()


def _telephones(text: str) -> Iterator[Span]:
    import phonenumbers

    end = 0
    spans = {
        (found.start, found.end)
        for region in REGIONS
        for found in phonenumbers.PhoneNumberMatcher(text, region)
        if not found.raw_string.isdigit() or BARE.fullmatch(found.raw_string)
    }
    # Two countries may see one number differently: the longer of those that begin first.
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if span[0] >= end:
            yield span
            end = span[1]


def _is_date(digits: str) -> bool:
    try:
        found = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return found.year >= 1900


# In this order: what is masked already is not found again as something less.
KINDS: tuple[tuple[str, Callable[[str], Iterable[Span]]], ...] = (
    ("e-mail", _addresses),
    ("IBAN", _accounts),
    ("ID number", _residents),
    ("card number", _cards),
    ("SSN", _securities),
    ("phone", _telephones),
)

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
CARD = re.compile(r"(?<![\w+-])(?<!\d\.)\d(?:[ -]?\d){12,33}(?![\w-]|\.\d)", re.ASCII)
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
# What the library takes for one number with what follows: a second look, at its usual form alone.
TELEPHONE = re.compile(
    r"(?<![\d.-])(?:"
    r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"  # North America
    r"|(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}"  # Chinese mobile
    r"|0\d{2,3}[ -]\d{7,8}"  # Chinese landline
    r"|\+\d{1,3}(?:[ -]?(?:\(\d{1,5}\)|\d{1,5})){2,4}"
    r")(?![\d-])"
)
LAST_GROUP = re.compile(r"[ .-]*[+(]?\d+\)?$")
# A run of digits alone is a telephone number where a mobile one, or one of ten digits, looks so.
BARE = re.compile(r"0?1[3-9]\d{9}|0\d{9,11}|[2-9]\d{9}|1[2-9]\d{9}")
IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")

# Letters without width, between digits that belong together.
UNSEEN = re.compile("(?<=\\d)[\u00ad\u200b-\u200f\u2060\ufeff]+(?=\\d)")
LONGEST = 34  # letters of an IBAN, and more than any card has
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
    for start, end, kind in _replaced(text):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def spans(text: str) -> list[tuple[int, int, str]]:
    """Return where in ``text`` what is found begins and ends, and its kind, in order."""
    unseen = {place for found in UNSEEN.finditer(text) for place in range(*found.span())}
    # Where each letter of what is searched stands in the text.
    places = [place for place in range(len(text)) if place not in unseen]
    spans = []
    for start, end, kind in _replaced("".join(text[place] for place in places)):
        spans.append((places[start], places[end - 1] + 1, kind))
        places[start:end] = [places[start]] * len(f"[{kind}]")
    return sorted(spans)


def _replaced(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is to be replaced by its kind in brackets, in a text where all before was."""
    plain = text.translate(NARROW)
    if not WORTH_A_LOOK.search(plain):
        return
    for kind, find in KINDS:
        for start, end in sorted(find(plain), reverse=True):
            yield start, end, kind
            plain = f"{plain[:start]}[{kind}]{plain[end:]}"


def _addresses(text: str) -> Iterator[Span]:
    return (found.span() for found in ADDRESS.finditer(text))


def _accounts(text: str) -> Iterator[Span]:
    from stdnum import iban

    # Words that follow look like more of it: its country knows how long it is.
    return _longest(ACCOUNT, text, 15, iban.is_valid)


def _residents(text: str) -> Iterator[Span]:
    from stdnum.iso7064 import mod_11_2

    for found in RESIDENT.finditer(text):
        number = re.sub("[ -]", "", found[0]).upper()
        if _is_date(number[6:14]) and mod_11_2.is_valid(number):
            yield found.span()


def _cards(text: str) -> Iterator[Span]:
    from stdnum import luhn

    def is_card(number: str) -> bool:
        return bool(NETWORKS.fullmatch(number)) and luhn.is_valid(number)

    return _longest(CARD, text, 13, is_card)


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
        (found.end - len(number), found.end)
        for region in REGIONS
        for found in phonenumbers.PhoneNumberMatcher(text, region)
        if _is_telephone(number := _unopened(found.raw_string))
    }
    for found in TELEPHONE.finditer(text):
        if number := _valid(found[0]):
            spans.add((found.start(), found.start() + len(number)))
    # Two countries may see one number differently: the longer of those that begin first.
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if span[0] >= end:
            yield span
            end = span[1]


def _unopened(number: str) -> str:
    """Return a number without a bracket that is closed behind it, or never."""
    return number[1:] if number.startswith("(") and ")" not in number else number


def _is_telephone(number: str) -> bool:
    if number.isdigit():
        return BARE.fullmatch(number) is not None
    digits = sum(letter.isdigit() for letter in number)
    # Fewer are a room and a room, or a price and a year, unless a prefix says otherwise.
    return IPV4.fullmatch(number) is None and (digits >= 10 or number.startswith(("0", "+", "(0")))


def _valid(digits: str) -> str:
    """Return a number without what follows it; nothing where there is none."""
    import phonenumbers

    while digits:
        for region in REGIONS:
            try:
                if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
                    return digits
            except phonenumbers.NumberParseException:
                continue
        digits = LAST_GROUP.sub("", digits)
    return ""


def _longest(
    pattern: re.Pattern[str], text: str, least: int, holds: Callable[[str], bool]
) -> Iterator[Span]:
    """Yield what begins where ``pattern`` does and is valid without its spaces: the longest."""
    begin = 0
    while found := pattern.search(text, begin):
        begin, last = found.span()
        places = [place for place in range(begin, last) if text[place] not in " -"][:LONGEST]
        for length in range(len(places), least - 1, -1):
            end = places[length - 1] + 1
            whole = length == len(places) or places[length] > end  # not within a group
            if whole and holds("".join(text[place] for place in places[:length])):
                yield found.start(), end
                begin = end
                break
        else:
            begin = places[0] + 1


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

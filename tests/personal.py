"""Personal data that nobody has: made-up numbers that pass their check digits."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

# Each with the word that stands in its place.
SAMPLES = {
    "anna.mueller+shop@mail.example.co.uk": "[e-mail]",
    "zhang_san@163.com": "[e-mail]",
    "+44 20 7946 0958": "[phone]",
    "(415) 555-2671": "[phone]",
    "212-555-0187": "[phone]",
    "4155552671": "[phone]",
    "13800138000": "[phone]",
    "138 0013 8000": "[phone]",
    "+86 138-0013-8000": "[phone]",
    "010-62771234": "[phone]",
    "0594-2817777": "[phone]",
    "400-820-8820": "[phone]",
    "4111 1111 1111 1111": "[card number]",
    "5500-0000-0000-0004": "[card number]",
    "378282246310005": "[card number]",
    "6222021234567890128": "[card number]",
    "11010519491231002X": "[ID number]",
    "536-90-4399": "[SSN]",
    "DE89 3704 0044 0532 0130 00": "[IBAN]",
    "GB82WEST12345698765432": "[IBAN]",
}
MOBILE = ("35", "36", "38", "39", "58", "59", "86", "88")
BEFORE = ("", "call ", "我的号码是", "联系方式：", "(", "It's ", "“", "mail to: ", "，")
AFTER = ("", " today", "谢谢", "。", ", please.", ")", "！", "\n", " 2 times")


def luhn(body: str) -> str:
    """Return digits with their check digit (ISO/IEC 7812)."""
    # The last of the body is doubled.
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(body))]
    return body + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def resident(source: random.Random) -> str:
    """Return a Chinese identity number (GB 11643)."""
    day = f"{source.randint(1930, 2020)}{source.randint(1, 12):02}{source.randint(1, 28):02}"
    body = f"{source.choice((11, 31, 44, 51, 65))}0{source.randint(101, 999)}{day}"
    body += f"{source.randint(0, 999):03}"
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    rest = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11
    return body + "10X98765432"[rest]


def iban(source: random.Random) -> str:
    """Return a German account (ISO 13616), in groups of four or in one."""
    account = "".join(source.choices(string.digits, k=18))
    check = 98 - int(f"{account}131400") % 97
    found = f"DE{check:02}{account}"
    if source.random() < 0.5:
        return found
    return " ".join(found[place : place + 4] for place in range(0, len(found), 4))


def made(source: random.Random) -> tuple[str, str]:
    """Return a number or address of a random kind, and the word for it."""
    digits = "".join(source.choices(string.digits, k=14))
    kinds = {
        "[card number]": lambda: luhn(f"4{digits}"),
        "[ID number]": lambda: resident(source),
        "[IBAN]": lambda: iban(source),
        "[phone]": lambda: source.choice(
            (f"1{source.choice(MOBILE)}{digits[:8]}", f"+86 1{source.choice(MOBILE)}{digits[:8]}")
        ),
        "[e-mail]": lambda: (
            f"{''.join(source.choices(string.ascii_letters + '._-', k=8)).strip('._-')}x"
            f"@{''.join(source.choices(string.ascii_lowercase, k=5))}.example"
        ),
    }
    word = source.choice(list(kinds))
    return kinds[word](), word

from __future__ import annotations

import random

import pytest

from assay.personal import REACH, beginning, masked, spans
from tests.personal import AFTER, BEFORE, SAMPLES, made

WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
# Figures of reports and reviews, English and Chinese: none of them is anybody's.
ORDINARY = [
    "In 2019 we sold 1234567 of 98,765,432 units for $1,234,567.89",
    "价格：￥12999.00元，2023年11月11日下单，第3天到货",
    "version 2.13.0 on 192.168.10.100, 2024-05-17 12:30:59",
    "3.14159265358979 and -0.5 and 1.5e-10 and 99.9 %",
    "seasons 1998-1999, 2001-02; score 21-14; 24/7, 365 days",
    "ISBN 978-0-306-40615-7, EAN 6901234567892, 1700000000000 ms",
    "订单号123456789012345678，运单号 20240517123456",
    "住在1607 1107两个房间，20080503-20080508",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "100 200 300 400 500 600 rows of 1,234,567,890",
    "see @someone at 5 @ 3.50, foo @ bar",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "4111 1111 1111 1112 has no such check digit; nor has 110105194912310021",
]


@pytest.mark.parametrize(("sample", "word"), SAMPLES.items())
@pytest.mark.parametrize("wide", [False, True])
def test_what_is_personal_is_replaced_wherever_it_stands(
    sample: str, word: str, wide: bool
) -> None:
    shown = sample.translate(WIDE) if wide else sample
    for before in BEFORE:
        for after in AFTER:
            assert masked(before + shown + after) == before + word + after


@pytest.mark.parametrize(("sample", "word"), SAMPLES.items())
def test_where_it_stands_is_known_in_the_text_as_it_was(sample: str, word: str) -> None:
    text = f"1\u200b2 {sample} and ann@example.org, {sample}"
    found = spans(text)
    assert [f"[{kind}]" for _, _, kind in found] == [word, "[e-mail]", word]
    assert [text[start:end] for start, end, _ in found] == [sample, "ann@example.org", sample]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_numbers_stay(text: str) -> None:
    assert masked(text) == text


def test_random_numbers_with_their_check_digits_are_found_in_random_texts() -> None:
    source = random.Random(7)  # noqa: S311
    for _ in range(2000):
        (one, first), (other, second) = made(source), made(source)
        before, between, after = source.choice(BEFORE), source.choice(("; ", "，", " 和 ")), ""
        text = f"{before}{one}{between}{other}{after}"
        assert masked(text) == f"{before}{first}{between}{second}", text


def test_random_prices_counts_and_years_stay() -> None:
    source = random.Random(8)  # noqa: S311
    for _ in range(2000):
        years = f"{source.randint(1900, 2100)}年{source.randint(1, 12)}月"
        price = f"${source.randint(1, 10**7):,}.{source.randint(0, 99):02}"
        count = f"{source.randint(0, 10**8 - 1)} 单"
        share = f"{source.random() * 100:.1f} %, {source.random():.6f}"
        text = source.choice(("; ", "，", " and ")).join((years, price, count, share))
        assert masked(text) == text


def test_masking_twice_is_masking_once() -> None:
    source = random.Random(9)  # noqa: S311
    for _ in range(500):
        text = " ".join(made(source)[0] for _ in range(source.randint(1, 4)))
        assert masked(masked(text)) == masked(text)


def test_digits_with_unseen_letters_between_them_are_one_number() -> None:
    assert masked("138\u200b0013\u200b8000") == "[phone]"


def test_the_beginning_of_a_text_holds_no_half_of_a_number() -> None:
    text = "x" * 990 + " 13800138000 " + "y" * 1000
    for letters in range(980, 1010):
        assert "138" not in beginning(text, letters)
    assert beginning("tel 13800138000", 1000) == "tel [phone]"
    assert beginning("a" * 5000, 1000) == "a" * (1000 - REACH)


@pytest.mark.parametrize("part", ["a.", "1-", "4 ", "DE12 ABCD ", "@", "12345678 ", "+1 23 "])
def test_a_long_text_is_done_with(part: str) -> None:
    # What a pattern begins to match, and never ends: a square of its length would be minutes.
    text = part * (50_000 // len(part))
    assert len(masked(text)) <= len(text)

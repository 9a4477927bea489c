from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service import languages

if TYPE_CHECKING:
    from assay.applications.customer_service.turn import Language

ENGLISH: tuple[Language, ...] = ("en",)


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("How long does delivery take?", "English", "en"),
        ("refund??", "English", "en"),
        ("怎么退货", "Chinese", "zh"),
        ("我的 iPhone order 在哪里", "Chinese", "zh"),
        ("Where is my 茶 order from Monday please", "English", "en"),
        ("Wie lange dauert die Lieferung und was kostet sie?", "another in Latin letters", None),
        ("ハンブルクまで何日ですか", "Japanese", None),
        ("Где мой заказ?", "in CYRILLIC", None),
    ],
)
def test_a_message_is_in_one_of_the_services_languages_or_none(
    text: str, name: str, code: str | None
) -> None:
    found = languages.of(text, ("en", "zh"))
    assert (found.name, found.code, found.silent) == (name, code, False)


@pytest.mark.parametrize("text", ["", "?!", "12345", "😀"])
def test_a_message_without_letters_is_in_no_language(text: str) -> None:
    found = languages.of(text, ("en", "zh"))
    assert (found.code, found.silent) == (None, True)


def test_a_language_that_the_service_does_not_speak_has_no_code() -> None:
    assert languages.of("怎么退货", ENGLISH).code is None

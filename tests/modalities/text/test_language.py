from __future__ import annotations

import pytest

from assay.modalities.text import language
from tests import made

OTHERS = {
    "German": "Das Zimmer war sauber, aber in dem Bad was so kalt, man will die Heizung an.",
    "Spanish": "La habitación era muy pequeña y el personal no me ayudó a nada, he de decir.",
    "French": "La chambre était trop petite et le personnel n'a pas répondu, on a froid.",
    "Italian": "La camera era molto piccola ma il personale gentile, a due passi dal centro.",
    "Portuguese": "O quarto era muito pequeno e não voltaremos a este hotel, com certeza.",
    "Polish": "Pokój był bardzo mały i nie było w nim ciepłej wody, to się nie powtórzy.",
    "Turkish": "Oda çok küçüktü ve personel bize yardım etmedi, bir daha gelmeyiz.",
    "Vietnamese": "Phòng rất nhỏ và nhân viên không giúp đỡ, tôi sẽ không quay lại.",
    "Chinese": "房间太小，服务员态度很差，下次不会来了。 OK",
    "Russian": "Номер был маленький, и персонал нам не помог.",
    "Greek": "Το δωμάτιο ήταν πολύ μικρό.",
}
ENGLISH = [
    "how do I activate my new card?",
    "The room was tiny and nobody at the desk could help us.",
    "a charming , funny and beautifully crafted film by its director",
]


@pytest.mark.parametrize("name", OTHERS)
def test_other_languages_are_not_english(name: str) -> None:
    assert not language.is_english([OTHERS[name]])


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_english(text: str) -> None:
    assert language.is_english([text])


def test_keywords_count_as_english() -> None:
    assert language.is_english(made.texts(60)["text"])


def test_a_mixture_is_not_english() -> None:
    assert not language.is_english([*ENGLISH, OTHERS["Chinese"]])


def test_nothing_speaks_against_texts_without_letters() -> None:
    assert language.is_english(["12 + 30 = 42", ""])
    assert language.scripts(["12 + 30 = 42", ""]) == {}


def test_scripts_are_shares_of_letters() -> None:
    assert language.scripts(["好好 ab!", "cд"]) == {"LATIN": 0.5, "CJK": 2 / 6, "CYRILLIC": 1 / 6}


@pytest.mark.parametrize(
    ("name", "language_of"),
    [
        *((name, "another in Latin letters") for name in ("German", "Spanish", "Polish")),
        ("Chinese", "Chinese"),
        ("Russian", "in CYRILLIC"),
        ("Greek", "Greek"),
    ],
)
def test_a_document_has_the_language_of_its_script_and_words(name: str, language_of: str) -> None:
    assert language.language_of(OTHERS[name]) == language_of


def test_a_document_in_english_japanese_or_without_letters() -> None:
    assert {language.language_of(text) for text in ENGLISH} == {"English"}
    assert language.language_of(f"{ENGLISH[1]} He said: 房间太小。") == "English"
    assert language.language_of("部屋はとても小さかったです。") == "Japanese"
    assert language.language_of("他在看一部叫の的很长的日本电影") == "Chinese"
    assert language.language_of("1, 2, 3!") == "none"

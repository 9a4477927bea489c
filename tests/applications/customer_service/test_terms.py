from __future__ import annotations

import pytest

from assay.applications.customer_service import terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How do I return the TEAS?", ["return", "tea"]),
        ("Parties’ boxes and glasses", ["party", "boxe", "glasse"]),
        ("order no. 30-A", ["order", "no", "30", "a"][:3]),
        ("我的快递", ["快", "递", "快递"]),
        ("怎么退货？", ["退", "货", "退货"]),
        ("支持PayPal付款吗", ["支", "持", "支持", "paypal", "付", "款", "付款"]),
        ("what is it", []),
        ("怎么", []),
        ("", []),
    ],
)
def test_terms_of_a_text(text: str, found: list[str]) -> None:
    assert terms.of(text) == found


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("teas", "tea"),
        ("deliveries", "delivery"),
        ("houses", "house"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("is", "is"),
    ],
)
def test_a_plural_has_the_stem_of_its_singular(word: str, stem: str) -> None:
    assert terms.stem(word) == stem

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.serving.contents.texts import Texts
from assay.serving.protocol.limits import DEFAULT, Limits
from assay.serving.protocol.request import InferRequest, parse
from assay.serving.protocol.tensors import Tensor
from assay.serving.refusals import BadRequest, Refusal, TooLarge
from tests.serving import triton

SMALL = Limits(rows=3, text_characters=5)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_the_client_sends_texts_in_any_script(shape: tuple[int, ...], binary: bool) -> None:
    given = triton.texts("I love it", " 烂 \u0000\U0001f600", shape=shape)
    request = triton.asked({"text": given}, binary=binary)
    assert Texts().of_tensors(request, DEFAULT) == ["I love it", " 烂 \u0000\U0001f600"]


def test_a_body_without_json_is_one_text() -> None:
    assert Texts().of_tensors(parse("烂".encode(), 0), DEFAULT) == ["烂"]


def test_plain_json_holds_strings() -> None:
    assert Texts().of_json(["a", "<script>"], DEFAULT) == ["a", "<script>"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"texts": triton.texts("a")}, "the inputs are 'texts'; expected one alone: text"),
        ({"text": triton.texts("a"), "b": triton.texts("a")}, "the inputs are 'text', 'b'"),
        ({"text": np.array([1.5], np.float32)}, "is of FP32; expected BYTES"),
        ({"text": triton.texts("a", "b", shape=(1, 2))}, r"has shape \[1, 2\]; expected \[rows\]"),
        ({"text": triton.texts("a", shape=(1, 1, 1))}, r"has shape \[1, 1, 1\]"),
        ({"text": triton.texts("a", b"\xff")}, r"text 1 \(of 0 to 1\) is not UTF-8"),
        ({"text": triton.texts(b"\xed\xa0\x80")}, "is not UTF-8"),
        ({"text": triton.texts("a", "")}, r"text 1 \(of 0 to 1\) is blank"),
        ({"text": triton.texts(" \t\n\u3000")}, "is blank"),
    ],
)
def test_tensors_that_are_no_texts_are_refused(inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        Texts().of_tensors(triton.asked(inputs), DEFAULT)


@pytest.mark.parametrize("wrong", [None, 1, True, ["a"], {"text": "a"}])
def test_json_that_is_no_text_is_refused(wrong: object) -> None:
    with pytest.raises(BadRequest, match=r"input 1 \(of 0 to 1\) is .*; expected a text"):
        Texts().of_json(["a", wrong], DEFAULT)


def test_a_blank_string_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"text 0 \(of 0 to 1\) is blank"):
        Texts().of_json(["  ", "a"], DEFAULT)


def test_longer_texts_and_more_texts_than_allowed_are_refused() -> None:
    assert Texts().of_json(["abcde"] * 3, SMALL) == ["abcde"] * 3
    with pytest.raises(TooLarge, match=r"text 1 \(of 0 to 1\) has 6 characters; expected 5 at"):
        Texts().of_json(["a", "abcdef"], SMALL)
    with pytest.raises(TooLarge, match="asks about 4 rows; expected 3"):
        Texts().of_json(["a"] * 4, SMALL)
    with pytest.raises(TooLarge, match="asks about 4 rows; expected 3"):
        Texts().of_tensors(triton.asked({"text": triton.texts(*"abcd")}), SMALL)


def test_ten_million_letters_and_a_hundred_thousand_rows_are_refused() -> None:
    with pytest.raises(TooLarge, match="10000000 characters"):
        Texts().of_tensors(triton.asked({"text": triton.texts("x" * 10_000_000)}), DEFAULT)
    with pytest.raises(TooLarge, match="100000 rows"):
        Texts().of_json(["a"] * 100_000, DEFAULT)


def test_a_refusal_never_repeats_a_text() -> None:
    secret = "my card is 4111111111111111"
    wrong: list[InferRequest] = [
        InferRequest((Tensor("text", "BYTES", triton.texts(secret.encode() + b"\xff")),)),
        triton.asked({"other": triton.texts(secret)}),
        triton.asked({"text": triton.texts(secret, "")}),
    ]
    for request in wrong:
        with pytest.raises(Refusal) as refused:
            Texts().of_tensors(request, DEFAULT)
        assert "4111" not in str(refused.value)

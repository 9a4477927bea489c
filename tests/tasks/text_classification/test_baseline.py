from __future__ import annotations

import warnings

import numpy as np
import pytest

from assay.tasks.text_classification import baseline

ENGLISH = ["a good film", "a bad film", "good good fun", "bad, bad :(", "so good!", "not bad"] * 5
ANSWERS = ["good", "bad", "good", "bad", "good", "bad"] * 5
CHINESE = ["很好吃的菜", "太难吃了", "味道好极了", "服务太差了"] * 5


def test_it_learns_and_gives_probabilities_in_label_order() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = baseline.fit_and_predict(ENGLISH, ANSWERS, ["good", "bad"], ["good", "bad"], 1)
        turned = baseline.fit_and_predict(ENGLISH, ANSWERS, ["good", "bad"], ["bad", "good"], 1)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_array_equal(turned, found[:, ::-1])


def test_equal_input_gives_equal_bits() -> None:
    first, second = (
        baseline.fit_and_predict(ENGLISH, ANSWERS, ENGLISH, ["bad", "good"], 1) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_a_class_that_train_lacks_gets_no_probability() -> None:
    found = baseline.fit_and_predict(ENGLISH, ANSWERS, ["good"], ["bad", "odd", "good"], 1)
    assert found[0, 1] == 0
    assert found.sum() == pytest.approx(1)


def test_a_single_class_is_always_the_answer() -> None:
    found = baseline.fit_and_predict(["a", "b"], ["x", "x"], ["c"], ["w", "x"], 1)
    assert found.tolist() == [[0.0, 1.0]]


def test_a_text_without_a_known_word_gets_an_answer() -> None:
    found = baseline.fit_and_predict(ENGLISH, ANSWERS, ["", "zzz"], ["bad", "good"], 1)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_chinese_is_read_by_characters() -> None:
    found = baseline.fit_and_predict(
        CHINESE, ["+", "-", "+", "-"] * 5, ["好吃极了", "太差了吧"], ["-", "+"], 1
    )
    assert found.argmax(axis=1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("texts", "unspaced"),
    [
        (ENGLISH, False),
        (CHINESE, True),
        (["これはペンです"], True),
        (["ราคาดีมาก"], True),
        (["좋은 영화입니다"], False),
        (["это хорошо"], False),
        (["great 好"], False),
        ([":) !!"], False),
    ],
)
def test_script_decides_between_words_and_characters(texts: list[str], unspaced: bool) -> None:
    assert baseline.is_unspaced(texts) == unspaced
    assert baseline.vectorizer(texts, 2).analyzer == ("char" if unspaced else "word")

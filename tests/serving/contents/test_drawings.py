from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.serving.contents import drawings
from assay.serving.contents.drawings import Drawing
from assay.serving.protocol.limits import DEFAULT
from assay.serving.refusals import BadRequest
from tests.serving.triton import asked


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
@pytest.mark.parametrize("binary", [True, False])
def test_a_count_and_a_seed_as_tensors(dtype: Any, binary: bool) -> None:
    inputs = {"count": np.array([3], dtype), "seed": np.array([[7]], dtype)}
    assert drawings.of_tensors(asked(inputs, binary=binary), DEFAULT) == Drawing(3, 7)
    alone = {"count": np.array([256], np.int32)}
    assert drawings.of_tensors(asked(alone), DEFAULT) == Drawing(256, 0)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"seed": np.array([1])}, "the inputs are 'seed'; expected count, and seed or not"),
        ({"count": np.array([1]), "noise": np.array([1])}, "'count', 'noise'"),
        ({"count": np.array([1.0])}, "'count' is of FP64; expected a whole number"),
        ({"count": np.array([1, 2])}, r"'count' has shape \[2\]; expected one number"),
        ({"count": np.array([257])}, "count is 257; expected 1 to 256 images in one request"),
        ({"count": np.array([0])}, "count is 0; expected 1 to 256"),
        ({"count": np.array([1]), "seed": np.array([-1])}, "seed is -1; expected 0 to 4294967295"),
        ({"count": np.array([1]), "seed": np.array([2**32])}, "seed is 4294967296"),
    ],
)
def test_wrong_tensors_are_refused_with_what_is_expected(inputs: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        drawings.of_tensors(asked(inputs), DEFAULT)


def test_the_same_in_plain_json() -> None:
    assert drawings.of_json([{"count": 2, "seed": 5}], DEFAULT) == Drawing(2, 5)
    assert drawings.of_json([{"count": 2}], DEFAULT) == Drawing(2, 0)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([{"count": 1}, {"count": 1}], "2 inputs are there; expected one"),
        (["a text"], "the input is a string; expected an object with count and seed"),
        ([{}], "the inputs are none; expected count"),
        ([{"count": True}], "'count' is true or false; expected a whole number"),
        ([{"count": 1.5}], "'count' is a number; expected a whole number"),
        ([{"count": 10**6}], "count is 1000000; expected 1 to 256"),
        ([{"count": 1, "prompt": 1}], "'count', 'prompt'"),
    ],
)
def test_wrong_json_is_refused_with_what_is_expected(inputs: list[object], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        drawings.of_json(inputs, DEFAULT)

from __future__ import annotations

import numpy as np
import pytest

from assay.errors import ParityFailed
from assay.objectives.classification import agreement

CURE = "report this with the versions that `assay doctor` prints; nothing was exported"


def test_rounding_passes_and_more_does_not() -> None:
    assert agreement.require_near(1e-4) == 1e-4
    with pytest.raises(ParityFailed, match=r"by 0\.00011 in a logit") as refused:
        agreement.require_near(1.1e-4)
    assert refused.value.expected == "at most 0.0001"
    assert refused.value.cure == CURE


def test_a_difference_that_is_no_number_does_not_pass() -> None:
    with pytest.raises(ParityFailed):
        agreement.require_near(float("nan"))


def test_every_row_must_get_the_same_class() -> None:
    expected = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    assert agreement.same_answers(expected, expected + 1) == 30
    found = expected.copy()
    found[4] = -found[4]
    with pytest.raises(ParityFailed) as refused:
        agreement.same_answers(expected, found)
    assert refused.value.found == (
        "1 of 30 validation rows get another class from ONNX than from torch"
    )
    assert refused.value.expected == "none"
    assert refused.value.cure == CURE

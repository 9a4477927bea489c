from __future__ import annotations

import pytest

from assay.objectives.classification import precision
from assay.settings.classification import ClassificationExport

pytestmark = pytest.mark.processor


def _settings(**changes: object) -> ClassificationExport:
    return ClassificationExport.model_validate({"max_f1_drop": 0.005, **changes})


def test_int8_is_served_when_it_loses_little() -> None:
    assert precision.choose(_settings(), 0.005, 0.0)[0] == "int8"
    assert precision.choose(_settings(), -0.1, 1e-3)[0] == "int8"


def test_fp32_is_served_when_int8_costs_too_much_or_depends_on_neighbours() -> None:
    assert precision.choose(_settings(), 0.0051, 0.0) == (
        "fp32",
        "int8 costs 0.0051 of validation macro F1 (allowed: 0.005)",
    )
    chosen, reason = precision.choose(_settings(), 0.0, 0.28)
    assert chosen == "fp32"
    assert reason.startswith("int8 answers depend on their neighbours: a logit moves by 0.28")


@pytest.mark.parametrize("asked", ["fp32", "int8"])
def test_what_is_asked_for_is_served_whatever_it_costs(asked: str) -> None:
    chosen, reason = precision.choose(_settings(precision=asked), 0.9, 0.9)
    assert chosen == asked
    assert "export.precision asks for it" in reason


@pytest.mark.parametrize(("value", "shown"), [(1.234e-6, 1e-6), (0.0, 0.0), (9.6e-5, 1e-4)])
def test_differences_are_told_by_their_first_digit(value: float, shown: float) -> None:
    assert precision.one_digit(value) == shown

from __future__ import annotations

import pytest

from assay.objectives.generation.precision import MOST_BY_NEIGHBOURS, Trial, choose, is_within_bound
from assay.settings.generation import GenerationExport


def _settings(**changes: object) -> GenerationExport:
    return GenerationExport.model_validate({"max_bits_rise": 0.01, **changes})


def test_int8_is_served_when_it_needs_few_bits_more() -> None:
    assert choose(_settings(), Trial(2.0, 2.019, 0.0)) == (
        "int8",
        "int8 needs +0.95% bits per byte, 1.00% may be",
    )
    assert choose(_settings(), Trial(2.0, 1.9, MOST_BY_NEIGHBOURS))[0] == "int8"
    assert Trial(2.0, 2.5, 0.0).rise == pytest.approx(0.25)


def test_fp32_is_served_when_int8_costs_too_much_or_depends_on_neighbours() -> None:
    assert choose(_settings(), Trial(2.0, 2.021, 0.0))[0] == "fp32"
    chosen, reason = choose(_settings(), Trial(2.0, 2.0, 0.28))
    assert chosen == "fp32"
    assert "moves by 0.28 with its neighbours" in reason


@pytest.mark.parametrize("trial", [Trial(2.0, 9.0, 0.5), Trial(2.0, 1.0, 0.0)])
@pytest.mark.parametrize("asked", ["fp32", "int8"])
def test_what_is_asked_for_is_served_whatever_it_costs(asked: str, trial: Trial) -> None:
    assert choose(_settings(precision=asked), trial) == (asked, f"export.precision is {asked}")


def test_layers_that_stay_in_fp32_are_told() -> None:
    trial = Trial(2.0, 2.002, 0.0, kept=13, layers=210)
    assert choose(_settings(), trial)[1] == (
        "int8 with 13 of 210 linear layers in fp32 needs +0.10% bits per byte, 1.00% may be"
    )


@pytest.mark.parametrize(
    ("asked", "bits", "within"),
    [("auto", 2.0199, True), ("auto", 2.021, False), ("int8", 9.0, True), ("fp32", 9.0, True)],
)
def test_only_where_bits_decide_they_are_bound(asked: str, bits: float, within: bool) -> None:
    assert is_within_bound(_settings(precision=asked), 2.0, bits) is within

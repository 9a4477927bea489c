from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

from assay.tasks.table_classification.preprocessing import (
    UNKNOWN,
    Categories,
    Numbers,
    codes,
    vocabulary,
)

pytestmark = pytest.mark.processor

SCALINGS = ("quantile", "robust")


def _fitted(values: list[float], scaling: str, quantiles: int = 4) -> Numbers:
    layer = Numbers(1, scaling, quantiles)
    layer.fit(torch.tensor(values, dtype=torch.float32)[:, None])
    return layer


def _out(layer: Numbers, *values: float) -> list[float]:
    found = layer(torch.tensor(values, dtype=torch.float32)[:, None])
    return [round(float(one), 4) for one in found[:, 0]]


def test_robust_scaling_is_by_median_and_quartiles_clipped() -> None:
    layer = _fitted([0, 10, 20, 30, 40], "robust")
    assert _out(layer, 20, 40, 0, 1e6, -1e6) == [0.0, 1.0, -1.0, 5.0, -5.0]


def test_quantile_scaling_is_uniform_with_variance_one() -> None:
    values = np.random.default_rng(0).exponential(1e3, 2000).tolist()
    layer = _fitted(values, "quantile", 32)
    found = layer(torch.tensor(values)[:, None])[:, 0]
    assert float(found.mean()) == pytest.approx(0, abs=0.02)
    assert float(found.std()) == pytest.approx(1, abs=0.02)
    top = 0.5 * 12**0.5
    assert _out(layer, 1e30, -1e30) == [round(top, 4), -round(top, 4)]


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_missing_number_is_the_median_and_says_so(scaling: str) -> None:
    layer = _fitted([1, 2, 3, math.nan, 100, 4], scaling)
    found = layer(torch.tensor([[math.nan], [3.0]]))
    assert found[:, 1].tolist() == [1.0, 0.0]
    assert found[0, 0] == found[1, 0]


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize(
    "values",
    [[5.0] * 9, [math.nan] * 9, [0.0] * 8 + [1.0], [math.nan] * 8 + [1.0], [1e30, -1e30, 0.0]],
    ids=["constant", "all missing", "mostly one", "one known", "huge"],
)
def test_odd_columns_give_finite_features(values: list[float], scaling: str) -> None:
    layer = _fitted(values, scaling)
    asked = torch.tensor([[-1e30], [0.0], [math.nan], [5.0], [1e30]])
    found = layer(asked)
    assert torch.isfinite(found).all()
    assert found[:, 0].diff()[[0]].ge(0).all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_unit_of_a_column_decides_nothing(scaling: str) -> None:
    """Also wavelengths in metres: 4e-7 to 7e-7."""
    values = np.random.default_rng(0).uniform(400, 700, 200)
    nano, metres = (_fitted((values * unit).tolist(), scaling) for unit in (1.0, 1e-9))
    first = nano(torch.tensor(values, dtype=torch.float32)[:, None])
    second = metres(torch.tensor(values * 1e-9, dtype=torch.float32)[:, None])
    torch.testing.assert_close(first, second, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_larger_number_never_gets_a_smaller_feature(scaling: str) -> None:
    values = [0.0] * 50 + np.random.default_rng(0).lognormal(3, 2, 50).tolist()
    layer = _fitted(values, scaling, 16)
    asked = torch.linspace(-10, 1000, 400)[:, None]
    assert layer(asked)[:, 0].diff().ge(-1e-6).all()


def test_statistics_are_kept_with_the_weights() -> None:
    layer = _fitted([1, 2, 3, 4], "quantile")
    other = Numbers(1, "quantile", 4)
    other.load_state_dict(layer.state_dict())
    assert _out(other, 1.7) == _out(layer, 1.7)


def test_rare_categories_are_unknown_and_missing_ones_may_be_known() -> None:
    column = pd.Series(["b"] * 5 + ["a"] * 6 + ["rare"] * 4 + [""] * 5)
    assert vocabulary(column, 5) == ["", "a", "b"]
    assert vocabulary(column, 7) == []
    table = pd.DataFrame({"x": ["b", "rare", "", "never seen"]})
    assert codes(table, {"x": ["", "a", "b"]})[:, 0].tolist() == [3, UNKNOWN, 1, UNKNOWN]


def test_codes_of_no_column_and_of_no_known_category() -> None:
    table = pd.DataFrame({"x": ["a", "b"]})
    assert codes(table, {}).shape == (2, 0)
    assert codes(table, {"x": []}).tolist() == [[UNKNOWN], [UNKNOWN]]


@pytest.mark.parametrize(("size", "width"), [(0, 1), (1, 2), (2, 2), (5, 4), (1000, 16)])
def test_embeddings_are_no_wider_than_their_column_needs(size: int, width: int) -> None:
    layer = Categories([size], 16)
    assert layer.width == width
    assert layer(torch.tensor([[UNKNOWN], [size]])).shape == (2, width)


def test_a_column_whose_quartiles_are_one_value_is_scaled_by_its_deviation() -> None:
    values = torch.zeros(100, 1)
    values[:10, 0] = torch.linspace(1000, 10_000, 10)
    layer = Numbers(1, "robust", 4)
    layer.fit(values)
    assert float(layer.spread) == pytest.approx(float(values.double().std(correction=0)), rel=1e-6)
    scaled = layer(values)[:, 0]
    assert len(set(scaled[:10].tolist())) == 10, "what differs stays different"

from __future__ import annotations

import numpy as np
import pytest

from assay.applications.customer_service.logit import Logit


def choices(rows: int = 200) -> tuple[list[np.ndarray], list[int]]:
    """Return choices of which the alternative with the highest first signal is mostly right."""
    random = np.random.default_rng(3)
    signals = [random.random((5, 2)) for _ in range(rows)]
    right = [int((one[:, 0] + random.normal(0, 0.1, 5)).argmax()) for one in signals]
    return signals, right


def test_the_signal_that_tells_gets_the_weight() -> None:
    fitted = Logit.fit(*choices(), none=0.5)
    assert fitted.weights[0] > 5 > abs(fitted.weights[1])


def test_probabilities_sum_to_one_and_what_is_gone_has_none() -> None:
    signals, right = choices()
    fitted = Logit.fit(signals, right, none=0.5)
    found = fitted.probabilities(signals[0])
    assert found.shape == (6,)
    assert found.sum() == pytest.approx(1)
    without = fitted.probabilities(signals[0], gone=2)
    assert without[2] == 0
    assert without.sum() == pytest.approx(1)


def test_the_mean_probability_of_none_is_its_share() -> None:
    """As maximum likelihood with an intercept of its own has it."""
    signals, right = choices()
    for share in (0.2, 0.5):
        fitted = Logit.fit(signals, right, none=share)
        inside = np.mean([fitted.probabilities(one)[-1] for one in signals])
        outside = np.mean(
            [fitted.probabilities(one, gone)[-1] for one, gone in zip(signals, right, strict=True)]
        )
        assert (1 - share) * inside + share * outside == pytest.approx(share, abs=0.01)


def test_signals_that_separate_everything_still_give_finite_weights() -> None:
    signals = [np.eye(4)[:, :1][::-1].copy() for _ in range(30)]
    fitted = Logit.fit(signals, [3] * 30, none=0.2)
    assert np.isfinite([*fitted.weights, fitted.none]).all()
    assert fitted.probabilities(signals[0]).argmax() == 3

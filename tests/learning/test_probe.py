from __future__ import annotations

import warnings

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import cross_entropy, one_hot

from assay.learning import probe, seeding

pytestmark = pytest.mark.processor

ROWS, WIDTH, CLASSES = 300, 8, 3


def _drawn(rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of different sizes, and the classes that a linear rule gives them."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, WIDTH, generator=generator) * torch.logspace(-2, 2, WIDTH) + 3
    rule = torch.randn(WIDTH, CLASSES, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(rows, CLASSES, generator=generator)
    standardised = (features - 3) / torch.logspace(-2, 2, WIDTH)
    return features, (standardised @ rule + noise).argmax(1)


@pytest.fixture(autouse=True)
def deterministic() -> None:
    seeding.make_deterministic(0, 1)


def test_it_is_the_optimum_of_penalised_cross_entropy() -> None:
    features, classes = _drawn(ROWS, 1)
    asked, truth = _drawn(100, 2)

    def score(logits: torch.Tensor) -> float:
        return -float(cross_entropy(logits, truth))

    found = probe.fit(features, classes, CLASSES, asked, score)
    assert found.penalty in probe.PENALTIES
    standardised = (features - features.mean(0)) / features.std(0)
    reference = LogisticRegression(C=1 / (ROWS * found.penalty), tol=1e-8, max_iter=10_000)
    reference.fit(standardised.numpy(), classes.numpy())
    expected = reference.predict_proba(((asked - features.mean(0)) / features.std(0)).numpy())
    torch.testing.assert_close(
        found.probe.logits(asked).softmax(1),
        torch.from_numpy(expected).float(),
        atol=2e-3,
        rtol=0,
    )


def test_the_penalty_of_the_best_score_is_chosen_and_of_equals_the_simplest() -> None:
    features, classes = _drawn(ROWS, 1)
    scores = iter([0.1, 0.7, 0.7, 0.2, 0.3, 0.1, 0.0])
    found = probe.fit(features, classes, CLASSES, features, lambda _: next(scores))
    assert (found.penalty, found.score) == (probe.PENALTIES[1], 0.7)


def test_target_probabilities_that_are_certain_are_classes() -> None:
    features, classes = _drawn(ROWS, 1)
    sure = one_hot(classes, CLASSES).float()
    hard, soft = (
        probe.fit(features, targets, CLASSES, features, lambda _: 0.0).probe
        for targets in (classes, sure)
    )
    torch.testing.assert_close(hard.weight, soft.weight, atol=1e-3, rtol=1e-3)


def test_a_constant_feature_and_a_class_without_rows_are_borne() -> None:
    features, classes = _drawn(ROWS, 1)
    features[:, 0] = 5.0 + 1e-7 * torch.randn(ROWS)
    found = probe.fit(features, classes.clamp(max=1), CLASSES, features, lambda _: 0.0).probe
    assert torch.isfinite(found.weight).all()
    assert (found.weight[:, 0] == 0).all()
    assert found.weight.shape == (CLASSES, WIDTH)
    assert found.logits(features).softmax(1)[:, 2].max() < 0.05


def test_nothing_is_warned_about() -> None:
    features, classes = _drawn(ROWS, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe.fit(features, classes, CLASSES, features, lambda _: 0.0)


def test_two_are_equal_bit_for_bit() -> None:
    features, classes = _drawn(ROWS, 1)
    first, second = (probe.fit(features, classes, CLASSES, features, lambda _: 0.0) for _ in "ab")
    assert torch.equal(first.probe.weight, second.probe.weight)
    assert torch.equal(first.probe.bias, second.probe.bias)

from __future__ import annotations

import pytest
import torch

from assay.learning.muon import Muon, orthogonal

pytestmark = pytest.mark.processor


@pytest.mark.parametrize("shape", [(16, 144), (64, 64), (144, 16)])
def test_singular_values_come_near_one_and_their_vectors_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, values, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    matrix = left @ torch.diag(torch.linspace(0.3, 1, len(values))) @ right
    found = orthogonal(1000 * matrix)
    assert found.shape == shape
    turned = left.T @ found @ right.T
    diagonal = turned.diagonal()
    assert 0.3 < float(diagonal.min()) < float(diagonal.max()) < 1.3
    assert float((turned - torch.diag(diagonal)).abs().max()) < 1e-4


def test_a_gradient_of_zeros_is_an_update_of_zeros() -> None:
    assert torch.equal(orthogonal(torch.zeros(4, 9)), torch.zeros(4, 9))


def _weight() -> torch.nn.Parameter:
    torch.manual_seed(1)
    return torch.nn.Parameter(torch.randn(8, 4, 3, 3))


def _step(weight: torch.nn.Parameter, optimiser: Muon) -> None:
    weight.grad = torch.full_like(weight, 0.5).mul_(torch.sign(weight.detach()))
    optimiser.step()


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_a_filters_step_does_not_depend_on_its_gradients_scale(factor: float) -> None:
    weight, other = _weight(), _weight()
    for one, scale in ((weight, 1.0), (other, factor)):
        torch.manual_seed(2)
        one.grad = scale * torch.randn_like(one)
        Muon([{"params": [one], "lr": 0.1, "orthogonal": True}], momentum=0.6).step()
    torch.testing.assert_close(weight, other, atol=1e-4, rtol=1e-3)


def test_a_normalised_filter_has_a_norm_of_one_a_row_before_it_is_updated() -> None:
    weight = _weight()
    weight.grad = torch.zeros_like(weight)
    group = {"params": [weight], "lr": 0.1, "orthogonal": True, "normalised": True}
    Muon([group], momentum=0.6).step()
    assert float(weight.detach().norm()) == pytest.approx(8**0.5, rel=1e-5)


def test_the_other_groups_learn_as_nesterovs_sgd() -> None:
    ours, theirs = _weight(), _weight()
    group = {"params": [ours], "lr": 0.1, "weight_decay": 0.01}
    muon = Muon([group], momentum=0.85)
    sgd = torch.optim.SGD([theirs], lr=0.1, momentum=0.85, nesterov=True, weight_decay=0.01)
    for seed in range(4):
        torch.manual_seed(seed)
        gradient = torch.randn_like(ours)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        sgd.step()
    torch.testing.assert_close(ours, theirs)


def test_the_layout_in_memory_changes_no_bit() -> None:
    plain = _weight()
    last = torch.nn.Parameter(_weight().detach().to(memory_format=torch.channels_last))
    for weight in (plain, last):
        group = {"params": [weight], "lr": 0.1, "orthogonal": True, "normalised": True}
        optimiser = Muon([group], momentum=0.6)
        for _ in range(3):
            _step(weight, optimiser)
    assert torch.equal(plain, last)

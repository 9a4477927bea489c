from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.learning.muon import orthogonal
from assay.learning.muon_adamw import BETAS, EPSILON, MOMENTUM, MuonAdamW, muon_adamw
from assay.learning.recipe import Recipe
from assay.learning.resumption import STATE, ResumableState
from assay.learning.state import Position, digest, tensors_of
from tests.learning import made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.learning.loop import Training
    from assay.learning.run import MetricLogger

pytestmark = pytest.mark.processor


class Model(torch.nn.Module):
    """An embedding, a block of two matrices and a norm, and a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.table = torch.nn.Embedding(7, 12)
        self.blocks = torch.nn.Sequential(
            torch.nn.Linear(12, 30), torch.nn.LayerNorm(30), torch.nn.Linear(30, 12, bias=False)
        )
        self.head = torch.nn.Linear(12, 7)


def _give_gradients(model: torch.nn.Module, seed: int, scale: float = 1.0) -> None:
    torch.manual_seed(seed)
    for weight in model.parameters():
        weight.grad = scale * torch.randn_like(weight)


def _groups(model: Model) -> dict[str, tuple[float, bool]]:
    """Return the decay of each weight, and whether its update is orthogonal."""
    optimiser = muon_adamw(model, model.blocks, 0.1, 0.3)
    places = {
        id(weight): (group["weight_decay"], group["orthogonal"])
        for group in optimiser.param_groups
        for weight in group["params"]
    }
    return {name: places[id(weight)] for name, weight in model.named_parameters()}


def test_matrices_of_the_blocks_alone_are_updated_orthogonally_and_no_vector_decays() -> None:
    assert _groups(Model()) == {
        "table.weight": (0.3, False),
        "blocks.0.weight": (0.3, True),
        "blocks.0.bias": (0.0, False),
        "blocks.1.weight": (0.0, False),
        "blocks.1.bias": (0.0, False),
        "blocks.2.weight": (0.3, True),
        "head.weight": (0.3, False),
        "head.bias": (0.0, False),
    }


def test_what_is_frozen_is_not_learned_and_no_group_is_empty() -> None:
    model = Model()
    model.blocks.requires_grad_(False)
    optimiser = muon_adamw(model, model.blocks, 0.1, 0.3)
    learned = [weight for group in optimiser.param_groups for weight in group["params"]]
    assert len(learned) == 3
    assert [len(group["params"]) for group in optimiser.param_groups] == [2, 1]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_the_other_groups_learn_as_torchs_adamw(scale: float, decay: float) -> None:
    ours, theirs = Model(), Model()
    own = MuonAdamW([{"params": list(ours.parameters()), "weight_decay": decay}], 0.02)
    other = torch.optim.AdamW(
        theirs.parameters(), lr=0.02, betas=BETAS, eps=EPSILON, weight_decay=decay
    )
    for step in range(12):
        for model, optimiser in ((ours, own), (theirs, other)):
            _give_gradients(model, step, scale)
            optimiser.param_groups[0]["lr"] = 0.02 * (1 - step / 20)
            optimiser.step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=2e-6, atol=2e-7)
    assert not made.same(ours.state_dict(), Model().state_dict()), "something was learned"


def _matrix(shape: tuple[int, int]) -> torch.nn.Parameter:
    torch.manual_seed(1)
    return torch.nn.Parameter(torch.randn(shape))


def _orthogonal(weight: torch.nn.Parameter, rate: float, decay: float = 0.0) -> MuonAdamW:
    group = {"params": [weight], "weight_decay": decay, "orthogonal": True}
    return MuonAdamW([group], rate)


@pytest.mark.parametrize("shape", [(16, 144), (64, 64), (144, 16)])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_an_orthogonal_update_has_the_size_of_adamws_whatever_the_gradients(
    shape: tuple[int, int], scale: float
) -> None:
    weight = _matrix(shape)
    before = weight.detach().clone()
    weight.grad = scale * torch.randn(shape)
    _orthogonal(weight, 0.1).step()
    moved = (before - weight.detach()) / 0.1
    # Singular values near 1, of which there are min(m, n): a root mean square of 0.2.
    assert float(moved.square().mean().sqrt()) == pytest.approx(0.2, rel=0.2)


def test_two_orthogonal_steps_are_those_of_the_formula() -> None:
    weight = _matrix((6, 10))
    expected, momentum = weight.detach().clone(), torch.zeros(6, 10)
    optimiser = _orthogonal(weight, 0.05, decay=0.4)
    for seed in range(2):
        torch.manual_seed(seed)
        gradient = torch.randn(6, 10)
        weight.grad = gradient.clone()
        optimiser.step()
        momentum = MOMENTUM * momentum + gradient
        update = orthogonal(gradient + MOMENTUM * momentum, 5)
        expected = (1 - 0.05 * 0.4) * expected - 0.05 * 0.2 * 10**0.5 * update
    torch.testing.assert_close(weight.detach(), expected)


@pytest.mark.parametrize("is_orthogonal", [True, False])
def test_decay_shrinks_weights_by_the_rate_alone(is_orthogonal: bool) -> None:
    weight = _matrix((4, 9))
    before = weight.detach().clone()
    weight.grad = torch.zeros_like(weight)
    group = {"params": [weight], "weight_decay": 0.5, "orthogonal": is_orthogonal}
    MuonAdamW([group], 0.1).step()
    torch.testing.assert_close(weight.detach(), before * (1 - 0.1 * 0.5))


def test_a_weight_without_a_gradient_stays_as_it_is() -> None:
    model = Model()
    _give_gradients(model, 0)
    model.table.weight.grad = None
    muon_adamw(model, model.blocks, 0.1, 0.3).step()
    assert torch.equal(model.table.weight, Model().table.weight)
    assert not torch.equal(model.head.weight, Model().head.weight)


def _taught(model: Model, optimiser: torch.optim.Optimizer, seeds: range) -> None:
    for seed in seeds:
        _give_gradients(model, seed)
        optimiser.step()


def test_all_moments_come_back_bit_for_bit(tmp_path: Path) -> None:
    whole = Model()
    optimiser = muon_adamw(whole, whole.blocks, 0.05, 0.1)
    _taught(whole, optimiser, range(3))
    tensors, at = tensors_of(whole, optimiser, {}, {}), Position(step=3)
    ResumableState(tmp_path, "a").save(tensors, at, digest(tensors, at))
    _taught(whole, optimiser, range(3, 6))

    model = Model()
    fresh = muon_adamw(model, model.blocks, 0.05, 0.1)
    assert ResumableState(tmp_path, "a").load(model, fresh)
    _taught(model, fresh, range(3, 6))
    assert made.same(model.state_dict(), whole.state_dict())
    before, after = optimiser.state_dict()["state"], fresh.state_dict()["state"]
    assert before.keys() == after.keys()
    assert {tuple(sorted(one)) for one in before.values()} == {
        ("momentum",),
        ("first", "second", "step"),
    }
    for place in before:
        assert made.same(before[place], after[place])


class Killed:
    """Ends the training at a step, as a killed process would."""

    def log(self, step: int, metrics: object) -> None:
        """Take the metrics of one step."""
        if step == 40:
            raise KeyboardInterrupt


def _training(folder: Path, logger: MetricLogger | None = None) -> tuple[torch.nn.Module, Training]:
    settings = made.settings()
    updates = Recipe(
        optimiser=lambda model: muon_adamw(model, model.get_submodule("0"), 0.02, 0.1),
        schedule=lambda step, steps: 1 - step / steps,
    )
    return made.training(folder, settings, made.setup(settings), logger, updates)


def test_a_killed_training_resumes_and_ends_in_the_same_bits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, training = _training(tmp_path / "whole")
    curve = training.run()
    with pytest.raises(KeyboardInterrupt):
        _training(tmp_path / "killed", Killed())[1].run()
    assert (tmp_path / "killed" / STATE).exists()
    capsys.readouterr()
    resumed, training = _training(tmp_path / "killed")
    assert training.run() == curve
    assert "training resumes at step" in capsys.readouterr().err
    assert made.same(resumed.state_dict(), whole.state_dict())
    assert not made.same(resumed.state_dict(), made.network().state_dict())

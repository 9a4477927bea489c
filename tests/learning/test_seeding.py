from __future__ import annotations

import torch

from assay.learning import seeding


def _learn(seed: int) -> list[str]:
    seeding.make_deterministic(seed, 1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.Dropout(0.5))
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
    for _ in range(5):
        model(torch.randn(32, 64)).square().mean().backward()
        optimiser.step()
    return [float(value.detach().double().sum()).hex() for value in model.parameters()]


def test_equal_seeds_give_equal_bits() -> None:
    assert _learn(1) == _learn(1)
    assert _learn(1) != _learn(2)


def test_threads_and_algorithms_are_fixed() -> None:
    seeding.make_deterministic(0, 1)
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()

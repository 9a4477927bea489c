from __future__ import annotations

import pytest
import torch

from assay.learning.lookahead import EVERY, KEPT, Lookahead

pytestmark = pytest.mark.processor


def _model() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def _move(model: torch.nn.Module, by: float) -> None:
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value += by


def test_between_its_turns_it_touches_nothing() -> None:
    model = _model()
    lookahead = Lookahead(model, steps=100)
    slow = {name: value.clone() for name, value in lookahead.slow.items()}
    _move(model, 1.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for step in range(1, EVERY):
        lookahead.after_step(step)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(torch.equal(value, slow[name]) for name, value in lookahead.slow.items())


def test_slow_and_fast_meet_the_nearer_to_the_slow_the_later_it_is() -> None:
    for step in (5, 50, 100):
        model = _model()
        lookahead = Lookahead(model, steps=100)
        weight = model.state_dict()["0.weight"]
        before = weight.clone()
        _move(model, 1.0)
        lookahead.after_step(step)
        kept = KEPT * (step / 100) ** 3
        torch.testing.assert_close(weight, before + (1 - kept))
        assert torch.equal(weight, lookahead.slow["0.weight"])


def test_the_last_step_is_always_its_turn() -> None:
    model = _model()
    lookahead = Lookahead(model, steps=7)
    _move(model, 1.0)
    lookahead.after_step(7)
    assert torch.equal(model.state_dict()["1.running_mean"], lookahead.slow["1.running_mean"])


def test_what_it_was_comes_back() -> None:
    model, other = _model(), _model()
    lookahead, again = Lookahead(model, steps=10), Lookahead(other, steps=10)
    _move(model, 0.5)
    lookahead.after_step(5)
    again.load(lookahead.slow)
    assert again.slow.keys() == lookahead.slow.keys()
    assert all(torch.equal(again.slow[name], value) for name, value in lookahead.slow.items())
    assert "1.num_batches_tracked" not in lookahead.slow, "a count has no mean"

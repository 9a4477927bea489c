from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.tasks.text_classification import distillation, network
from assay.tasks.text_classification.settings import Distillation

pytestmark = pytest.mark.processor


class Fixed(torch.nn.Module):
    """Answers with its one parameter, whatever it is asked."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(logits)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        assert input_ids.shape == attention_mask.shape
        return self.logits


STUDENT = torch.tensor([[1.0, -0.5, 0.25], [0.0, 2.0, -1.0]])
TEACHER = torch.tensor([[2.0, 0.5, -1.0], [-0.5, 1.0, 1.5]])


def loss(labels: torch.Tensor, weights: torch.Tensor | None = None, **chosen: float) -> float:
    named = Distillation.model_validate({"model": "large", **chosen})
    return distillation.loss(Fixed(STUDENT), batch(labels), named, weights).item()


def batch(labels: torch.Tensor) -> dict[str, torch.Tensor]:
    ids = torch.ones((2, 4), dtype=torch.int64)
    parts = {"input_ids": ids, "attention_mask": ids, "labels": labels}
    return {**parts, distillation.TEACHER: TEACHER}


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(logits) / np.exp(logits).sum(1, keepdims=True))


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_it_is_the_formula_of_the_paper(temperature: float) -> None:
    found = loss(torch.tensor([0, 2]), weight=0.3, temperature=temperature)
    asked, answered = (softmax(one.double().numpy() / temperature) for one in (TEACHER, STUDENT))
    soft = (asked * np.log(asked / answered)).sum(1).mean()
    hard = -np.log(softmax(STUDENT.double().numpy()))[[0, 1], [0, 2]].mean()
    assert found == pytest.approx(0.3 * temperature**2 * soft + 0.7 * hard)


def test_a_student_that_answers_as_its_teacher_has_nothing_to_learn_from_it() -> None:
    """What is added to all logits of a row makes no difference."""
    model = Fixed(TEACHER + 5)
    rows, chosen = batch(torch.tensor([0, 1])), Distillation(model="large", weight=1)
    found = distillation.loss(model, rows, chosen)
    assert found.item() == pytest.approx(0, abs=1e-6)
    (gradient,) = torch.autograd.grad(found, [model.logits])
    torch.testing.assert_close(gradient, torch.zeros(2, 3), atol=1e-6, rtol=0)


def test_class_weights_multiply_the_cross_entropy_alone() -> None:
    weights, labels = torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0, 1])
    hard = [network.loss(Fixed(STUDENT), batch(labels), each).item() for each in (None, weights)]
    more = loss(labels, weights, weight=0.25) - loss(labels, weight=0.25)
    assert more == pytest.approx(0.75 * (hard[1] - hard[0]), abs=1e-6)
    assert more != pytest.approx(0, abs=1e-3)
    assert loss(labels, weights, weight=1) == loss(labels, weight=1)


def test_target_probabilities_are_learned_beside_the_teacher() -> None:
    soft = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]])
    hard = network.loss(Fixed(STUDENT), batch(soft)).item()
    teachers = loss(soft, weight=1)
    assert loss(soft, weight=0.5) == pytest.approx((hard + teachers) / 2)

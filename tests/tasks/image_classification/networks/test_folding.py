from __future__ import annotations

import pytest
import torch

from assay.tasks.image_classification.networks import folding, speednet
from tests.tasks.image_classification.networks.made import NETWORKS, built

pytestmark = pytest.mark.processor

every_network = pytest.mark.parametrize("name", NETWORKS)


@every_network
def test_folded_batch_norms_change_no_answer_and_are_gone(name: str) -> None:
    model, pixels = built(name)
    for start in range(0, 40, 10):
        model(pixels[start : start + 10])
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "normalization" in key and key.endswith("bias"):
                weight.normal_()
    model.eval()
    folded = folding.fold(model)
    torch.testing.assert_close(folded(pixels), model(pixels), atol=1e-4, rtol=1e-4)
    assert not [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert bool(norms) == (name != "lenet"), "what was given is not touched"


def test_a_norm_behind_a_pool_that_turns_signs_is_not_folded() -> None:
    unit = speednet.Unit(4, 4, pool=True).eval()
    with torch.no_grad():
        unit.normalization.weight[1] = -1
    assert isinstance(folding.fold(unit).normalization, torch.nn.BatchNorm2d)

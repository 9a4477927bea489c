from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.tasks.image_classification.networks import speednet
from tests.tasks.image_classification.networks.made import built

pytestmark = pytest.mark.processor


def test_whitened_patches_have_no_correlation_and_variance_one() -> None:
    model, _ = built("speednet", size=32)
    # Pixels that depend on their neighbours, with enough of each direction.
    random = np.random.default_rng(0).normal(size=(400, 3, 32, 32)).astype(np.float32)
    images = torch.nn.functional.avg_pool2d(torch.from_numpy(random), 3, 1, 1)
    images = (images - images.mean()) / images.std()
    net = model.network
    assert isinstance(net, speednet.Speednet)
    net.whiten(images)
    found = net.whitening(images)[:, :12].transpose(0, 1).reshape(12, -1)
    torch.testing.assert_close(torch.cov(found), torch.eye(12), atol=0.05, rtol=0)
    negatives = net.whitening(images)[:, 12:].transpose(0, 1).reshape(12, -1)
    assert torch.equal(negatives, -found)
    assert not net.whitening.weight.requires_grad


@pytest.mark.parametrize(("width", "channels"), [(0.01, 16), (0.5, 32), (1.0, 64), (1.3, 80)])
def test_widths_are_multiples_of_what_the_kernels_take(width: float, channels: int) -> None:
    assert speednet.widened(64, width) == channels

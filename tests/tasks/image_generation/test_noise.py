from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.tasks.image_generation import noise


def test_normal_noise_is_standard_normal_and_knows_neither_batch_nor_order() -> None:
    rows = list(range(500))
    found = noise.normal(1, 2, rows, 40, noise.LATENTS)
    assert found.dtype == torch.float32
    assert found.shape == (500, 40)
    assert float(found.mean()) == pytest.approx(0, abs=0.03)
    assert float(found.std()) == pytest.approx(1, abs=0.02)
    assert torch.isfinite(found).all()
    again = noise.normal(1, 2, [499, 3, 70], 40, noise.LATENTS)
    assert torch.equal(again, found[[499, 3, 70]])
    columns = np.corrcoef(found.numpy(), rowvar=False) - np.eye(40)
    assert np.abs(columns).max() < 0.25


def test_uniform_noise_is_from_0_to_below_1() -> None:
    found = noise.uniform(1, 0, range(200), (6, 5, 1), noise.PIXELS)
    assert found.shape == (200, 6, 5, 1)
    assert float(found.min()) >= 0
    assert float(found.max()) < 1
    assert float(found.mean()) == pytest.approx(0.5, abs=0.02)
    assert torch.equal(noise.uniform(1, 0, [7], (6, 5, 1), noise.PIXELS)[0], found[7])


def test_seed_epoch_and_stream_change_it() -> None:
    first = noise.normal(1, 0, [0, 1], 8, noise.LATENTS)
    for seed, epoch, stream in (
        (2, 0, noise.LATENTS),
        (1, 1, noise.LATENTS),
        (1, 0, noise.HELD_OUT_LATENTS),
    ):
        assert not torch.equal(first, noise.normal(seed, epoch, [0, 1], 8, stream))

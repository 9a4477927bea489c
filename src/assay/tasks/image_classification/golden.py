"""Made-up inputs of an image classifier: averages of several images, which show none of them.

Reads and writes nothing. A bundle carries them (``assay.bundle.golden``), so no image of anyone is
among them; their values lie where those of real images do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.golden import ROWS

if TYPE_CHECKING:
    import torch

    from assay.bundle.golden import Feeds

SEED, AVERAGED = 16, 8


def drawn(images: torch.Tensor) -> list[Feeds]:
    """Return the feeds of :data:`ROWS` images, each a batch of one.

    ``images``: uint8 of shape (rows, height, width, channels).
    """
    random = np.random.default_rng(SEED)
    pixels = images.numpy()
    found: list[Feeds] = []
    for _ in range(ROWS):
        chosen = pixels[random.integers(0, len(pixels), AVERAGED)]
        found.append({"pixels": chosen.mean(axis=0).round().astype(np.uint8)[None]})
    return found

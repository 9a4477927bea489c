"""What is served: images of any size in, logits out, every step inside one graph.

Reads and writes nothing. Resizing, normalising and averaging over views are part of the network, so
that whoever opens the bundle needs a decoder and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import nn
from torch.nn import functional

from assay.tasks.image_classification.networks.folding import fold
from assay.tasks.image_classification.pixels import resized

if TYPE_CHECKING:
    from assay.tasks.image_classification.network import Classifier

    Views = Literal["none", "flip", "flip+shift"]

# The views of one image that are averaged, and the weight of each: the image itself half, two
# shifts by a pixel along the diagonal half; each as it is and mirrored (Jordan 2024).
WEIGHTS: dict[str, tuple[float, ...]] = {
    "none": (1.0,),
    "flip": (0.5, 0.5),
    "flip+shift": (0.25, 0.25, 0.125, 0.125, 0.125, 0.125),
}


class Served(nn.Module):
    """A trained network, from whole images to logits averaged over their views."""

    weights: torch.Tensor

    def __init__(self, model: Classifier, size: int, views: Views, *, folded: bool = False) -> None:
        super().__init__()
        self._model = fold(model) if folded else model
        self._size, self._views = size, views
        self.register_buffer("weights", torch.tensor(WEIGHTS[views]), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of uint8 pixels (batch, height, width, channels)."""
        images = resized(pixels, self._size).permute(0, 2, 3, 1)
        normalised = cast("Classifier", self._model).normalised(images)
        views = self._seen(normalised)
        # One pass over all views: at batch 1 the processor has something to do at a time.
        logits = cast("Classifier", self._model).network(torch.cat(views)).float()
        found = logits.reshape(len(views), -1, logits.shape[-1])
        return cast("torch.Tensor", (found * self.weights[:, None, None]).sum(0))

    def _seen(self, images: torch.Tensor) -> list[torch.Tensor]:
        if self._views == "none":
            return [images]
        if self._views == "flip":
            return [images, images.flip(3)]
        size = self._size
        wide = functional.pad(images, (1, 1, 1, 1), mode="reflect")
        shown = [images, wide[:, :, :size, :size], wide[:, :, 2:, 2:]]
        return [view for one in shown for view in (one, one.flip(3))]

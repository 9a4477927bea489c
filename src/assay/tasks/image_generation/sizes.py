"""What an autoencoder is: all that decides its layers, and so the names and shapes of its weights.

Reads and writes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.errors import SettingsError
from assay.tasks.image_generation.likelihoods import LIKELIHOODS
from assay.tasks.image_generation.settings import STEP

NETWORKS = ("convolutional", "mlp")


@dataclass(frozen=True)
class Sizes:
    """The sizes of one network.

    Attributes:
        side: pixels of an image's height and width.
        channels: 1 for grey images, 3 for colour.
        latents: numbers that an image is encoded as.
        width: channels of the convolutional network's first layer, or units of the MLP's hidden
            layers.
        likelihood: what the decoder gives a probability to: ``logistic`` to 8-bit images,
            ``bernoulli`` to binarised ones.
        network: ``convolutional`` or ``mlp``.

    Raises:
        SettingsError: no network has these sizes.

    """

    side: int
    channels: int
    latents: int
    width: int
    likelihood: str = "logistic"
    network: str = "convolutional"

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        for name in ("side", "latents", "width"):
            if (value := getattr(self, name)) < 1:
                raise _impossible(f"{name} is {value}", "a whole number, 1 or more")
        for name, allowed in (
            ("channels", (1, 3)),
            ("likelihood", tuple(LIKELIHOODS)),
            ("network", NETWORKS),
        ):
            if (value := getattr(self, name)) not in allowed:
                expected = " or ".join(map(str, allowed))
                raise _impossible(f"{name} is {value!r}", expected)
        if self.network == "convolutional" and (self.side % STEP or self.width % 2):
            raise _impossible(
                f"a convolutional network of side {self.side} and width {self.width}",
                f"a side that is a multiple of {STEP}, and an even width",
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels of an image."""
        return self.side, self.side, self.channels

    @property
    def dimensions(self) -> int:
        """Height times width times channels."""
        return math.prod(self.shape)

    @property
    def outputs(self) -> int:
        """Numbers that the decoder gives for each number of an image."""
        return LIKELIHOODS[self.likelihood].parameters


def _impossible(found: str, expected: str) -> SettingsError:
    return SettingsError(
        f"no autoencoder has these sizes: {found}",
        expected=expected,
        cure="correct the sizes of the network in params.yaml",
    )

"""How probable an image is, given what the decoder says of each of its numbers.

Reads and writes nothing. In shapes B is the batch, P the parameters of one number's distribution,
C the channels, H and W height and width. Levels are those of 8-bit images: 0 to 255. Given the
latent, the numbers of an image are independent.

The formulas avoid ``logsigmoid`` and ``expm1``: onnxruntime takes ``log(sigmoid(x))`` and
``exp(x) - 1`` in their place, which lose what is left of small numbers.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch.nn import functional

# The logarithms of a logistic's scale are kept between these, in units of half the levels: at the
# one a level has all probability, at the other all levels have about the same.
NARROWEST, WIDEST = -7.0, 7.0
# Half of what one level takes on the way from -1 to 1.
HALF = 1 / 255
# The largest float32 below 1, and as far from 0: of neither is the logit infinite.
EDGE = 2.0**-24


class Likelihood(Protocol):
    """A distribution of 8-bit images, given the decoder's parameters (B, P, C, H, W), float32."""

    parameters: int

    def log_probability(self, parameters: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        """Return that of images, float32 (B, C, H, W), 0 to 255: nats per image, shape (B,)."""

    def picture(self, parameters: torch.Tensor) -> torch.Tensor:
        """Return the image in the middle of the distribution, as levels, float32 (B, C, H, W)."""

    def sample(self, parameters: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return an image drawn by noise from 0 to 1 (B, C, H, W), as levels of that shape."""


class Bernoulli:
    """For binarised images, whose numbers are 0 or 255; the parameter is the logit of 255.

    Of levels between, what is returned is the cross entropy with them as targets: what tutorials
    minimise, and no log probability (Loaiza-Ganem and Cunningham, "The continuous Bernoulli",
    NeurIPS 2019).
    """

    parameters = 1

    def log_probability(self, parameters: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        """``x log p + (1 - x) log(1 - p)``, summed over the image."""
        logits = parameters[:, 0]
        return (levels / 255 * logits - functional.softplus(logits)).flatten(1).sum(dim=1)

    def picture(self, parameters: torch.Tensor) -> torch.Tensor:
        """Return the mean."""
        return (255 * parameters[:, 0].sigmoid()).round()

    def sample(self, parameters: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return 255 with the probability that the logit says."""
        return 255 * (uniform < parameters[:, 0].sigmoid()).float()


class DiscretisedLogistic:
    """For 8-bit images: a logistic distribution, its probability summed over each level's bin.

    Kingma et al., "Improving variational inference with inverse autoregressive flow", NeurIPS
    2016; the outermost bins reach to infinity as in Salimans et al., "PixelCNN++", ICLR 2017,
    section 2.1. One logistic, no mixture. The parameters are its location, on a scale
    where the levels go from -1 to 1, and the logarithm of its scale, both for each number.
    """

    parameters = 2

    def log_probability(self, parameters: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
        """``log(sigmoid(upper) - sigmoid(lower))``, summed over the image.

        The difference is ``sigmoid(upper) sigmoid(-lower) (1 - exp(lower - upper))``, and with
        ``d = upper - lower`` the last factor is ``2 sinh(d/2) exp(-d/2)``: exact in the tails,
        where the two sigmoids are equal to all digits.
        """
        location, inverse = self._parts(parameters)
        centred = levels / 127.5 - 1 - location
        # log sigmoid(x) = -softplus(-x)
        below = -functional.softplus(-(centred + HALF) * inverse)
        above = -functional.softplus((centred - HALF) * inverse)
        half = HALF * inverse
        inner = below + above + (2 * half.sinh()).log() - half
        found = torch.where(levels < 0.5, below, torch.where(levels > 254.5, above, inner))
        return found.flatten(1).sum(dim=1)

    def picture(self, parameters: torch.Tensor) -> torch.Tensor:
        """Return the median."""
        return _levels(parameters[:, 0])

    def sample(self, parameters: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
        """Return the level whose bin the logistic's quantile at the noise lies in."""
        location, inverse = self._parts(parameters)
        return _levels(location + uniform.clamp(EDGE, 1 - EDGE).logit() / inverse)

    def _parts(self, parameters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return location and inverse scale, (B, C, H, W) each."""
        return parameters[:, 0], (-parameters[:, 1].clamp(NARROWEST, WIDEST)).exp()


LIKELIHOODS: dict[str, Likelihood] = {"logistic": DiscretisedLogistic(), "bernoulli": Bernoulli()}


def binarised(pixels: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Return an image of 0 and 255, each number 255 with its level's share of 255 as probability.

    Salakhutdinov and Murray, "On the quantitative analysis of deep belief networks", ICML 2008.
    With new noise in every epoch it is called dynamic binarisation (Burda et al. 2016).

    Args:
        pixels: uint8, any shape.
        uniform: noise from 0 to below 1, of the same shape.

    """
    return 255 * (uniform < pixels / 255).to(torch.uint8)


def _levels(scaled: torch.Tensor) -> torch.Tensor:
    """Return the nearest levels of numbers on the scale from -1 to 1."""
    return ((scaled + 1) * 127.5).round().clamp(0, 255)

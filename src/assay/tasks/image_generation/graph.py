"""From an autoencoder to ONNX graphs: encoder, decoder, prior, and the weights of a bound.

Reads and writes nothing but what it is given. The batch is dynamic. All noise is an input, so that
a graph gives the same for the same, and who asks it chooses the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from assay.gateways import onnx as gateway
from assay.tasks.image_generation.network import pixels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

    from assay.tasks.image_generation.network import Autoencoder
    from assay.tasks.image_generation.prior import Prior

# A dynamic size is traced at 2 or more.
BATCH = 2


class Encoder(nn.Module):
    """From images to their latents."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the posterior's mean, its log variance, and a draw, (B, Z) each."""
        posterior = self.model.encode(pixels)
        return *posterior, posterior.drawn(noise)


class Decoder(nn.Module):
    """From latents to images."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the likelihood's parameters; its middle and a draw, both uint8 (B, H, W, C)."""
        parameters = self.model.decode(latents)
        likelihood = self.model.likelihood
        drawn = likelihood.sample(parameters, noise.permute(0, 3, 1, 2))
        return parameters, pixels_of(likelihood.picture(parameters)), pixels_of(drawn)


class Weights(nn.Module):
    """From images to their log weights, of which bounds of the log probability are made."""

    def __init__(self, model: Autoencoder, prior: Prior) -> None:
        super().__init__()
        self.model, self.prior = model, prior

    def forward(self, pixels: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return :meth:`Autoencoder.log_weights`, (B,)."""
        return self.model.log_weights(pixels, noise, self.prior)


def encoder(model: Autoencoder) -> onnx.ModelProto:
    """Return the graph from images to latents, fp32.

    Inputs: ``pixels`` uint8 (batch, height, width, channels); ``noise`` standard normal, float32
    (batch, latents). Outputs, float32 (batch, latents): ``mean``, ``log_variance``, ``latents``.
    """
    outputs = ["mean", "log_variance", "latents"]
    return _graph(Encoder(model), _of_images(model), outputs)


def decoder(model: Autoencoder) -> onnx.ModelProto:
    """Return the graph from latents to images, fp32.

    Inputs: ``latents`` float32 (batch, latents); ``noise`` uniform from 0 to 1, float32 (batch,
    height, width, channels). Outputs: ``parameters`` of the likelihood, float32 (batch, 1 or 2,
    channels, height, width); ``images``, the mean of Bernoulli distributions or the median of
    logistic ones, and ``samples``, drawn by the noise, both uint8 (batch, height, width, channels).
    """
    inputs = {
        "latents": torch.zeros((BATCH, model.sizes.latents)),
        "noise": torch.full((BATCH, *model.sizes.shape), 0.5),
    }
    return _graph(Decoder(model), inputs, ["parameters", "images", "samples"])


def prior(drawn_from: Prior) -> onnx.ModelProto:
    """Return the graph from noise to latents of the prior, fp32.

    Inputs: ``noise`` standard normal, float32 (batch, latents); ``uniform`` from 0 to 1, float32
    (batch,), which chooses the Gaussian of each row. Output: ``latents``, float32 (batch, latents).
    """
    inputs = {
        "noise": torch.zeros((BATCH, drawn_from.means.shape[1])),
        "uniform": torch.full((BATCH,), 0.5),
    }
    return _graph(drawn_from, inputs, ["latents"])


def weights(model: Autoencoder, drawn_from: Prior) -> onnx.ModelProto:
    """Return the graph from images to log weights, fp32: what the served model is measured with.

    Inputs as :func:`encoder`. Output: ``log_weights`` in nats, float32 (batch,). An image is given
    as often as samples are wanted, each time with other noise.
    """
    return _graph(Weights(model, drawn_from), _of_images(model), ["log_weights"])


def _of_images(model: Autoencoder) -> dict[str, torch.Tensor]:
    return {
        "pixels": torch.zeros((BATCH, *model.sizes.shape), dtype=torch.uint8),
        "noise": torch.zeros((BATCH, model.sizes.latents)),
    }


def _graph(
    module: nn.Module, inputs: dict[str, torch.Tensor], outputs: Sequence[str]
) -> onnx.ModelProto:
    axes = {name: {0: "batch"} for name in (*inputs, *outputs)}
    return gateway.from_torch(module, inputs, axes, outputs)

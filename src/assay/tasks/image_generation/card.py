"""The model card of an image generator's bundle. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.tasks.image_generation.settings import ImageGenerationModel


def written(name: str, settings: ImageGenerationModel, gaussians: int) -> str:
    """Return Markdown; ``gaussians`` as in :func:`prior`."""
    chosen = settings.train
    colours = "grey" if chosen.channels == 1 else "RGB"
    sides = f"{chosen.size}, {chosen.size}, {chosen.channels}"
    kind = "binarised" if chosen.likelihood == "bernoulli" else "8-bit"
    return f"""# {name}

An {settings.kind} model made by Assay: a {chosen.network} variational autoencoder of {kind} images
({colours}), trained from scratch, exported to ONNX (fp32) as four graphs. All noise is an input.

- `model.onnx`, the decoder. Input: `latents`, float32 (batch, {chosen.latents}), of the prior to
  generate; `noise`, float32 (batch, {sides}), uniform from 0 to 1. Output: `parameters` of the
  likelihood; `images`, its middle, and `samples`, drawn by the noise: uint8 (batch, {sides}).
- `encoder.onnx`. Input: `pixels`, uint8 (batch, {sides}), `noise`, float32 (batch,
  {chosen.latents}), standard normal. Output: `mean`, `log_variance` and `latents` of the posterior.
- `prior.onnx`, {prior(gaussians)}. Input: `noise`, float32 (batch,
  {chosen.latents}), standard normal; `uniform`, float32 (batch), from 0 to 1. Output: `latents`.
- `weights.onnx`. Input as the encoder's. Output: `log_weights` in nats, by which it is measured.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: passing for photographs, or for data of real things or people.
"""


def prior(gaussians: int) -> str:
    """Return what latents are drawn from, in a few words; 0 for the standard normal prior."""
    if not gaussians:
        return "the standard normal distribution"
    kind = "one Gaussian" if gaussians == 1 else f"a mixture of {gaussians} Gaussians"
    return f"{kind}, fitted to latents of train images"

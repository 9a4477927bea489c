"""Low-rank adapters: a decoder is fine-tuned without a change to its own weights.

Reads and writes nothing. A matrix W that is adapted becomes ``W + alpha / rank * B A``, of which B
and A alone are trained (Hu et al., "LoRA: low-rank adaptation of large language models", ICLR
2022). A is drawn from torch's seed and B is zero, so that training starts from what W computes.
Merged, the sum stands in W's place, and nothing tells any more that there were adapters. peft is
imported where it is needed: that takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from assay.tasks.text_generation.pretrained import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from assay.tasks.text_generation.network import Decoder
    from assay.tasks.text_generation.settings import Lora

# What peft calls the only set of adapters that there is.
ADAPTER = "default"


def add(model: Decoder, lora: Lora) -> Callable[[], None]:
    """Put adapters into a decoder, in place; its own weights are not trained any more.

    Returns:
        What adds the adapters to the weights and takes them out again, in place.

    """
    from peft import LoraConfig
    from peft.tuners.lora import LoraModel

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=[name for name, _ in _adapted(model, lora.targets)],
    )
    tuner = LoraModel(model, config, ADAPTER)

    def merge() -> None:
        tuner.merge_and_unload()

    return merge


def trained(model: Decoder, lora: Lora | None) -> int:
    """Return how many weights of a decoder are trained: those of its adapters, or all."""
    if lora is None:
        return sum(weight.numel() for weight in model.parameters())
    layers = (layer for _, layer in _adapted(model, lora.targets))
    return sum(lora.rank * (layer.in_features + layer.out_features) for layer in layers)


def _adapted(model: nn.Module, targets: Collection[str]) -> Iterator[tuple[str, nn.Linear]]:
    """Yield the layers that transformers calls by one of ``targets``, with their names here."""
    own = tuple(
        f".{name.rpartition('.')[2]}"
        for theirs, name in NAMES.items()
        if theirs.rpartition(".")[2] in targets
    )
    for name, layer in model.named_modules():
        if name.endswith(own) and isinstance(layer, nn.Linear):
            yield name, layer

"""Which arithmetic a training uses.

Reads the processor's instruction list. Writes nothing. Chosen by instructions, never by a timing,
so that the choice is the same in every run; docs/benchmarks.md shows what it brings.
"""

from __future__ import annotations

import torch

from assay import processor


def autocast(setting: str, device: str) -> torch.autocast:
    """Return the context in which a network computes on a device of the type ``device``.

    In bf16, matrices are multiplied so and logits may be bfloat16; weights and their gradients stay
    fp32. In fp32 nothing changes.
    """
    return torch.autocast(device, torch.bfloat16, enabled=in_bf16(setting))


def in_bf16(setting: str) -> bool:
    """Tell whether ``train.precision`` means bf16 here.

    ``auto`` takes bf16 where the hardware multiplies it: AVX-512 BF16, AMX, or a GPU that has it.
    """
    return setting == "bf16" or (setting == "auto" and _multiplies_bf16())


def _multiplies_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return processor.has_instructions(processor.BF16_INSTRUCTIONS)

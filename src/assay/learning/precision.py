"""Which arithmetic a training uses.

Reads the processor's instruction list. Writes nothing. Chosen by instructions, never by a timing,
so that the choice is the same in every run; docs/benchmarks.md shows what it brings.
"""

from __future__ import annotations

import torch

from assay import processor


def mixed_precision(setting: str) -> str:
    """Return accelerate's name for the arithmetic: ``bf16`` or ``no`` (fp32).

    ``auto`` takes bf16 where the hardware multiplies it: AVX-512 BF16, AMX, or a GPU that has it.
    """
    if setting == "auto":
        setting = "bf16" if _multiplies_bf16() else "fp32"
    return "bf16" if setting == "bf16" else "no"


def _multiplies_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return processor.has_instructions(processor.BF16_INSTRUCTIONS)

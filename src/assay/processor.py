"""What this machine's processor can do, and what class of equal results it belongs to.

Reads ``/proc/cpuinfo`` and the environment variable ``ASSAY_INSTRUCTIONS``. Writes nothing.

Where ``ASSAY_INSTRUCTIONS`` is set, only the instruction sets that it names, separated by commas or
spaces, are taken to be there, of those that the processor has: ``ASSAY_INSTRUCTIONS=avx2`` makes
the choices that are made on a processor with AVX2 alone. Blank is as if it were not set. It holds
this module's answers, never another library: torch, oneDNN and onnxruntime use what they find.
"""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

from assay.errors import UsageError

# In the order of what they bring; a class is named by those that it has.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "avx_vnni", "avx512_vnni", "amx_int8")
BF16_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

# The variable that names the instruction sets to be taken for there.
VARIABLE = "ASSAY_INSTRUCTIONS"


def processor_class() -> str:
    """Return what decides which kernels run, e.g. ``AuthenticAMD avx512_bf16 avx512_vnni``.

    Two machines of one class and one thread count compute equal bytes.

    Raises:
        UsageError: ``ASSAY_INSTRUCTIONS`` names what is no instruction set.

    """
    flags = _instructions()
    return " ".join([_processor()[0], *(name for name in INSTRUCTIONS if name in flags)])


def has_instructions(wanted: frozenset[str]) -> bool:
    """Tell whether this processor has one of ``wanted``.

    Raises:
        UsageError: ``ASSAY_INSTRUCTIONS`` names what is no instruction set.

    """
    return bool(wanted & _instructions())


def _instructions() -> frozenset[str]:
    """Return the instruction flags of the processor that ``ASSAY_INSTRUCTIONS`` leaves."""
    named = os.environ.get(VARIABLE, "").replace(",", " ").split()
    flags = _processor()[1]
    if not named:
        return flags
    # What arm64 calls bf16 is in no class's name.
    known = [*INSTRUCTIONS, *sorted(BF16_INSTRUCTIONS - set(INSTRUCTIONS))]
    unknown = [name for name in named if name not in known]
    if unknown:
        raise UsageError(
            f"{VARIABLE} names {', '.join(unknown)}, which is no instruction set",
            expected=f"names of {', '.join(known)}, separated by commas or spaces",
            cure=f"correct {VARIABLE}, or unset it",
        )
    return flags.intersection(named)


@functools.cache
def _processor() -> tuple[str, frozenset[str]]:
    """Return the vendor and the instruction flags, from Linux's own list."""
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        return f"{platform.system()} {platform.machine()}", frozenset()
    fields: dict[str, str] = {}
    for line in listing.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = fields.get("flags") or fields.get("Features") or ""
    return fields.get("vendor_id", platform.machine()), frozenset(flags.split())

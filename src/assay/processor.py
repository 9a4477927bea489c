"""What this machine's processor can do, and what class of equal results it belongs to.

Reads ``/proc/cpuinfo``. Writes nothing.
"""

from __future__ import annotations

import functools
import platform
from pathlib import Path

# In the order of what they bring; a class is named by those that it has.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "avx_vnni", "avx512_vnni", "amx_int8")
BF16_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def processor_class() -> str:
    """Return what decides which kernels run, e.g. ``AuthenticAMD avx512_bf16 avx512_vnni``.

    Two machines of one class and one thread count compute equal bytes.
    """
    vendor, flags = _processor()
    return " ".join([vendor, *(name for name in INSTRUCTIONS if name in flags)])


def has_instructions(wanted: frozenset[str]) -> bool:
    """Tell whether this processor has one of ``wanted``."""
    return bool(wanted & _processor()[1])


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

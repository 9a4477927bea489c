"""Everything that two equal trainings need to have in common, set in one place.

Writes nothing. Sets this process's seeds, thread count, deterministic algorithms and allocator.
"""

from __future__ import annotations

import ctypes
import os
import sys

import torch
from torch.utils import deterministic

# glibc's mallopt: keep freed blocks instead of handing each large tensor back to the kernel and
# paying its page faults again at the next step. Speed alone; results do not change.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
LARGEST_MMAP_THRESHOLD = 32 * 2**20
TWO_GIB = 2**31 - 1


def make_deterministic(seed: int, threads: int) -> None:
    """Fix seeds, threads and algorithms.

    Equal seeds, threads and processor class give equal bytes; another thread count does not, since
    sums are then taken in another order.
    """
    # CUDA's matrix products are deterministic only with this, set before the first of them.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Deterministic mode would fill each new tensor with NaN first: slow, and nothing reads it.
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    keep_freed_memory()


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, LARGEST_MMAP_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, TWO_GIB)
        libc.mallopt(M_TOP_PAD, 64 * 2**20)

"""Which of several training processes this one is.

Reads the environment that ``accelerate launch`` and torchrun set; writes nothing. Without it there
is one process, and it is the first.
"""

from __future__ import annotations

import os


def rank() -> int:
    """Return this process's number, from 0."""
    return int(os.environ.get("RANK", "0"))


def world_size() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Tell whether this is the process that writes files and logs."""
    return rank() == 0

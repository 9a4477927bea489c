"""Logging levels of other libraries, changed for a while.

Sets the level of a logger of this process. Writes nothing.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def logging_from(level: int, logger: str | None = None) -> Iterator[None]:
    """Let a logger (None: the root) log from ``level`` on, and restore its level afterwards."""
    found = logging.getLogger(logger)
    own = found.level
    found.setLevel(level)
    try:
        yield
    finally:
        found.setLevel(own)

"""Analytics and update checks of every library, off; a logger kept still while it is of no use.

Sets environment variables of this process and its children; never overrides one that a user set.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET = {
    "DO_NOT_TRACK": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DVC_NO_ANALYTICS": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # A model file never runs code of its own.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
}


def silence() -> None:
    """Apply :data:`QUIET`."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


@contextmanager
def logging_from(level: int, logger: str | None = None) -> Iterator[None]:
    """Let a logger (None: the root) speak from ``level`` on, and put its own level back."""
    speaking = logging.getLogger(logger)
    own = speaking.level
    speaking.setLevel(level)
    try:
        yield
    finally:
        speaking.setLevel(own)

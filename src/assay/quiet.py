"""Analytics and update checks of every library, off.

Sets environment variables of this process and its children; never overrides one that a user set.
"""

from __future__ import annotations

import os

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

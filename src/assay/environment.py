"""The environment that every process of Assay sets before it loads a library.

Sets variables of this process and its children; never overrides one that a user set. Sets how often
this process collects garbage.
"""

from __future__ import annotations

import gc
import os

# Analytics and telemetry of every library, off.
TELEMETRY_OFF = {
    "DO_NOT_TRACK": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DVC_NO_ANALYTICS": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Read once, when onnxruntime is imported; its own function to end telemetry comes too late.
    "ORT_DISABLE_TELEMETRY": "1",
}
# What libraries say or show without being asked.
MESSAGES_OFF = {
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
# MLflow refuses to load pickled models: a model file must never run code of its own.
PICKLE_OFF = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
SPEED = {"TOKENIZERS_PARALLELISM": "true"}

# Allocations before Python's garbage collector runs. At its own 700 it runs hundreds of times while
# torch, MLflow or Great Expectations is imported, which takes a sixth of the import's time.
GC_THRESHOLD = 10_000

VARIABLES = TELEMETRY_OFF | MESSAGES_OFF | PICKLE_OFF | SPEED


def prepare() -> None:
    """Apply :data:`VARIABLES`.

    Each entrance of Assay calls this first; so does whatever imports onnxruntime, since a bundle
    may be opened from somebody's own program.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)


def collect_garbage_rarely() -> None:
    """Run the garbage collector every :data:`GC_THRESHOLD` allocations, in our own processes."""
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])

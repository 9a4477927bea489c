"""What bundles of each kind say of themselves."""

from __future__ import annotations

from typing import Any

from assay.bundle.manifest import Manifest, Port

LABELS = ("bad", "gut", "好")
COLUMNS = {"numbers": ("age", "income"), "categories": ("town",), "missing": ("na", "?")}


def manifest(data: str = "text", task: str = "classification", **changes: Any) -> Manifest:
    """Return the manifest of a model that was never made."""
    encoders: dict[str, dict[str, Any]] = {
        "text": {"max_length": 64},
        "image": {"channels": 3},
        "table": COLUMNS,
    }
    stated: dict[str, Any] = {
        "model": "reviews",
        "data": data,
        "task": task,
        "labels": LABELS if task == "classification" else (),
        "precision": "fp32",
        "inputs": (Port(name="seed", type="float32", shape=("batch", 8), example=(1, 8)),),
        "outputs": (
            Port(name="images", type="uint8", shape=("batch", 28, 28), example=(1, 28, 28)),
        ),
        "encoder": encoders[data],
        "made_from": {},
        "processor": "AuthenticAMD avx2",
        "versions": {},
    }
    return Manifest.model_validate(stated | changes)

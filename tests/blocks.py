"""Blocks of ``params.yaml`` whose models are built in seconds: what tests train."""

from __future__ import annotations

from typing import Any


def scratch_settings(network: str, **train: Any) -> dict[str, Any]:
    """Return the block of a network from random weights that is trained in seconds."""
    small = {
        "network": network,
        "checkpoint": None,
        "width": 16,
        "epochs": 5,
        "batch_size": 16,
        "learning_rate": 1e-2,
        "max_length": 64,
        "checkpoint_every": 5,
        "threads": 1,
    }
    if network == "bow":
        small["buckets"] = 500
    return {
        "data": "text",
        "task": "classification",
        "labels": ["negative", "neutral", "positive"],
        "validate": {"min_rows": 20},
        "train": small | train,
        "export": {"threads": 1},
        "evaluate": {"bootstrap": 100, "worst": 5, "threads": 1},
    }


def generator_settings(**train: Any) -> dict[str, Any]:
    """Return the block of a language model that is trained in seconds."""
    small = {
        "tokenizer": "characters",
        "layers": 1,
        "heads": 2,
        "width": 32,
        "context": 48,
        "epochs": 4,
        "batch_size": 8,
        "learning_rate": 1e-2,
        "checkpoint_every": 20,
        "threads": 1,
    }
    return {
        "data": "text",
        "task": "generation",
        "labels": [],
        "validate": {"min_characters": 1000, "max_repeated_share": 0.9},
        "train": small | train,
        "export": {"threads": 1},
        "evaluate": {
            "bootstrap": 100,
            "samples": 8,
            "sample_tokens": 30,
            "baseline_order": 3,
            "threads": 1,
        },
    }


def image_settings(**train: Any) -> dict[str, Any]:
    """Return the block of a model of five digits that is built in seconds."""
    small = {
        "network": "lenet",
        "size": 28,
        "channels": 1,
        "epochs": 4,
        "batch_size": 32,
        "optimiser": "adamw",
        "learning_rate": 5e-3,
        "flip": "none",
        "checkpoint_every": 5,
        "threads": 1,
    }
    return {
        "data": "image",
        "task": "classification",
        "labels": [f"digit {number}" for number in range(5)],
        "validate": {"min_rows": 20},
        # Few scans, much alike: near duplicates would be most of them.
        "split": {"near_hash_bits": 0, "validation": 0.2, "test": 0.2},
        "train": small | train,
        "export": {"threads": 1, "tta": "none"},
        "evaluate": {"bootstrap": 100, "worst": 5, "threads": 1},
    }


def image_generator_settings(**train: Any) -> dict[str, Any]:
    """Return the block of a generator of digits that is built in seconds."""
    small = {
        "size": 12,
        "channels": 1,
        "latents": 4,
        "width": 8,
        "epochs": 8,
        "batch_size": 16,
        "learning_rate": 5e-3,
        "checkpoint_every": 20,
        "threads": 1,
    }
    return {
        "data": "image",
        "task": "generation",
        "labels": [],
        "validate": {"min_rows": 20},
        "split": {"near_hash_bits": 0, "validation": 0.2, "test": 0.2},
        "train": small | train,
        "export": {"threads": 1},
        "evaluate": {
            "bootstrap": 100,
            "bound_images": 40,
            "bound_samples": 8,
            "samples": 40,
            "gaussians": 3,
            "threads": 1,
        },
    }


def table_settings(**train: Any) -> dict[str, Any]:
    """Return the block of a model of :func:`loans` that is built in seconds."""
    small = {"hidden": 32, "epochs": 15, "batch_size": 16, "learning_rate": 5e-3, "threads": 1}
    return {
        "data": "table",
        "task": "classification",
        "labels": ["no", "yes"],
        "ingest": {
            "label": "repaid",
            "numbers": ["age", "debt"],
            "categories": ["job", "branch"],
            "slices": ["branch"],
        },
        "split": {"validation": 0.2, "test": 0.2},
        "train": {"checkpoint_every": 5, **small, **train},
        "export": {"threads": 1},
        "evaluate": {"bootstrap": 100, "worst": 5, "threads": 1},
    }

"""What `assay predict` is asked in tests, of the small built model."""

from __future__ import annotations

import json

from assay.paths import ModelPaths
from tests import made
from tests.cli.command import assay

FILES = ModelPaths(made.MODEL)
# The tokenizer does not know one of the third's four words.
TEXTS = ['a great, "lovely" film', "awful and rude", "the 汉 was slow"]
# Of this it knows the comma and one of eleven characters.
CHINESE = "房间太脏，服务员态度很差"
NOT_READ = "can't be read by this model, and its answers to them say little: train it with"


def shares(*texts: str) -> list[float]:
    """Return the share of unknown tokens that a program is told of each text."""
    found = json.loads(assay("predict", made.MODEL, *texts, "--json").out)
    return [one["unknown_share"] for one in found["predictions"]]

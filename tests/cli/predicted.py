"""What `assay predict` is asked in tests, of the small built model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay

if TYPE_CHECKING:
    from pathlib import Path

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


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of answers; None where nothing is."""
    table: pd.DataFrame = {
        ".csv": lambda: pd.read_csv(path, keep_default_na=False, dtype={"code": str}),
        ".tsv": lambda: pd.read_csv(path, sep="\t", keep_default_na=False, dtype={"code": str}),
        ".jsonl": lambda: pd.read_json(path, lines=True, dtype={"code": str}),
        ".parquet": lambda: pd.read_parquet(path),
    }[path.suffix]()
    return table.astype("object").where(table.notna(), None).to_dict("records")  # type: ignore[return-value]


def ask_file(path: Path, *words: str) -> Answer:
    """Run ``assay predict --file``."""
    return assay("predict", made.MODEL, "--file", str(path), *words)

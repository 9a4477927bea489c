"""One model of Chinese and English texts, beside the models of each language alone.

Reads ``examples/hotels.yaml`` and the sources (``ASSAY_MIRROR`` first). Writes a temporary folder
alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.paths import ModelPaths
from assay.progress import Progress
from bench import project, tables
from bench.examples import EXAMPLES
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.project import Project

CHINESE, ENGLISH, BOTH = "hotels", project.MODEL, "bilingual"
LABELS = ("negative", "neutral", "positive")


# Changes to every model's settings, by block.
QUICK: Mapping[str, Mapping[str, Any]] = {"ingest": {"limit": 900}, "train": {"mode": "probe"}}


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks the example.
        StageFailed: a command failed.

    """
    changes = QUICK if quick else {}
    with tempfile.TemporaryDirectory() as scratch, Progress("bilingual", 3) as bar:
        built = project.from_examples(
            Path(scratch) / "project",
            EXAMPLES / f"{CHINESE}.yaml",
            stage_command="python -m assay.stages",
        )
        for name in (CHINESE, ENGLISH):
            project.change(built, name, changes)
            built.call(project.script("assay"), "run", name)
            bar.advance(note=name)
        _unite(built, changes)
        built.call(project.script("assay"), "run", BOTH)
        bar.advance(note=BOTH)
        lines = [_line(built, name) for name in (CHINESE, ENGLISH)]
    return _page(lines)


def _unite(built: Project, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Add the model that learns the rows of both, in three classes, from the inbox."""
    parts = [
        pd.read_parquet(built.folder / ModelPaths(name).raw)[["text", "label"]].assign(source=name)
        for name in (CHINESE, ENGLISH)
    ]
    project.copy_model(built, CHINESE, BOTH)
    inbox = built.folder / ModelPaths(BOTH).inbox
    pd.concat(parts, ignore_index=True).to_parquet(inbox / "rows.parquet", index=False)
    own = {"source": None, "slices": ["source"], "limit": None}
    train = {**changes.get("train", {}), "epochs": 1}
    project.change(built, BOTH, {"ingest": own, "train": train}, labels=LABELS)


def _line(built: Project, name: str) -> list[str]:
    """Return both models' accuracy on the test rows that both were measured on."""
    own, both = (_answers(built, model) for model in (name, BOTH))
    shared = own.merge(both, on="text", suffixes=("", "_of_both"))
    alone, together = shared["right"].mean(), shared["right_of_both"].mean()
    points = 100 * (together - alone)
    rows = f"{len(shared):,} of {len(own):,}"
    return [f"`{name}`", rows, f"{alone:.4f}", f"{together:.4f}", f"{points:+.1f}"]


def _answers(built: Project, model: str) -> pd.DataFrame:
    """Return the test texts of a model, and which of them its bundle labels rightly."""
    rows = pd.read_parquet(built.folder / ModelPaths(model).predictions)
    return rows[["text"]].assign(right=rows["predicted_label"] == rows["label"])


def _page(lines: list[list[str]]) -> str:
    head = ("test rows of", "rows", "its own model", "one model of both", "points")
    return "\n\n".join(
        [
            f"**One model of two languages.** `{CHINESE}` (Chinese, two classes) and `{ENGLISH}` "
            f"(English, three) in one table, learned by `examples/{CHINESE}.yaml`'s settings in "
            "one epoch and three classes. Accuracy of the bundles on the rows that are in the test "
            "split of both models: a text's split is decided by its content.",
            facts("each model once", figures="of one seed"),
            tables.markdown(head, lines),
        ]
    )

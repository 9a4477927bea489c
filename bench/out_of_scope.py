"""Requests that have none of the intents: found by a class of their own, or by the threshold.

Reads ``examples/clinc150.yaml`` and its source (``ASSAY_MIRROR`` first). Writes temporary folders
alone. Two models are built by the real command: the example, which learns ``oos`` as a class, and
one that has never seen such a request. Ten minutes on two cores: measured when asked for by name.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.gateways import sources
from assay.objectives.classification.scope import share_interval
from assay.paths import ModelPaths
from assay.progress import Progress
from assay.tasks.bundles import open_classifier
from bench import project, tables
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.project import Project

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

EXAMPLE = Path("examples/clinc150.yaml")
MODEL, OUTSIDE = EXAMPLE.stem, "oos"
INSIDE_TEST, OUTSIDE_TEST = "val", "oos_val"
QUICK: Mapping[str, Mapping[str, Any]] = {"train": {"mode": "probe"}}


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project has no such example.
        StageFailed: a command failed.

    """
    requests = sources.texts(MODEL)
    with tempfile.TemporaryDirectory() as scratch, Progress("out of scope", 2) as bar:
        with_class = _with_class(Path(scratch) / "class", quick)
        bar.advance()
        without = _without(Path(scratch) / "threshold", with_class, quick)
        bar.advance()
        lines = _lines("`oos` is a class", with_class, requests)
        lines += _lines("`oos` was never seen", without, requests)
    return _page(lines, requests)


def _with_class(folder: Path, quick: bool) -> Project:
    built = project.from_examples(folder, EXAMPLE, stage_command="python -m assay.stages")
    return _run(built, quick)


def _without(folder: Path, other: Project, quick: bool) -> Project:
    """Learn the intents alone, out of the inbox: of the rows that the other model learned from.

    Those have nothing that nearly repeats a row of the test split.
    """
    built = project.from_examples(folder, EXAMPLE, stage_command="python -m assay.stages")
    files = ModelPaths(MODEL)
    learned = (other.folder / files.split(split) for split in ("train", "validation"))
    rows = pd.concat([pd.read_parquet(table) for table in learned], ignore_index=True)
    rows = rows[rows["label"] != OUTSIDE]
    labels = sorted(rows["label"].unique())
    inbox = folder / files.inbox
    inbox.mkdir(parents=True, exist_ok=True)
    rows[["text", "label"]].to_parquet(inbox / "rows.parquet", index=False)
    project.change(built, MODEL, {"ingest": {"source": None, "slices": []}}, labels=labels)
    return _run(built, quick)


def _run(built: Project, quick: bool) -> Project:
    if quick:
        project.change(built, MODEL, QUICK)
    built.call(project.script("assay"), "run", MODEL)
    return built


def _lines(name: str, built: Project, requests: pd.DataFrame) -> list[list[str]]:
    """Return a line for each way to reject that a model has."""
    bundle = open_classifier(built.folder / ModelPaths(MODEL).bundle)
    labels = np.array(bundle.labels)
    inside, outside = (requests[requests["part"] == part] for part in (INSIDE_TEST, OUTSIDE_TEST))
    known, unknown = (bundle.predict(rows["text"].tolist()) for rows in (inside, outside))
    given, other = (labels[found.probabilities.argmax(1)] for found in (known, unknown))
    right = given == inside["label"].to_numpy()
    by_class = (given == OUTSIDE, other == OUTSIDE)
    by_score = (known.out_of_scope, unknown.out_of_scope)
    ways = {"nothing": (np.zeros_like(right), np.zeros(len(other), bool)), "threshold": by_score}
    if OUTSIDE in bundle.labels:
        both = (by_class[0] | by_score[0], by_class[1] | by_score[1])
        ways |= {"class": by_class, "class or threshold": both}
    return [[name, way, *figures(right, *rejected)] for way, rejected in ways.items()]


def figures(right: Flags, alarms: Flags, found: Flags) -> list[str]:
    """Return what is right and kept, the false alarms, and the recall with its interval.

    ``right`` and ``alarms`` are of the requests with an intent: which get it, which are rejected.
    ``found`` says which of those without one are rejected.
    """
    low, high = share_interval(int(found.sum()), len(found))
    recall = f"{found.mean():.2f} ({low:.2f}–{high:.2f})"
    return [f"{(right & ~alarms).mean():.4f}", f"{alarms.mean():.3f}", recall]


def _page(lines: list[list[str]], requests: pd.DataFrame) -> str:
    rows = requests["part"].value_counts()
    head = ("the model", "rejected by", "right and kept", "false alarms", "recall (95 %)")
    return "\n\n".join(
        [
            f"**Out of scope.** `assay run {MODEL}` of `{EXAMPLE}`, where `{OUTSIDE}` is a class "
            "with 100 requests to learn from, and of the same settings and rows without it. "
            f"The bundle answers the {rows[INSIDE_TEST]:,} requests of the file's `{INSIDE_TEST}`, "
            f"all of which have an intent, and the {rows[OUTSIDE_TEST]:,} of `{OUTSIDE_TEST}`, "
            "which have none. *Right and kept*: the share of the former that get their intent and "
            "are not rejected. The threshold is the export's, of validation rows "
            "(`export.false_alarm` is 0.05).",
            facts("two, each once", figures="of one seed"),
            tables.markdown(list(head), lines),
        ]
    )

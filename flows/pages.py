"""What a run's page shows: the decision, the metrics, the gate's rules, links.

Reads the model's reports. Writes Prefect's artifacts, and nothing else.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from prefect import get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from assay import records
from assay.files import replacing
from assay.monitoring.decision import as_table, lines
from assay.paths import SCRATCH, ModelPaths
from assay.records import Evaluation
from assay.reporting.markdown import escaped

if TYPE_CHECKING:
    from pathlib import Path

    from assay.monitoring.decision import Decision
    from assay.release.promote import Promoted
    from assay.release.register import Registration
    from assay.verdicts import Rule


def show_decision(model: str, decision: Decision) -> None:
    """Show every criterion, with what was found and what would have made it fire."""
    title = f"{model}: {'trained' if decision.train else 'not trained'}, and why"
    key = f"{_key(model)}-decision"
    create_markdown_artifact(as_table(decision), key=key, description=title)
    for line in lines(decision):
        get_run_logger().info(line)


def show_results(files: ModelPaths, registration: Registration, home: Path) -> None:
    """Show the metrics, and the links to the MLflow run and to Data Docs."""
    key = _key(files.model)
    create_markdown_artifact(
        metrics_table(records.read(files.metrics, Evaluation)),
        key=f"{key}-metrics",
        description=f"{files.model} on its test split, from {files.metrics}",
    )
    url = registration.run_url
    if url and url.startswith(("http://", "https://")):
        create_link_artifact(url, "MLflow run", key=f"{key}-mlflow-run")
    if (files.data_docs / "index.html").is_file():
        kept = home / SCRATCH / "data_docs" / files.model
        with replacing(kept) as beside:
            shutil.copytree(files.data_docs, beside)
        link = (kept / "index.html").as_uri()
        create_link_artifact(link, "Data Docs (open on this machine)", key=f"{key}-data-docs")


def show_verdict(promoted: Promoted) -> None:
    """Show every rule of the gate, those that hold and those that do not."""
    if promoted.verdict is None:
        return
    state = "refused" if promoted.refused else f"promoted as release {promoted.version}"
    rows = ["| | rule | found | required |", "| --- | --- | --- | --- |"]
    rows += [_row(rule) for rule in promoted.verdict.rules]
    create_markdown_artifact(
        "\n".join(rows),
        key=f"{_key(promoted.model)}-gate",
        description=f"{promoted.model}: {state}",
    )


def metrics_table(evaluation: Evaluation) -> str:
    """Return a Markdown table: a row for each metric with a value, the baseline beside it."""
    rows = ["| metric | model | 95 % interval | baseline |", "| --- | ---: | :---: | ---: |"]
    for metric in evaluation.metrics:
        if metric.value is None:
            continue
        bounded = metric.low is not None and metric.high is not None
        interval = f"{_number(metric.low)} to {_number(metric.high)}" if bounded else ""
        cells = (metric.title, _number(metric.value), interval, _number(metric.baseline))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _row(rule: Rule) -> str:
    mark = "ok" if rule.passed else "warning" if rule.warning else "**refused**"
    return f"| {mark} | {escaped(rule.title)} | {escaped(rule.found)} | {escaped(rule.required)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _key(model: str) -> str:
    return re.sub("[^a-z0-9]+", "-", model)

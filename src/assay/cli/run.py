"""``assay run MODEL``: build one model, log it, and say what came of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay import artifacts, inputs
from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.settings import reading

if TYPE_CHECKING:
    from assay.release.register import Registration

FIGURES = {"accuracy": "accuracy", "macro_f1": "macro F1", "roc_auc": "ROC-AUC"}


@click.command(name="run")
@click.argument("model")
@as_json
def command(model: str, json_: bool) -> None:
    """Build MODEL: everything that is stale, and nothing else."""
    artifacts.require_project()
    task = reading.load_model(artifacts.PARAMS, model).task
    from assay.gateways import versioning
    from assay.progress import say
    from assay.release.register import register

    # With --json, standard output belongs to the answer alone.
    versioning.reproduce(f"evaluate@{model}", on_line=say if json_ else None)
    registration = register(model)
    answer = _answer(model, registration)
    give(answer, _summary(model, answer, inputs.KINDS[task].EXAMPLE), json_=json_)


def _answer(model: str, registration: Registration) -> dict[str, Any]:
    files = artifacts.Artifacts(model)
    return {
        "model": model,
        "bundle": str(files.bundle),
        "metrics": artifacts.read_json(files.metrics),
        "parity": artifacts.read_json(files.parity),
        "timings": artifacts.read_json(files.timings) if files.timings.is_file() else None,
        "mlflow_run": registration.run_id,
        "version": registration.version,
        "notes": list(registration.notes),
    }


def _summary(model: str, answer: dict[str, Any], example: str) -> list[str]:
    files = artifacts.Artifacts(model)
    return [
        "",
        f"{model}: the test split, {answer['metrics']['rows']:,} rows, measured on the bundle",
        "",
        *("  " + line for line in columns(_table(answer["metrics"]))),
        "",
        *_precision(answer["parity"], answer["timings"]),
        "",
        *columns(_places(files, answer)),
        "",
        "next:",
        *("  " + line for line in columns(_next(model, files, example))),
        *(f"note: {note}" for note in answer["notes"]),
    ]


def _table(metrics: dict[str, Any]) -> list[list[str]]:
    rows = [["", "model", "95 % interval", "baseline"]]
    for name, title in FIGURES.items():
        interval = metrics["intervals"].get(name)
        between = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "-"
        rows.append([title, _number(metrics["model"], name), between])
        rows[-1].append(_number(metrics["baseline"], name))
    return rows


def _number(figures: dict[str, Any], name: str) -> str:
    value = figures.get(name)
    return "-" if value is None else f"{value:.3f}"


def _precision(parity: dict[str, Any], timings: dict[str, Any] | None) -> list[str]:
    """Return what int8 changes: accuracy from the tracked report, speed as measured here."""
    f1 = f"{parity['macro_f1_fp32']:.4f} -> {parity['macro_f1_int8']:.4f} validation macro F1"
    size = f"{parity['megabytes_fp32']:.0f} -> {parity['megabytes_int8']:.0f} MB"
    speed = "speed not measured on this machine (the bundle was not exported here)"
    if timings:
        speed = (
            f"{timings['rows_per_second_fp32']:.0f} -> {timings['rows_per_second_int8']:.0f} rows/s"
            f" ({timings['int8_speedup']:.1f} times, {timings['provider']})"
        )
    return [f"fp32 to int8: {speed}, {f1}, {size}", f"served: {parity['precision']}"]


def _places(files: artifacts.Artifacts, answer: dict[str, Any]) -> list[list[str]]:
    version = f" (version {answer['version']} in MLflow)" if answer["version"] else ""
    return [
        ["bundle", f"{files.bundle}/{version}"],
        ["report", str(files.report)],
        ["Data Docs", str(files.data_docs / "index.html")],
    ]


def _next(model: str, files: artifacts.Artifacts, example: str) -> list[list[str]]:
    return [
        ["source .venv/bin/activate", "the commands below live there"],
        [f"assay predict {model} {example}", "ask the model"],
        *_retrain(model),
        [f"xdg-open {files.data_docs / 'index.html'}", "what was found in the data"],
    ]


def _retrain(model: str) -> list[list[str]]:
    """Return how the flow is started, or made for a model that has no deployment yet."""
    deployments = Path("prefect.yaml")
    known = deployments.read_text(encoding="utf-8") if deployments.is_file() else ""
    up = "Prefect, its worker and MLflow"
    if re.search(rf"^\s+model: {re.escape(model)}\s*$", known, re.MULTILINE):
        run = f"prefect deployment run retrain/{model} --watch"
        return [["make up", f"{up}; then:"], [run, "retrain as a flow"]]
    return [["edit prefect.yaml", f"give {model} a deployment: copy a block"], ["make up", up]]

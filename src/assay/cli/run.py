"""``assay run MODEL``: build one model, log it, and say what came of it.

Reads ``params.yaml`` and the reports of the stages, which DVC has written. Writes nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from assay import records
from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.errors import SettingsError
from assay.paths import ModelPaths, require_project
from assay.records import Evaluation, Parity, Timings
from assay.settings import deploying
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.records import Metric
    from assay.release.register import Registration
    from assay.settings.schema import Model


@click.command(name="run")
@click.argument("model")
@as_json
def command(model: str, json_: bool) -> None:
    """Build MODEL: everything that is stale, and nothing else."""
    require_project()
    settings = registry.load_model(model)
    from assay.gateways import versioning
    from assay.progress import say
    from assay.release.register import register_if_reachable

    # With --json, standard output belongs to the answer alone.
    versioning.reproduce(f"evaluate@{model}", on_line=say if json_ else None)
    unbuilt = _unbuilt(registry.load())
    built = Built.of(ModelPaths(model), register_if_reachable(model), unbuilt)
    task = registry.task_of(settings)
    asked = f"assay {task.command} {model} {task.example(settings)}"
    give(built.as_dict(), _summary(built, asked), json_=json_)


def _unbuilt(models: Mapping[str, Model]) -> dict[str, str]:
    """Return what each model learns that has no bundle in this folder, by its name."""
    return {
        name: model.summary
        for name, model in models.items()
        if not ModelPaths(name).bundle.is_dir()
    }


@dataclass(frozen=True)
class Built:
    """What came of a run; ``unbuilt`` says what the models learn that nobody built here yet."""

    files: ModelPaths
    evaluation: Evaluation
    parity: Parity
    timings: Timings | None
    registration: Registration
    unbuilt: Mapping[str, str]

    @classmethod
    def of(cls, files: ModelPaths, registration: Registration, unbuilt: Mapping[str, str]) -> Built:
        """Read the reports of a model that was built."""
        return cls(
            files,
            records.read(files.metrics, Evaluation),
            records.read(files.parity, Parity),
            records.read(files.timings, Timings) if files.timings.is_file() else None,
            registration,
            unbuilt,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the same answer for a program."""
        return {
            "model": self.files.model,
            "bundle": str(self.files.bundle),
            "evaluation": self.evaluation.model_dump(mode="json"),
            "parity": self.parity.model_dump(mode="json"),
            "timings": self.timings.model_dump(mode="json") if self.timings else None,
            "mlflow_run": self.registration.run_id,
            "version": self.registration.version,
            "notes": list(self.registration.notes),
            "not_built": list(self.unbuilt),
        }


def _summary(built: Built, asked: str) -> list[str]:
    evaluation, model = built.evaluation, built.files.model
    return [
        "",
        f"{model}: the test split, {evaluation.rows:,} rows, measured on the bundle",
        "",
        *("  " + line for line in columns(_table(evaluation))),
        "",
        *_precision(built.parity, built.timings),
        "",
        *columns(_places(built)),
        "",
        "next:",
        *("  " + line for line in columns(_next(built, asked))),
        *(f"note: {note}" for note in built.registration.notes),
    ]


def _table(evaluation: Evaluation) -> list[list[str]]:
    rows = [["", "model", "95 % interval", "baseline"]]
    shown = (metric for metric in evaluation.metrics if metric.headline)
    return rows + [
        [metric.title, _number(metric.value), _interval(metric), _number(metric.baseline)]
        for metric in shown
    ]


def _interval(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return "-"
    return f"{metric.low:.3f} to {metric.high:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _precision(parity: Parity, timings: Timings | None) -> list[str]:
    """Return what int8 changes: quality from the tracked report, speed as measured here."""
    served = f"served: {parity.precision}"
    if parity.int8 is None:
        return [f"{served}, since {parity.reason}"]
    score = f"{parity.fp32.score:.4f} -> {parity.int8.score:.4f} validation {parity.metric}"
    size = f"{parity.fp32.megabytes:.0f} -> {parity.int8.megabytes:.0f} MB"
    speed = "speed not measured on this machine (the bundle was not exported here)"
    if timings and timings.rows_per_second_int8:
        speed = (
            f"{timings.rows_per_second_fp32:.0f} -> {timings.rows_per_second_int8:.0f} "
            f"{timings.unit}/s "
            f"({timings.int8_speedup:.1f} times, {timings.provider})"
        )
    return [f"fp32 to int8: {speed}, {score}, {size}", served]


def _places(built: Built) -> list[list[str]]:
    files, version = built.files, built.registration.version
    registered = f" (version {version} in MLflow)" if version else ""
    return [
        ["bundle", f"{files.bundle}/{registered}"],
        ["report", str(files.report)],
        ["Data Docs", str(files.data_docs / "index.html")],
    ]


def _next(built: Built, asked: str) -> list[list[str]]:
    files = built.files
    return [
        ["source .venv/bin/activate", "the commands below live there"],
        [asked, "ask the model"],
        [f"assay promote {files.model}", "make it champion, if the gate lets it"],
        *_retrain(files.model),
        [f"xdg-open {files.data_docs / 'index.html'}", "what was found in the data"],
        *(
            [f"assay run {name}", f"also in params.yaml, not built here: {learns}"]
            for name, learns in built.unbuilt.items()
        ),
    ]


def _retrain(model: str) -> list[list[str]]:
    """Return how the flow is started, or made for a model that has no deployment yet."""
    up = "Prefect, its worker and MLflow"
    if name := _deployment(model):
        run = f"prefect deployment run retrain/{name} --watch"
        return [["make up", f"{up}; then:"], [run, "retrain as a flow"]]
    return [["edit prefect.yaml", f"give {model} a deployment: copy a block"], ["make up", up]]


def _deployment(model: str) -> str | None:
    try:
        return deploying.known(deploying.DEPLOYMENTS).get(model)
    except SettingsError:  # `make up` says what is wrong with the file; this run ended well
        return None

"""Remove old runs from MLflow that nothing names any more.

Reads and writes the store. A run whose weights the caller names is kept, and so is each one that
the registry holds a version of with an alias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways.tracking import runs, store

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from mlflow import MlflowClient

MOST = 1000


def prune(model: str, keep: Collection[str], before: datetime) -> int:
    """Delete runs of a model that began before a moment; return how many.

    ``keep`` are the SHA-256s of weights. Registered versions of a deleted run go with it.

    Raises:
        StoreFailed: the store cannot be reached.

    """
    with store.failures():
        client = store.connect()
        experiment = client.get_experiment_by_name(model)
        if experiment is None:
            return 0
        moment = int(before.timestamp() * 1000)
        old = client.search_runs(
            [experiment.experiment_id], f"attributes.start_time < {moment}", max_results=MOST
        )
        gone = [run for run in old if run.data.tags.get(runs.WEIGHTS) not in keep]
        for run in gone:
            _versions(client, model, run.info.run_id)
            client.delete_run(run.info.run_id)
        return len(gone)


def _versions(client: MlflowClient, model: str, run: str) -> None:
    for version in client.search_model_versions(f"name = '{model}' and run_id = '{run}'"):
        client.delete_model_version(model, version.version)

"""Remove old runs from MLflow that nothing names any more.

Reads and writes the store. A run whose weights the caller names is kept; registered versions of
all others go with their run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways.tracking import runs, store

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from mlflow import MlflowClient


def prune(model: str, keep: Collection[str], before: datetime) -> int:
    """Delete runs of a model that began before a moment; return how many.

    ``keep`` are the SHA-256s of weights. Registered versions of a deleted run go with it.

    Raises:
        StoreFailed: the store cannot be reached.

    """
    with store.failures():
        client = store.connect()
        moment = int(before.timestamp() * 1000)
        old = runs.search(client, model, f"attributes.start_time < {moment}")
        gone = [run for run in old if run.data.tags.get(runs.WEIGHTS) not in keep]
        for run in gone:
            _versions(client, model, run.info.run_id)
            client.delete_run(run.info.run_id)
        return len(gone)


def _versions(client: MlflowClient, model: str, run: str) -> None:
    for version in client.search_model_versions(f"name = '{model}' and run_id = '{run}'"):
        client.delete_model_version(model, version.version)

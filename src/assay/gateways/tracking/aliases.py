"""MLflow's alias of a registered version, and how many trainings there were.

Reads and writes the store. Decides nothing: the ledger says who is champion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways.tracking import runs, store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mlflow import MlflowClient


def point(model: str, alias: str, bundle: str, tags: Mapping[str, str]) -> int | None:
    """Let ``alias`` name the version that holds ``bundle`` (its SHA-256); return that version.

    The version gets ``tags`` too. None where no version holds that bundle.

    Raises:
        StoreFailed: the store cannot be reached, or refused it.

    """
    with store.failures():
        client = store.connect()
        version = version_of(client, model, bundle)
        if version is None:
            return None
        if _aliased(client, model, alias) != version:
            client.set_registered_model_alias(model, alias, str(version))
        for name, value in tags.items():
            client.set_model_version_tag(model, str(version), name, value)
        return version


def version_of(client: MlflowClient, model: str, bundle: str) -> int | None:
    """Return the newest version that bears the SHA-256 of a bundle."""
    found = client.search_model_versions(f"name = '{model}' and tag.`{runs.BUNDLE}` = '{bundle}'")
    return max((int(version.version) for version in found), default=None)


def forget(model: str, bundle: str) -> None:
    """Let no version bear the SHA-256 of a bundle any more: its artifacts are lost or altered.

    Raises:
        StoreFailed: the store cannot be reached, or refused it.

    """
    with store.failures():
        client = store.connect()
        while (version := version_of(client, model, bundle)) is not None:
            client.set_model_version_tag(model, str(version), runs.BUNDLE, f"lost {bundle}")


def count_trainings(model: str, since: datetime | None) -> int:
    """Return how many trainings ended with weights, since a moment or ever.

    Raises:
        StoreFailed: the store cannot be reached.

    """
    with store.failures():
        begin = f" and attributes.start_time >= {int(since.timestamp() * 1000)}" if since else ""
        marked = f"tags.`{runs.WEIGHTS}` LIKE '%'{begin}"
        return len(runs.search(store.connect(), model, marked))


def _aliased(client: MlflowClient, model: str, alias: str) -> int | None:
    aliases: Mapping[str, str] = client.get_registered_model(model).aliases
    return int(aliases[alias]) if alias in aliases else None


def log_verdict(model: str, weights: str, figures: Mapping[str, float], outcome: str) -> None:
    """Log the gate's figures to the run that trained ``weights``, and its outcome as a tag.

    Raises:
        StoreFailed: the store cannot be reached.

    """
    with store.failures():
        client = store.connect()
        run = runs.of_weights(client, model, weights)
        fresh = runs.points(runs.news(run, figures))
        runs.write(client, run.info.run_id, metrics=fresh, tags={"assay.gate": outcome})

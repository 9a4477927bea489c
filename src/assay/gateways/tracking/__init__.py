"""MLflow, the journal of every run and the registry of models; the only home of mlflow.

``store`` finds or creates the database, ``journal`` is what stages write to, ``record`` completes
a run from files, ``aliases`` names the champion. Importing this imports no mlflow. Nothing here is
read by a stage, and no fault of MLflow ever stops or delays one.
"""

from assay.gateways.tracking.aliases import count_trainings, forget, log_verdict, point
from assay.gateways.tracking.journal import Journal, add_reported_metrics
from assay.gateways.tracking.metrics import reported_metrics
from assay.gateways.tracking.pruning import prune
from assay.gateways.tracking.record import Dataset, Record, fetch_bundle, fetch_of
from assay.gateways.tracking.runs import TRAINING
from assay.gateways.tracking.store import (
    address,
    failures,
    fixed_address,
    is_here,
    is_installed,
    prepare,
    require_reachable,
    run_url,
)

__all__ = [
    "TRAINING",
    "Dataset",
    "Journal",
    "Record",
    "add_reported_metrics",
    "address",
    "count_trainings",
    "failures",
    "fetch_bundle",
    "fetch_of",
    "fixed_address",
    "forget",
    "is_here",
    "is_installed",
    "log_verdict",
    "point",
    "prepare",
    "prune",
    "reported_metrics",
    "require_reachable",
    "run_url",
]

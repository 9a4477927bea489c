"""Reports of stages as tests need them: sound values, of which a test changes what it is about."""

from __future__ import annotations

from typing import Any

from assay.records import Candidate, Evaluation, Metric, Parity, Timings


def parity(**changes: Any) -> Parity:
    """Return the report of an export that serves int8."""
    sound = {
        "metric": "macro F1",
        "fp32": Candidate(score=0.75, megabytes=90.1),
        "int8": Candidate(score=0.749, megabytes=23.2),
        "score_drop": 0.001,
        "same_prediction_int8": 0.99,
        "validation_rows": 400,
        "validation_max_abs_diff": 1e-6,
        "grid_max_abs_diff": 1e-6,
        "neighbours_max_abs_diff": 1e-6,
        "temperature": 1.0,
        "precision": "int8",
        "reason": "int8 costs 0.001",
    }
    return Parity.model_validate(sound | changes)


def timings(**changes: Any) -> Timings:
    """Return what a machine measured of such an export."""
    sound = {
        "rows_per_second_fp32": 700.0,
        "rows_per_second_int8": 1475.0,
        "int8_speedup": 2.1,
        "provider": "CPUExecutionProvider",
        "processor": "any",
        "threads": 2,
    }
    return Timings.model_validate(sound | changes)


def evaluation(*metrics: Metric, **changes: Any) -> Evaluation:
    """Return these metrics of a text classifier's bundle on 1,200 test rows."""
    sound = {
        "data": "text",
        "task": "classification",
        "rows": 1200,
        "precision": "int8",
        "baseline": "TF-IDF and logistic regression",
        "better": "model",
        "metrics": metrics,
    }
    return Evaluation.model_validate(sound | changes)

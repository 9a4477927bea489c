from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways.tracking import runs
from assay.gateways.tracking.journal import add_metrics
from tests.gateways.tracking.made import WEIGHTS, runs_of

if TYPE_CHECKING:
    from pathlib import Path


def test_names_that_mlflow_refuses_are_mended(project: Path) -> None:
    add_metrics("opinions", WEIGHTS, {"test.f1.c#, 好": 0.5})

    _, [run] = runs_of("opinions")
    assert run.data.metrics == {"test.f1.c__ 好": 0.5}


def test_settings_read_as_yaml_writes_them() -> None:
    settings = {"a": {"b": 1e-4, "c": {"d": True}}, "e": None, "f": ("x", 2)}

    assert runs.flatten(settings) == {"a.b": "0.0001", "a.c.d": "true", "e": "null", "f": "x, 2"}

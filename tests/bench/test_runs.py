from __future__ import annotations

import math

from assay.records import Metric
from bench.runs import Run
from tests import reports


def run(*metrics: Metric) -> Run:
    return Run(13, 100.0, 90.0, reports.evaluation(*metrics))


def test_a_run_tells_its_accuracy_with_the_interval() -> None:
    found = run(Metric(name="accuracy", title="accuracy", value=0.94, low=0.935, high=0.9449))
    assert found.accuracy == 0.94
    assert found.interval(4) == "0.9350–0.9449"


def test_an_accuracy_that_is_undefined_is_no_number() -> None:
    found = run(Metric(name="accuracy", title="accuracy", value=None))
    assert math.isnan(found.accuracy)
    assert found.interval(4) == "nan–nan"

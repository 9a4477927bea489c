from __future__ import annotations

from assay.records import Metric
from bench import text_runs
from bench.runs import Run
from bench.text_runs import TextRun
from tests import reports


def run(seed: int, accuracy: float) -> TextRun:
    evaluation = reports.evaluation(
        Metric(name="accuracy", title="accuracy", value=accuracy, low=0.8, high=0.9),
        Metric(name="macro_f1", title="macro F1", value=None),
    )
    timings = reports.timings(rows_per_second_fp32=10.0, rows_per_second_int8=40.0)
    found = Run(seed, 120.0, 60.0, evaluation)
    return TextRun("films", found, reports.parity(), timings, 0.75)


def lines(*found: TextRun) -> list[str]:
    """Return the rows of the table."""
    return [line for line in text_runs.table(found).splitlines() if line.startswith("| ")][2:]


def test_each_seed_has_a_line_and_several_a_mean() -> None:
    first, second, mean = lines(run(13, 0.84), run(14, 0.86))
    assert first.startswith("| `films`, seed 13 | 0.8400 (0.800–0.900) | nan | 0.7500 | 1,200 |")
    assert second.startswith("| `films`, seed 14 | 0.8600")
    assert mean.startswith("| **`films`, mean** | **0.8500** |")
    assert len(lines(run(13, 0.84))) == 1


def test_the_speed_and_size_are_those_of_what_is_served() -> None:
    (line,) = lines(run(13, 0.84))
    assert line.endswith("| int8, 23 | 40.0 |")

from __future__ import annotations

from assay.records import Metric
from bench import generator_runs
from bench.generator_runs import HEAD, GeneratorRun
from bench.runs import Run
from tests import reports


def run(seed: int, bits: float, more: tuple[str, ...] = ()) -> GeneratorRun:
    evaluation = reports.evaluation(
        Metric(name="bits_per_byte", title="bits", value=bits, low=1.9, high=2.1, baseline=2.5),
        Metric(name="nats_per_token", title="nats", value=1.5, baseline=1.6),
        Metric(name="copied_share", title="copied", value=0.01, baseline=0.02),
    )
    timings = reports.timings(rows_per_second_fp32=10.0, rows_per_second_int8=40.0)
    return GeneratorRun(
        "verses", Run(seed, 120.0, 60.0, evaluation), reports.parity(), timings, more
    )


def cells(*found: GeneratorRun, more: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the cells of each row of the table, of which every row has as many as the head."""
    lines = generator_runs.table(found, more).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert {len(row) for row in rows} == {len(HEAD) + len(more)}
    return [rows[0], *rows[2:]]


def test_the_bits_stand_beside_those_of_the_n_grams() -> None:
    _, row = cells(run(13, 2.0))
    expected = ["`verses`, seed 13", "2.0000 (1.900–2.100)", "1.5000", "1.6000", "-20.0%"]
    assert row[:5] == expected
    assert row[5] == "0.010 (held out 0.020)"
    assert row[-1] == "40.0"


def test_several_seeds_have_a_mean_of_bits_and_gains() -> None:
    *_, mean = cells(run(13, 2.0), run(14, 1.5))
    assert mean[:2] == ["**`verses`, mean**", "**1.7500**"]
    assert "**-30.0%**" in mean


def test_further_columns_stand_behind_the_others() -> None:
    head, row, *_ = cells(run(13, 2.0, ("44.0%",)), run(14, 2.0, ("45.0%",)), more=("form",))
    assert head[-1] == "form"
    assert row[-1] == "44.0%"

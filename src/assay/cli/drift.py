"""``assay drift MODEL``: how the rows that are served differ from those it was tested on.

Reads what :mod:`assay.release.served_rows` does. Writes to standard output alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.paths import require_project

if TYPE_CHECKING:
    from assay.monitoring.drift import Drift
    from assay.monitoring.quality import Quality
    from assay.release.served_rows import ServedRows


@click.command(name="drift")
@click.argument("model")
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=7.0,
    help="Rows of the last days alone; 7 if not given.",
)
@as_json
def command(model: str, days: float, json_: bool) -> None:
    """Compare rows that `assay serve` kept with those that MODEL's champion was tested on."""
    require_project()
    from assay.release import served_rows

    found = served_rows.measure(model, days=days)
    give(found.model_dump(mode="json"), _lines(found), json_=json_)


def _lines(found: ServedRows) -> list[str]:
    return [
        f"{found.model}, release {found.version}: {found.rows:,} rows of the last {found.days:g} "
        "days",
        "",
        *_drift(found.drift),
        "",
        *_quality(found.quality),
    ]


def _drift(found: Drift) -> list[str]:
    if found.note:
        return [f"drift: {found.note}"]
    heads = ["measure", "statistic", "p", "drifted"]
    rows = [
        [one.name, f"{one.statistic:.3f}", f"{one.p_value:.2g}", "yes" if one.alarm else "no"]
        for one in found.measures
    ]
    verdict = "found" if found.alarm else "not found"
    return [
        *columns([heads, *rows]),
        f"drift: {verdict} ({found.rows_current:,} rows beside {found.rows_reference:,} test rows; "
        f"a measure drifted where p is below {found.measure_level:.2g})",
    ]


def _quality(found: Quality | None) -> list[str]:
    if found is None:
        return ["right answers: too few rows for an estimate"]
    return [
        f"right answers, by confidence: {_share(found.estimated)} of these rows "
        f"({_share(found.low)} to {_share(found.high)})",
        f"  of {found.rows_reference:,} test rows {_share(found.measured)} were right, and by "
        f"confidence {_share(found.expected)}",
        "  an estimate; labels of some of these rows would show what is true",
    ]


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"

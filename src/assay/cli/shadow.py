"""``assay shadow MODEL``: how a challenger answers the traffic of MODEL's champion.

Reads the counts that the server wrote. Writes to standard output alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.paths import ModelPaths, require_project

if TYPE_CHECKING:
    from assay.monitoring.compared import Compared

MOST_PAIRS = 10
SAYS = {
    "agrees": "agrees: the challenger names the champion's label often enough",
    "disagrees": "disagrees: the challenger names the champion's label too seldom",
    "keep watching": "keep watching: more rows are needed to tell",
}


@click.command(name="shadow")
@click.argument("model")
@click.option(
    "--at-least",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.98,
    help="Share of rows to which both give the same label; 0.98 if not given.",
)
@click.option(
    "--error",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    help="Chance that the verdict is ever wrong, however often you look; 0.05 if not given.",
)
@as_json
def command(model: str, at_least: float, error: float, json_: bool) -> None:
    """Print how the challenger beside MODEL's champion agrees with it, and a verdict."""
    require_project()
    from assay.errors import MissingFile
    from assay.monitoring import compared
    from assay.tasks import registry

    registry.load_model(model)
    path = ModelPaths(model).shadow
    known = compared.read(path)
    if not known:
        raise MissingFile(
            f"no challenger of {model} was compared yet: there is no {path}",
            expected="counts that `assay serve` wrote, which it does when it is given a challenger",
            cure="serve the model with a challenger",
        )
    answer = _answer(model, known[-1], at_least, error)
    give(answer, _lines(answer, known[-1], len(known) - 1), json_=json_)


def _answer(model: str, found: Compared, at_least: float, error: float) -> dict[str, Any]:
    from assay.monitoring import anytime, compared

    low, high = anytime.interval(found.agreements, found.rows, error)
    times = {"champion": found.champion_latencies, "challenger": found.challenger_latencies}
    return {
        "model": model,
        **found.model_dump(mode="json", exclude={"champion_latencies", "challenger_latencies"}),
        "agreement": found.agreements / found.rows if found.rows else None,
        "low": low,
        "high": high,
        "at_least": at_least,
        "error": error,
        "verdict": anytime.verdict(found.agreements, found.rows, at_least, error),
        "seconds": {
            name: {
                "p50": compared.quantile(latencies, 0.5),
                "p95": compared.quantile(latencies, 0.95),
            }
            for name, latencies in times.items()
        },
    }


def _lines(answer: dict[str, Any], found: Compared, earlier: int) -> list[str]:
    share = "none" if answer["agreement"] is None else f"{100 * answer['agreement']:.2f} %"
    sure = 100 * (1 - answer["error"])
    return [
        f"{answer['model']}: {found.challenger} beside release {found.champion}, {found.since} to "
        f"{found.until}",
        f"same label: {share} of {found.rows:,} rows (between {100 * answer['low']:.2f} % and "
        f"{100 * answer['high']:.2f} %, at {sure:g} %, however often you look)",
        *_apart(found),
        *_times(answer["seconds"]),
        *([f"not answered by the challenger: {found.failed:,} rows"] if found.failed else []),
        *([f"not asked, for want of time: {found.dropped:,} rows"] if found.dropped else []),
        *([f"earlier bundles that were compared: {earlier}"] if earlier else []),
        f"verdict on at least {100 * answer['at_least']:g} %: {SAYS[answer['verdict']]}",
    ]


def _apart(found: Compared) -> list[str]:
    pairs = [
        (count, first, second)
        for first, others in found.disagreements.items()
        for second, count in others.items()
    ]
    shown = sorted(pairs, key=lambda one: (-one[0], one[1:]))[:MOST_PAIRS]
    rows = [[first, second, f"{count:,}"] for count, first, second in shown]
    return ["", *columns([["champion", "challenger", "rows"], *rows]), ""] if rows else []


def _times(seconds: dict[str, dict[str, float | None]]) -> list[str]:
    return [
        f"{name}: {1000 * times['p50']:.1f} ms a row, 95 of 100 within {1000 * times['p95']:.1f} ms"
        for name, times in seconds.items()
        if times["p50"] is not None and times["p95"] is not None
    ]

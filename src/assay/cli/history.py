"""``assay history MODEL``: what was decided of a model, when, and on what grounds.

Reads the ledger, whose chain must hold. Writes to standard output, and MLflow's alias where that
lags behind.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.paths import LEDGER, require_project

if TYPE_CHECKING:
    from assay.release.events import Line
    from assay.verdicts import Rule, Verdict

FIGURE = "difference"


@click.command(name="history")
@click.argument("model")
@click.option(
    "--last", type=click.IntRange(min=1), default=50, help="So many of the newest entries."
)
@as_json
def command(model: str, last: int, json_: bool) -> None:
    """Print MODEL's entries of the ledger, the newest last."""
    require_project()
    from assay.release import aliases, champion, ledger
    from assay.tasks import registry

    registry.load_model(model)
    known = ledger.read()
    note = aliases.update(model, known)
    now = champion.version_of(known, model)
    shown = list(islice(known.newest(model), last))[::-1]
    shown_lines = _lines(model, now, shown, known.count(model)) + ([note] if note else [])
    give(_answer(model, now, shown), shown_lines, json_=json_)


def _answer(model: str, now: int | None, shown: list[Line]) -> dict[str, Any]:
    return {
        "model": model,
        "champion": now,
        "entries": [line.model_dump(mode="json") for line in shown],
    }


def _lines(model: str, now: int | None, shown: list[Line], all_: int) -> list[str]:
    if not all_:
        return [
            f"{model}: nothing in {LEDGER} yet",
            f"next: assay run {model}, assay promote {model}",
        ]
    rows = [[str(line.number), line.time, line.event.kind, summary(line)] for line in shown]
    champion = f"release {now} is champion" if now else "there is no champion"
    more = f"; {all_ - len(shown)} earlier entries" if all_ > len(shown) else ""
    return [*columns(rows), "", f"{model}: {champion}{more}; the chain of {LEDGER} holds"]


def summary(line: Line) -> str:
    """Return an entry in a few words."""
    event = line.event
    if event.kind == "promotion":
        return f"release {event.version} became champion ({_figures(event.verdict)})"
    if event.kind == "refusal":
        return f"a challenger was refused: {_names(event.verdict.refusals)}"
    if event.kind == "rollback":
        reason = f": {event.reason}" if event.reason else ""
        return f"release {event.version} became champion again, instead of {event.replaced}{reason}"
    if event.kind == "verification":
        return f"release {event.version} was rebuilt on {event.processor}: {event.result}"
    fired = [reason.name for reason in event.decision.reasons if reason.fires]
    why = ", ".join(fired) or "nothing asked for it"
    return f"{'trained' if event.decision.train else 'not trained'} ({why}): {event.outcome}"


def _figures(verdict: Verdict) -> str:
    if verdict.policy == "first":
        return "the first one"
    compared = [
        f"{rule.name} {rule.figures[FIGURE]:+.4f}"
        for rule in verdict.rules
        if rule.figures.get(FIGURE) is not None and "champion" in rule.figures
    ]
    return f"{verdict.policy}: {', '.join(compared)}"


def _names(rules: tuple[Rule, ...]) -> str:
    return "; ".join(f"{rule.title}: {rule.found}" for rule in rules)

"""``assay promote MODEL``: hold what was built against the gate; make it champion if all holds.

Writes what :mod:`assay.release.promote` does, and to standard output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.paths import ModelPaths, require_project

if TYPE_CHECKING:
    from assay.release.promote import Promoted
    from assay.verdicts import Rule, Verdict

REFUSED = 4


@click.command(name="promote")
@click.argument("model")
@as_json
def command(model: str, json_: bool) -> None:
    """Make the MODEL that was built champion, if the gate lets it; exit 4 if it does not."""
    require_project()
    from assay.release.promote import promote

    done = promote(model)
    give(_answer(done), _lines(done), json_=json_)
    if done.refused:
        raise click.exceptions.Exit(REFUSED)


def _answer(done: Promoted) -> dict[str, Any]:
    return {
        "model": done.model,
        "promoted": done.verdict is not None and done.verdict.passed,
        "champion": done.version,
        "before": done.before,
        "verdict": done.verdict.model_dump(mode="json") if done.verdict else None,
        "notes": list(done.notes),
    }


def _lines(done: Promoted) -> list[str]:
    if done.verdict is None:
        return [f"{done.model}: release {done.version} has these very bytes, and is champion"]
    return [*table(done.verdict), "", *_outcome(done, done.verdict), *done.notes]


def table(verdict: Verdict) -> list[str]:
    """Return every rule as a line: its mark, its title, what was found, what it asks for."""
    return columns([[_mark(rule), rule.title, rule.found] for rule in verdict.rules])


def _mark(rule: Rule) -> str:
    if rule.passed:
        return "ok"
    return "warning" if rule.warning else "REFUSED"


def _outcome(done: Promoted, verdict: Verdict) -> list[str]:
    if verdict.passed:
        against = f" (release {done.before} before)" if done.before else ""
        return [
            f"{done.model}: release {done.version} is champion{against}",
            f"commit what vouches for it: git add releases && git commit -m 'Release {done.model} "
            f"{done.version}'",
        ]
    stays = f"release {done.before} stays champion" if done.before else "there is no champion"
    lines = [f"{done.model}: refused; {stays}"]
    lines += [
        f"  {rule.title}: {rule.found}\n    required: {rule.required}" for rule in verdict.refusals
    ]
    if any(rule.name == "labels" for rule in verdict.refusals):
        lines.append(f"  rows to look at: {ModelPaths(done.model).suspects}")
    return lines

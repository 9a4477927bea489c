"""``assay verify MODEL``: rebuild a release in a clean worktree, and compare every digest.

Reads and writes what :mod:`assay.release.verify` does, and standard output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assay.cli import as_json
from assay.cli.answer import columns, give
from assay.errors import UsageError
from assay.paths import require_project
from assay.progress import say

if TYPE_CHECKING:
    from assay.release.outcome import Outcome

RESULTS = {
    "bit_exact": "bit-exact: every output has the recorded bytes",
    "equal_so_far": "equal so far: the training's state has the recorded digests",
    "within_tolerance": "within tolerance: another processor class, equal up to rounding",
    "failed": "FAILED",
}


@click.command(name="verify")
@click.argument("model")
@click.option(
    "--version", type=click.IntRange(min=1), help="A release; if not given, the champion."
)
@click.option("--rev", help="Instead of a release, what a commit records: a hash, tag or branch.")
@click.option("--quick", is_flag=True, help="Replay the first steps alone, two minutes at most.")
@as_json
def command(model: str, version: int | None, rev: str | None, quick: bool, json_: bool) -> None:
    """Rebuild MODEL in a clean worktree of the commit that made it; exit 3 if a byte differs."""
    require_project()
    if rev is not None and version is not None:
        raise UsageError(
            "both --version and --rev were given",
            expected="a release, or a commit",
            cure="leave one of them out",
        )
    from assay.release import verify
    from assay.tasks import registry

    registry.load_model(model)
    if rev is not None:
        number, outcome = None, verify.verify_commit(model, rev, quick=quick, tell=say)
    else:
        number, outcome = verify.verify_release(model, version, quick=quick, tell=say)
    give(_answer(number, outcome), _lines(number, outcome), json_=json_)
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


def _answer(number: int | None, outcome: Outcome) -> dict[str, Any]:
    from assay.release.outcome import PROVES

    return {
        "version": number,
        **outcome.model_dump(mode="json"),
        "exit_code": outcome.exit_code,
        "proves": PROVES,
    }


def _lines(number: int | None, outcome: Outcome) -> list[str]:
    from assay.release.outcome import PROVES

    what = f"release {number}" if number else "what was recorded"
    rows = [
        [one.stage, _stage(one.repeated, one.ended, len(one.differences)), f"{one.seconds:.0f} s"]
        for one in outcome.stages
    ]
    steps = f" (steps 1 to {outcome.step})" if outcome.step is not None else ""
    return [
        *(columns(rows) if rows else []),
        *([""] if rows else []),
        f"{outcome.model}, {what} of commit {outcome.commit[:12]}: {RESULTS[outcome.result]}"
        f"{f' at {outcome.stage}' if outcome.stage else steps}",
        *_difference(outcome),
        f"on {outcome.processor} (made on {outcome.recorded_processor}), {outcome.seconds:.0f} s",
        *outcome.notes,
        "",
        PROVES,
    ]


def _stage(repeated: bool, ended: bool, differing: int) -> str:
    if not repeated:
        return "taken as recorded"
    if not ended:
        return "did not end"
    return f"{differing} outputs differ" if differing else "equal"


def _difference(outcome: Outcome) -> list[str]:
    if outcome.result != "failed":
        return []
    return [f"  {outcome.path}", f"  expected: {outcome.expected}", f"  found: {outcome.found}"]

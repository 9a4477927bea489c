"""Build a released model again in a clean worktree, and compare every output's digest.

Reads git, DVC's cache or remote, and what was recorded when the model was released. Writes a
temporary worktree, which is removed at the end, and to DVC's cache what had to be fetched. Never
touches the user's files, index, branch or MLflow, and writes nothing down: that is the caller's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assay.gateways.versioning.worktree import checked_out, resolve
from assay.paths import PIPELINE_LOCK, require_project
from assay.processor import processor_class
from assay.release import clean
from assay.release.full import Repetition
from assay.release.outcome import PROVES, Outcome
from assay.release.quick import Replay, require_trace
from assay.release.recorded import Recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["PROVES", "Outcome", "Recorded", "rebuild"]


def rebuild(model: str, recorded: Recorded, *, quick: bool, tell: Callable[[str], None]) -> Outcome:
    """Rebuild a model as it was recorded; ``tell`` hears each line of the work.

    ``quick`` replays the training's first steps, two minutes at most, instead of running all
    stages. On another class of processor than the recorded one, what the stages after ``split``
    write may differ: then metrics and predictions are compared (:mod:`assay.release.tolerance`).

    Raises:
        UsageError: no such commit; ``quick`` where no trace was recorded, or where another class of
            processor computes other bytes.
        InputRefused: what the rebuild starts from is in no cache and no remote, or the record is
            not whole.
        SettingsError: the recorded ``dvc.lock`` or that commit's ``dvc.yaml`` is torn.
        StageFailed, OutOfSpace: the rebuild could not be carried out, which proves nothing.

    """
    require_project()
    started, here, commit = time.monotonic(), processor_class(), resolve(recorded.commit)
    if quick:
        require_trace(recorded)  # before anything is made
    with checked_out(commit) as folder:
        (folder / PIPELINE_LOCK).write_bytes(recorded.lock)
        notes = _notes(folder, recorded)
        tree = clean.prepare(folder, tell)
        if quick:
            finding = Replay(model, recorded, tree).run()
        else:
            finding = Repetition(model, recorded, tree, here != recorded.processor, notes).run()
    first = finding.difference
    return Outcome(
        model=model,
        commit=commit,
        result=finding.result,
        stage=finding.stage,
        path=first.path if first else None,
        expected=first.expected if first else None,
        found=first.found if first else None,
        step=finding.step,
        stages=finding.stages,
        processor=here,
        recorded_processor=recorded.processor,
        seconds=round(time.monotonic() - started, 1),
        notes=tuple(notes),
    )


def _notes(folder: Path, recorded: Recorded) -> list[str]:
    """Return what a reader must know of the environment."""
    committed = clean.digest_of(folder / clean.REQUIREMENTS) or ""
    if committed == recorded.requirements_sha256:
        return []
    return [
        "requirements.lock at that commit is not the one that was recorded: the release was made "
        "from a changed copy"
    ]

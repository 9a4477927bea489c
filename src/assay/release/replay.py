"""A training done again for some seconds: ``python -m assay.release.replay MODEL SECONDS OUTPUT``.

Reads ``params.yaml``, and through the task the train and validation splits, which it takes as they
are. Writes OUTPUT, the trace that it came to, atomically, and what a task keeps for itself below
``.assay/``; all else goes to a temporary folder. It never resumes from a training that was killed,
nor disturbs its state, logs nothing to MLflow, and never outlives the process that started it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assay import environment, records
from assay.errors import AssayError, UsageError
from assay.gateways.tracking import Journal
from assay.learning.run import TrainingRun
from assay.parent import die_with_parent
from assay.paths import ModelPaths, require_project
from assay.progress import say
from assay.records import Trace, TracePoint
from assay.tasks import registry
from assay.visible import show_fault, visible

if TYPE_CHECKING:
    from assay.settings.schema import Model


class Compared(NamedTuple):
    """How far two traces are equal.

    Attributes:
        equal_to: the last step up to which all points are equal, None if the first differs.
        differs_at: the first step whose points differ, None if none does.

    """

    equal_to: int | None
    differs_at: int | None


class _Enough(Exception):
    """The seconds are over."""


def compare(expected: Trace, found: Trace) -> Compared:
    """Hold the trace of a replay against the recorded one.

    A replay that stopped early has fewer points, which is no difference. Points that the record
    lacks are one, and so is another sequence of steps.
    """
    equal_to: int | None = None
    for recorded, point in zip_longest(expected.points, found.points):
        if point is None:
            break
        if recorded != point:
            steps = [point.step] if recorded is None else [recorded.step, point.step]
            return Compared(equal_to, min(steps))
        equal_to = point.step
    return Compared(equal_to, None)


def replay(settings: Model, files: ModelPaths, deadline: float) -> Trace:
    """Train as the stage does, up to the first point of the trace behind ``deadline``.

    ``deadline`` is in seconds of :func:`time.monotonic`. A training that ends before it leaves its
    whole trace. The first point, step 0, is waited for: before it a task may do what no point tells
    of, as the linear probe of a text model.

    Raises:
        AssayError: see ``train`` of the task.

    """
    points: list[TracePoint] = []

    def keep(point: TracePoint) -> None:
        points.append(point)
        if time.monotonic() >= deadline:
            raise _Enough

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = TrainingRun(
            checkpoint=folder / "checkpoint",
            curve=folder / "training.csv",
            state=folder / "state",
            digest="replay",  # of a state that nothing resumes from
            logger=Journal.silent(),
            on_point=keep,
        )
        try:
            registry.task_of(settings).train(settings, files, run)
        except _Enough:
            say(f"replay: stopped at step {points[-1].step}, the time is over")
    return Trace(points=tuple(points))


def main(*words: str) -> int:
    """Replay one model's training and write its trace; return the exit code."""
    die_with_parent()
    started = time.monotonic()
    environment.prepare()
    environment.collect_garbage_rarely()
    sys.excepthook = show_fault
    try:
        model, seconds, output = _understood(words)
        require_project()
        settings = registry.load_model(model)
        found = replay(settings, ModelPaths(model), started + seconds)
        records.write(output, found)
    except AssayError as problem:
        sys.stderr.write(visible(f"\nreplay: {problem}\n"))
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _understood(words: tuple[str, ...]) -> tuple[str, float, Path]:
    try:
        model, seconds, output = words
        return model, float(seconds), Path(output)
    except ValueError as problem:
        raise UsageError(
            f"these words are not understood: {' '.join(words)}",
            expected="a model, a number of seconds, and the file to write the trace to",
            cure="python -m assay.release.replay MODEL SECONDS OUTPUT.json",
        ) from problem


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

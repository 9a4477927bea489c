"""Replay the first steps of a released model's training, and compare the state's digests.

Reads the recorded splits out of DVC's cache or remote. Writes the worktree that it is given alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import records
from assay.errors import StageFailed, UsageError
from assay.paths import PIPELINE, SCRATCH, ModelPaths
from assay.processor import processor_class
from assay.records import Trace
from assay.release.inputs import take
from assay.release.outcome import Difference, Finding
from assay.release.replay import compare

if TYPE_CHECKING:
    from assay.release.clean import CleanTree
    from assay.release.recorded import Recorded

SECONDS = 120.0  # the replay stops at the first point behind them
MODULE = "assay.release.replay"
STAGE = "train"
WHOLE = "call assay verify without --quick: it builds the whole model"


@dataclass(frozen=True)
class Replay:
    """The first steps of a training, done again.

    Attributes:
        model: its name.
        recorded: what is compared with.
        tree: where the training runs.
        seconds: for how long.

    """

    model: str
    recorded: Recorded
    tree: CleanTree
    seconds: float = SECONDS

    def run(self) -> Finding:
        """Train from the recorded splits for some seconds, and compare the trace so far.

        Raises:
            InputRefused: neither DVC's cache nor a remote has the splits.
            UsageError: no trace was recorded; the code of that commit knows no replay; another
                class of processor computes other bytes.
            StageFailed: the replay was killed.

        """
        expected = require_trace(self.recorded)
        stages = self.recorded.stages(self.model, (self.tree.folder / PIPELINE).read_bytes())
        wrote = {path: digest for stage in stages for path, digest in stage.wrote.items()}
        take(ModelPaths(self.model).splits.as_posix(), wrote, self.tree.folder)
        started = time.monotonic()
        found = self._trace()
        if isinstance(found, str):
            return self._failed(expected, expected.points[0].step, found)
        equal, differing = compare(expected, found)
        left = expected.points[len(found.points) :]
        if differing is None and left and time.monotonic() - started < self.seconds:
            # It was not stopped: the training itself has fewer points.
            differing = left[0].step
        if differing is None:
            return Finding("equal_so_far", step=equal)
        if processor_class() != self.recorded.processor:
            raise _other_class(differing, self.recorded.processor)
        digests = {point.step: point.sha256 for point in found.points}
        return self._failed(expected, differing, digests.get(differing, "no such point"))

    def _trace(self) -> Trace | str:
        """Return the trace of the replay, or what it said where it ended with an error."""
        target = self.tree.folder / SCRATCH / "replay.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        code, last = self.tree.run("-m", MODULE, self.model, f"{self.seconds:g}", str(target))
        if f"No module named {MODULE}" in last:
            raise UsageError(
                "the code of that commit cannot replay a training",
                expected="a commit of this version of Assay or a later one",
                cure=WHOLE,
            )
        if code < 0:
            raise StageFailed(f"the replay was killed (code {code})", cure="run the command again")
        return records.read(target, Trace) if code == 0 else f"it ended with code {code}: {last}"

    def _failed(self, expected: Trace, step: int, found: str) -> Finding:
        digests = {point.step: point.sha256 for point in expected.points}
        difference = Difference(
            path=ModelPaths(self.model).trace.as_posix(),
            expected=digests.get(step, "no such point"),
            found=found,
        )
        return Finding("failed", STAGE, difference, step=step)


def require_trace(recorded: Recorded) -> Trace:
    """Return the recorded trace.

    Raises:
        UsageError: there is none.

    """
    if recorded.trace is None or not recorded.trace.points:
        raise UsageError(
            "no trace of the training was recorded with this release",
            expected="a release of this version of Assay or a later one",
            cure=WHOLE,
        )
    return recorded.trace


def _other_class(step: int, recorded: str) -> UsageError:
    return UsageError(
        f"at step {step} the training's state is not the recorded one, as may be on another class "
        f"of processor: {processor_class()}",
        expected=recorded,
        cure=f"{WHOLE}, and compares metrics and predictions too",
    )

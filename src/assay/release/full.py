"""Run every stage of a released model again, and compare what each writes.

Reads the recorded digests, and DVC's cache or remote for inputs. Writes the worktree that it is
given alone. Stops at the first stage that differs where it must not.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.errors import AssayError, SourceRefused
from assay.gateways.versioning.lockfile import md5_of, without
from assay.paths import PIPELINE, PIPELINE_LOCK, ModelPaths
from assay.release import inputs, tolerance
from assay.release.outcome import Difference, Finding, Rebuilt

if TYPE_CHECKING:
    from assay.gateways.versioning.lockfile import LockedStage
    from assay.release.clean import CleanTree
    from assay.release.recorded import Recorded

# What these write does not depend on the processor.
EQUAL_EVERYWHERE = ("ingest", "validate", "split")
MISSING = "missing"
# How every source says that it was not reached, which is no fault of the data.
UNREACHED = re.compile(r"could not (be )?(fetch|taken)")
OTHER_BYTES = "DO NOT MATCH THE HASHES"  # pip's words: it was reached


@dataclass(frozen=True)
class Repetition:
    """One repetition of all stages of a model.

    Attributes:
        model: its name.
        recorded: what is compared with.
        tree: where the stages run; ``dvc.lock`` there is the recorded one.
        may_differ: whether this class of processor is another one than the recorded.
        notes: filled as the stages run.

    """

    model: str
    recorded: Recorded
    tree: CleanTree
    may_differ: bool
    notes: list[str] = field(default_factory=list)

    def run(self) -> Finding:
        """Run the stages one after another.

        Raises:
            InputRefused: what they start from is in no cache and no remote.
            StageFailed, OutOfSpace: a stage was killed, or the disk is full.

        """
        stages = self.recorded.stages(self.model, (self.tree.folder / PIPELINE).read_bytes())
        inputs.restore_inbox(self.model, self.recorded.inbox, self.tree.folder)
        done: list[Rebuilt] = []
        for stage in stages:
            free = self.may_differ and stage.name not in EQUAL_EVERYWHERE
            if free:
                # Else the stage would refuse what the one before it rightly wrote otherwise.
                others = without(self.recorded.lock, self.model)
                (self.tree.folder / PIPELINE_LOCK).write_bytes(others)
            done.append(self._repeat(stage))
            if done[-1].differences and not (free and done[-1].ended):
                first = done[-1].differences[0]
                return Finding("failed", stage.name, first, stages=tuple(done))
        if any(stage.differences for stage in done):
            return self._within_tolerance(stages, tuple(done))
        return Finding("bit_exact", stages=tuple(done))

    def _repeat(self, stage: LockedStage) -> Rebuilt:
        started = time.monotonic()
        problem = self.tree.stage(stage.name, self.model)
        repeated = True
        if stage.name == "ingest" and problem and _is_unreached(problem):
            for path in stage.wrote:
                inputs.take(path, stage.wrote, self.tree.folder)
            self.notes.append(
                f"ingest was not repeated, its recorded table was taken: {problem.found}"
            )
            problem, repeated = None, False
        differences = tuple(self._failure(stage, problem) if problem else self._compare(stage))
        return Rebuilt(
            stage=stage.name,
            outputs=tuple(stage.wrote),
            differences=differences,
            repeated=repeated,
            ended=problem is None,
            seconds=round(time.monotonic() - started, 1),
        )

    def _compare(self, stage: LockedStage) -> list[Difference]:
        found = {path: self._digest(path) for path in stage.wrote}
        return [
            Difference(path=path, expected=digest, found=found[path])
            for path, digest in stage.wrote.items()
            if found[path] != digest
        ]

    def _digest(self, path: str) -> str:
        output = self.tree.folder / path
        return md5_of(output) if output.exists() else MISSING

    def _failure(self, stage: LockedStage, problem: AssayError) -> list[Difference]:
        path, digest = next(iter(stage.wrote.items()))
        return [Difference(path=path, expected=digest, found=f"{stage.name}: {problem.found}")]

    def _within_tolerance(self, stages: list[LockedStage], done: tuple[Rebuilt, ...]) -> Finding:
        files = ModelPaths(self.model)
        wrote = {path: digest for stage in stages for path, digest in stage.wrote.items()}
        apart: list[Difference] = []
        for path, compare in (
            (files.metrics, tolerance.metrics_outside),
            (files.predictions, tolerance.predictions_apart),
        ):
            kept = inputs.object_of(path.as_posix(), wrote)
            apart += compare(kept, self.tree.folder / path)
        if apart:
            return Finding("failed", stages[-1].name, apart[0], stages=done)
        return Finding("within_tolerance", stages=done)


def _is_unreached(problem: AssayError) -> bool:
    return (
        isinstance(problem, SourceRefused)
        and bool(UNREACHED.search(problem.found))
        and OTHER_BYTES not in problem.found
    )

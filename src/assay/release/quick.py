"""Replay the first steps of a released model's training, and compare the state's digests.

Reads the recorded splits out of DVC's cache or remote. Writes the worktree that it is given alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import records
from assay.errors import StageFailed, UsageError
from assay.paths import SCRATCH, ModelPaths
from assay.records import Trace
from assay.release.inputs import take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.records import TracePoint
    from assay.release.clean import CleanTree

SECONDS = 120  # at most; the replay stops at the first point after them
MODULE = "assay.release.replay"


def replay(
    tree: CleanTree, model: str, recorded: Mapping[str, str], *, seconds: float = SECONDS
) -> Trace | str:
    """Train from the recorded splits for some seconds; return the trace so far.

    ``recorded`` holds each output's DVC-MD5 by path. Where the training ends with an error, what it
    said is returned.

    Raises:
        InputRefused: neither DVC's cache nor a remote has the splits.
        UsageError: the code of that commit knows no replay.
        StageFailed: the replay was killed.

    """
    files = ModelPaths(model)
    take(files.splits.as_posix(), recorded, tree.folder)
    target = tree.folder / SCRATCH / "replay.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    code, last = tree.run("-m", MODULE, model, f"{seconds:g}", str(target))
    if f"No module named {MODULE}" in last:
        raise UsageError(
            "the code of that commit cannot replay a training",
            expected="a commit of this version of Assay or a later one",
            cure="call assay verify without --quick: it builds the whole model",
        )
    if code < 0:
        raise StageFailed(f"the replay was killed (code {code})", cure="run the same command again")
    return records.read(target, Trace) if code == 0 else f"it ended with code {code}: {last}"


def compare(expected: Trace, found: Trace) -> tuple[int | None, TracePoint | None]:
    """Return the last step up to which all of ``found`` equals ``expected``, and what differs.

    The second is None where nothing differs; else the first point of ``found`` whose digest is not
    the recorded one, or whose step was not recorded.
    """
    known = {point.step: point.sha256 for point in expected.points}
    equal = None
    for point in found.points:
        if known.get(point.step) != point.sha256:
            return equal, point
        equal = point.step
    return equal, None

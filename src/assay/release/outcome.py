"""What came of rebuilding a released model: the result, what was compared, what it proves.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.records import Record

Result = Literal["bit_exact", "equal_so_far", "within_tolerance", "failed"]

# What a program sees: 3 as for every other refusal of what was found (``assay.errors``).
EXIT_CODES: dict[Result, int] = {
    "bit_exact": 0,
    "equal_so_far": 0,
    "within_tolerance": 0,
    "failed": 3,
}

PROVES = (
    "A rebuild that ends bit-exact proves that the code of the recorded commit, run on the "
    "recorded data with the recorded settings, makes every recorded output byte for byte on this "
    "class of processor: nothing else went into the model. A quick one proves it of the "
    "training's first steps alone; within tolerance means that another class of processor gives "
    "figures inside the recorded intervals and nearly always the same answers, which is weaker "
    "than equal bytes. None of them proves that the data or their labels are right, that the "
    "model is good, or that the code does what it should. The record of earlier assignments to "
    "splits is an input, and is taken as recorded. Libraries are pinned by the hash of the files "
    "that they were installed from; what is installed is not hashed again, nor are Python, the "
    "system's libraries and the processor. Other classes of processor, thread counts and systems "
    "may compute other bytes."
)


class Difference(Record):
    """An output whose digest (DVC's MD5) is not the recorded one; ``missing`` where it isn't there.

    ``found`` is what the stage said where it ended before it wrote its outputs.
    """

    path: str
    expected: str
    found: str


class Rebuilt(Record):
    """One stage that was run again.

    Attributes:
        stage: its name.
        outputs: paths whose digests were compared with the recorded ones.
        differences: those that differ, none where all are equal.
        repeated: False where the stage did not run and its recorded outputs were taken.
        ended: False where it refused or failed, so that no later stage has its inputs.
        seconds: how long it ran.

    """

    stage: str
    outputs: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    repeated: bool = True
    ended: bool = True
    seconds: float = 0.0


@dataclass(frozen=True)
class Finding:
    """A result and where it came from, before time and place are known; fields as in Outcome."""

    result: Result
    stage: str | None = None
    difference: Difference | None = None
    step: int | None = None
    stages: tuple[Rebuilt, ...] = ()


class Outcome(Record):
    """What came of a rebuild.

    Attributes:
        model: its name.
        commit: whose code was run.
        result: ``bit_exact``, every output equal; ``equal_so_far``, the training's state equal up
            to ``step``; ``within_tolerance``, on another class of processor; or ``failed``.
        stage: where it failed; None elsewhere, and so are the next three.
        path: the first output that differs; of the training's state, the trace's.
        expected: its recorded digest, or the bound that was missed.
        found: its digest now, or the figure.
        step: of a quick rebuild, the last step up to which the state is equal; where it failed,
            the first that differs.
        stages: what was run, in order.
        processor: class of the processor here.
        recorded_processor: class on which the recorded bytes were made.
        seconds: how long all of it took.
        notes: sentences that a reader must know beside the result.

    """

    model: str
    commit: str
    result: Result
    stage: str | None = None
    path: str | None = None
    expected: str | None = None
    found: str | None = None
    step: int | None = None
    stages: tuple[Rebuilt, ...] = ()
    processor: str
    recorded_processor: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What ``assay verify`` ends with: 0 when the result is no failure, else 3."""
        return EXIT_CODES[self.result]

"""What was found where a classifier was held against what it must do.

Reads and writes nothing: whoever made the checks writes the record down.
"""

from __future__ import annotations

from collections import Counter

from assay.records import Record

KINDS = ("must_pass", "invariance", "transforms", "direction")


class Check(Record):
    """One requirement: what was asked, found and expected, each a short line; and whether held."""

    kind: str
    asked: str
    found: str
    expected: str
    passed: bool


class BehaviourReport(Record):
    """Every requirement of one model's file, in its order."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed; true where nothing is required."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return (passed, failed) of each of :data:`KINDS`."""
        found = Counter((check.kind, check.passed) for check in self.checks)
        return {kind: (found[kind, True], found[kind, False]) for kind in KINDS}

    @property
    def summary(self) -> str:
        """One line for the terminal: how many of each kind passed, or that nothing is required."""
        if not self.checks:
            return "nothing is required: there is no file of behaviour, or an empty one"
        return ", ".join(
            f"{kind} {passed} of {passed + failed}"
            for kind, (passed, failed) in self.counts().items()
            if passed + failed
        )

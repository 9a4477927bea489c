"""Every refusal that Assay makes, with the exit code that a program sees.

AssayError                      1  a fault of ours, or of the machine
├── StageFailed                 1  a stage ended without a message of its own
├── OutOfSpace                  1  the disk is full
├── StoreFailed                 1  MLflow can't be reached; never stops a stage
├── Deterministic               1  the same again would fail the same way: never retried
│   ├── Diverged                1  the training loss is no longer a number
│   └── ParityFailed            1  ONNX and torch answer differently
├── UsageError                  2  wrong words on the command line
│   ├── SettingsError           2  params.yaml says something impossible
│   ├── UnknownModel            2  no such model in params.yaml
│   ├── MissingFile             2  a path that leads nowhere
│   └── NoRelease               2  a model without a champion, or a version that there is none of
├── DataRefused                 3  the data was read, and is not fit to learn from
│   ├── SourceRefused           3  a source that cannot be read, or is not what it claims
│   ├── UnreadableImage         3  bytes that are no image, or none that Assay reads
│   ├── ExpectationsBroken      3  Great Expectations found what the suite forbids
│   ├── InputRefused            3  what a stage reads is not what an earlier stage wrote
│   ├── RecordRefused           3  a report that this version of Assay did not write
│   ├── BundleRefused           3  a bundle whose bytes are not those that were measured
│   ├── SignatureRefused        3  a release that no trusted key signed, or that was altered
│   └── LedgerRefused           3  a ledger of which a line was edited, dropped or moved
└── GateRefused                 4  a challenger that may not be promoted

Reads and writes nothing. Each error says what was found, what was expected, and what to do next.
"""

from __future__ import annotations

from typing import Any, ClassVar


class AssayError(Exception):
    """A refusal: what was found, what was expected, what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, found: str, *, expected: str = "", cure: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.cure = cure

    def __str__(self) -> str:
        """Return the refusal as it is shown, one line a part."""
        lines = [self.found]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.cure:
            lines.append(f"  next: {self.cure}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return the same answer for a program."""
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "found": self.found,
            "expected": self.expected,
            "next": self.cure,
        }


class StageFailed(AssayError):
    """A stage ended without leaving a message: killed, or a fault of ours."""


# What every message on a full disk offers.
OLD_VERSIONS = (
    "the flow prune removes old versions that no release needs, `dvc gc --workspace` all of them"
)


class OutOfSpace(AssayError):
    """The disk filled up while something was written."""


class StoreFailed(AssayError):
    """The tracking store cannot be reached, or refused what was sent."""


class Deterministic(AssayError):
    """A failure that the same settings, data and code bring about again."""


class Diverged(Deterministic):
    """The training loss is no longer a number."""


class ParityFailed(Deterministic):
    """ONNX and torch give different answers."""


class UsageError(AssayError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class SettingsError(UsageError):
    """``params.yaml`` holds an unknown key or an impossible value."""


class UnknownModel(UsageError):
    """No model of this name is in ``params.yaml``."""


class MissingFile(UsageError):
    """A path that leads nowhere."""


class NoRelease(UsageError):
    """A model that has no champion yet, or no release of that version."""


class DataRefused(AssayError):
    """The data was read, and is not fit to learn from."""

    exit_code = 3


class SourceRefused(DataRefused):
    """A source cannot be read, or is not what it claims to be."""


class UnreadableImage(DataRefused):
    """Bytes that are no image, or no whole one, or one that Assay does not read."""


class ExpectationsBroken(DataRefused):
    """The raw table breaks an expectation of its suite."""


class InputRefused(DataRefused):
    """What a stage reads, or what is to be registered, is not what a stage wrote."""


class RecordRefused(DataRefused):
    """A report is missing, or was not written by this version of Assay."""


class BundleRefused(DataRefused):
    """A bundle's bytes are not those that were measured."""


class SignatureRefused(DataRefused):
    """What no trusted key signed, or was altered since."""


class LedgerRefused(DataRefused):
    """A ledger of which a line was edited, dropped, moved or forged."""


class GateRefused(AssayError):
    """A challenger may not replace the champion."""

    exit_code = 4


def from_dict(answer: dict[str, Any]) -> AssayError:
    """Rebuild an error from :meth:`AssayError.as_dict`, as another process left it."""
    # Those of this module alone: what an error is must not depend on what was imported.
    kinds = {kind.__name__: kind for kind in _kinds(AssayError) if kind.__module__ == __name__}
    kind = kinds.get(str(answer.get("error")), AssayError)
    return kind(str(answer["found"]), expected=str(answer["expected"]), cure=str(answer["next"]))


def _kinds(root: type[AssayError]) -> list[type[AssayError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _kinds(child))]

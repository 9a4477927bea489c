"""ONNX and torch must agree: the same logits within rounding, the same class for every row.

Reads and writes nothing. A bundle that answers otherwise than the network that was trained never
leaves the export stage. Which shapes are tried is the task's decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.errors import ParityFailed

if TYPE_CHECKING:
    import numpy as np

TOLERANCE = 1e-4
CURE = "report this with the versions that `assay doctor` prints; nothing was exported"


def require_near(largest: float) -> float:
    """Return the largest difference of a logit, which must be at most 1e-4.

    Raises:
        ParityFailed: it is more.

    """
    if not largest <= TOLERANCE:
        raise ParityFailed(
            f"ONNX differs from torch by {largest:.2g} in a logit",
            expected=f"at most {TOLERANCE}",
            cure=CURE,
        )
    return largest


def same_answers(expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any]) -> int:
    """Return the number of rows whose top class is the same in both logits, which must be all.

    Raises:
        ParityFailed: a row differs.

    """
    differing = int((expected.argmax(axis=1) != found.argmax(axis=1)).sum())
    if differing:
        raise ParityFailed(
            f"{differing} of {len(found)} validation rows get another class from ONNX than from "
            "torch",
            expected="none",
            cure=CURE,
        )
    return len(found)

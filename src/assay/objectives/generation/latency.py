"""The rule on how long a generator takes for one token or image: a warning only.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.settings.release import Gate


def latency(seconds: Sequence[float], gate: Gate, what: str) -> Rule:
    """Hold the 95th percentile of single ones, one or more, against the bound."""
    slow = 1000 * float(np.quantile(seconds, 0.95))
    return Rule(
        name="latency",
        title=f"latency of {what}",
        passed=slow <= gate.max_latency_ms,
        found=f"95th percentile {slow:.1f} ms at batch size 1",
        required=f"at most {gate.max_latency_ms:g} ms (a warning: timings vary)",
        figures={"p95_ms": round(slow, 3)},
        warning=True,
    )

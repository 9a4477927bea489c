"""A bundle by itself: how long single answers take, and whether it does what it must.

Reads what the model must do (``expectations/<model>.behaviour.yaml``). Writes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.classification import behaviour
from assay.settings.behaviour import read as read_behaviour
from assay.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.settings.release import Gate

# Rows that the 95th percentile of the latency is measured on.
TIMED = 200
SHOWN = 3  # checks that failed


def latency(bundle: Classifier, inputs: Sequence[Any], gate: Gate) -> Rule:
    """Time single answers, encoding included; the first ones, which load what is needed, not."""
    places = np.linspace(0, len(inputs) - 1, min(TIMED, len(inputs))).astype(int)
    for place in places[:5]:
        bundle.predict([inputs[place]])
    taken = []
    for place in places:
        begin = time.perf_counter()
        bundle.predict([inputs[place]])
        taken.append(1000 * (time.perf_counter() - begin))
    slow = float(np.quantile(taken, 0.95))
    return Rule(
        name="latency",
        title="latency",
        passed=slow <= gate.max_latency_ms,
        found=f"95th percentile {slow:.1f} ms at batch size 1",
        required=f"at most {gate.max_latency_ms:g} ms (a warning: timings vary)",
        figures={"p95_ms": round(slow, 3), "median_ms": round(float(np.median(taken)), 3)},
        warning=True,
    )


def behaves(
    file: Path,
    bundle: Classifier,
    inputs: Sequence[Any],
    transforms: Mapping[str, Callable[[Any], Any]],
) -> Rule:
    """Make every check of a file of behaviour; ``inputs`` are those of the test split.

    Raises:
        SettingsError: the file is wrong, or names what the model does not have.

    """

    def ask(contents: Sequence[Any]) -> Any:
        return bundle.predict(contents).probabilities

    wanted = read_behaviour(file)
    done = behaviour.check(wanted, ask, bundle.labels, inputs, transforms, source=file.as_posix())
    failed = [f"{one.asked}: {one.found}, not {one.expected}" for one in done.failures]
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return Rule(
        name="behaviour",
        title="behaviour",
        passed=done.passed,
        found="; ".join([done.summary, *failed[:SHOWN]]) + more,
        required=f"every check of {file}",
        figures={"checks": float(len(done.checks)), "failed": float(len(failed))},
    )

"""One stage with a stopwatch around it: ``python -m bench.stopwatch train slice``.

Stands for ``python -m assay.stages`` in a throw-away project's ``dvc.yaml``, so that the seconds
of the work and of everything around it come from one and the same run. Writes
``.assay/bench/<stage>.json``; changes nothing but the clock around one function a stage.
"""

from __future__ import annotations

import functools
import importlib
import sys
import time
from typing import TYPE_CHECKING, Any

from assay.files import write_json
from assay.paths import SCRATCH
from assay.stages import __main__ as stages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The work that a person would do without a pipeline, by stage: module, class if any, function.
WORK = {
    "train": ("assay.learning.loop", "Training", "run"),
    "export": ("assay.gateways.onnx", None, "quantize_dynamic"),
    "evaluate": ("assay.bundle.classifier", "Classifier", "predict"),
}


def kept(stage: str) -> Path:
    """Return where a stage's seconds are, relative to the project."""
    return SCRATCH / "bench" / f"{stage}.json"


class Stopwatch:
    """Sums the seconds that are spent inside a function."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function``, timed."""

        @functools.wraps(function)
        def timed(*words: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*words, **named)
            finally:
                self.seconds += time.perf_counter() - started

        return timed


def main(stage: str, model: str) -> int:
    """Run the stage; keep ``{"stage": seconds, "work": seconds}``."""
    started = time.perf_counter()
    watch = Stopwatch()
    if stage in WORK:
        module, kind, function = WORK[stage]
        owner: Any = importlib.import_module(module)
        owner = getattr(owner, kind) if kind else owner
        setattr(owner, function, watch.around(getattr(owner, function)))
    code = stages.main(stage, model)
    whole = time.perf_counter() - started
    write_json(kept(stage), {"stage": whole, "work": watch.seconds})
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

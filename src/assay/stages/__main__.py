"""One stage as a process: ``python -m assay.stages train opinions``, as ``dvc.yaml`` calls it.

Reads ``dvc.lock``, which knows what earlier stages wrote. Writes a refusal where the process that
started DVC finds it, so that a failed expectation is not "exit code 255". Never outlives the
process that started it: a killed run leaves no writer behind.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys

from assay import environment
from assay.errors import AssayError, InputRefused
from assay.files import write_json
from assay.gateways import versioning
from assay.parent import die_with_parent
from assay.paths import ModelPaths, require_project
from assay.tasks import registry
from assay.visible import show_fault, visible


def main(stage: str, model: str) -> int:
    """Run one stage of one model; return the exit code."""
    _die_with_parent()
    environment.prepare()
    environment.collect_garbage_rarely()
    sys.excepthook = show_fault
    files = ModelPaths(model)
    refusal = files.refusal(stage)
    refusal.unlink(missing_ok=True)
    try:
        require_project()
        settings = registry.load_model(model)
        _require_sound_inputs(stage, model)
        importlib.import_module(f"assay.stages.{stage}").run(settings, files)
    except AssayError as problem:
        sys.stderr.write(visible(f"\n{stage} of {model}: {problem}\n"))
        # On a disk without room for it, the words above must do.
        with contextlib.suppress(AssayError, OSError):
            write_json(refusal, problem.as_dict())
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _require_sound_inputs(stage: str, model: str) -> None:
    """Hold what earlier stages wrote against ``dvc.lock``, by content.

    ``assay run`` has seen to it by now; a ``dvc repro`` that is typed by hand trusts sizes and time
    stamps.

    Raises:
        InputRefused: names what differs.

    """
    if findings := versioning.verify_inputs(stage, model):
        raise InputRefused(
            f"what {stage} reads is not what an earlier stage wrote: {', '.join(findings)}",
            expected="the bytes that dvc.lock records",
            cure=f"assay run {model} restores them or makes them again",
        )


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies (``kill -9`` of dvc leaves no orphan)."""
    die_with_parent()
    if sys.platform != "linux":
        return
    if os.getppid() == 1 and os.environ.get("ASSAY_PARENT") not in (None, "1"):
        sys.exit("the process that started this stage is gone")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
